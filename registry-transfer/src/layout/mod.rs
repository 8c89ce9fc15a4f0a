//! An OCI layout: a directory, or a tar of one, that holds images.
//!
//! ```text
//! DIR/oci-layout              the version
//! DIR/index.json              the images, each with its name
//! DIR/blobs/sha256/abcd...    manifests and blobs
//! ```
//!
//! A layout of many repositories names each image `team/app:v1` in `org.opencontainers.image.ref.name`,
//! and one without a tag `team/app@sha256:...`, which the grammar of that annotation allows. A layout for
//! each repository was the alternative; layers that images share would then be there several times.

mod archive;
mod entries;
mod index;
mod members;
mod name;
mod source;
mod target;

pub use self::{archive::ArchiveTarget, source::LayoutSource, target::LayoutTarget};
