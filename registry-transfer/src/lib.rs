//! Images from one place to another: another registry, an OCI layout, a distribution storage directory.
//!
//! What is moved is chosen by [`Selection`]; where it comes from and goes to is a [`Location`]. A place
//! that images come from is a [`Source`], one that they go to a [`Target`], and a [`Transfer`] moves
//! them. A tool that pulls and pushes image by image was the alternative; it would send a layer once for
//! each repository that has it, and begin anew where it was interrupted.

mod distribution;
mod error;
mod files;
mod glob;
mod inventory;
mod layout;
mod local;
mod location;
mod remote;
mod selection;
mod source;
mod tar;
mod target;
#[cfg(test)]
mod testing;
mod transfer;
mod writing;

pub use distribution::{DistributionSource, DistributionTarget};
pub use error::{Error, Result};
pub use glob::{Glob, ParseGlobError};
pub use layout::{ArchiveTarget, LayoutSource, LayoutTarget};
pub use local::LocalRegistry;
pub use location::{Location, ParseLocationError};
pub use remote::RemoteRegistry;
pub use selection::Selection;
pub use source::{ImageBlob, ImageManifest, Source};
pub use target::{Target, Way};
pub use transfer::{Event, Summary, Transfer};
