//! Uploads that are under way.

use std::time::Duration;

use registry_core::Settings;

use crate::config::{Bytes, declaration::section};

section! {
    /// Uploads that are under way.
    Uploads = "uploads" {
        /// An upload that nobody writes to ends after so long.
        expiry: Duration = Settings::default().upload_expiry;

        /// What has arrived is made durable about every so many bytes; an upload whose connection breaks goes on from
        /// there at the latest.
        checkpoint_every: Bytes = Bytes(Settings::default().checkpoint_every);
    }
}
