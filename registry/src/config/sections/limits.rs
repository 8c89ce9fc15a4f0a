//! What a client may send.

use registry_core::ManifestLimits;

use crate::config::{
    Bytes,
    declaration::{Flag, section},
};

section! {
    /// What a client may send. What is more is refused, each with an error of its own.
    Limits = "limits" {
        /// The largest manifest to take.
        manifest_bytes: Bytes = ManifestLimits::default().max_bytes.into(),
            Flag::value("max-manifest-bytes", "BYTES");
    }
}
