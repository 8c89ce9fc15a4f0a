//! Images from one place to another: another registry, an OCI layout, a distribution storage directory.
//!
//! What is moved is chosen by [`Selection`]; where it comes from and goes to is a [`Location`].

mod glob;
mod location;
mod selection;
#[cfg(test)]
mod testing;

pub use glob::{Glob, ParseGlobError};
pub use location::{Location, ParseLocationError};
pub use selection::Selection;
