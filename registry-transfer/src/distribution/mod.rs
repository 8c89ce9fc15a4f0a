//! The storage directory of the distribution registry.
//!
//! ```text
//! DIR/docker/registry/v2/blobs/sha256/ab/abcd.../data                    the bytes of manifests and blobs
//! DIR/docker/registry/v2/repositories/NAME/
//!     _layers/sha256/abcd.../link                                        that it has a blob
//!     _manifests/revisions/sha256/abcd.../link                           that it has a manifest
//!     _manifests/tags/TAG/current/link                                   where a tag points
//!     _manifests/tags/TAG/index/sha256/abcd.../link                      where it has pointed
//! ```
//!
//! A link is a file that holds a digest. The directory is read and written while nobody else writes to
//! it: stop the other server, or let it refuse pushes. Speaking to that server over the protocol was the
//! alternative; it needs no directory, but tells nothing of manifests without a tag, and every byte goes
//! through it.

mod source;
mod storage;
mod target;

pub use self::{source::DistributionSource, target::DistributionTarget};
