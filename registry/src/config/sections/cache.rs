//! A cache of the bucket on this server's disk.

use std::path::PathBuf;

use crate::config::{Bytes, declaration::section};

section! {
    /// A cache on this server's disk of large blobs in the bucket: what is pulled often is read from the bucket once.
    /// Each server has its own. What is in it can be deleted at any time while no server has it.
    Cache = "cache" {
        /// The directory to keep it in; it is made if it is not there. Without it nothing is cached.
        path: Option<PathBuf> = None;

        /// It takes so much of the disk at most. A blob of more than a quarter of that is not kept.
        size: Bytes = Bytes(10 << 30);
    }
}
