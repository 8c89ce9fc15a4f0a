//! A registry and where it lies: what jobs work on.

use registry_core::Registry;
use registry_storage::directory::Directory;

/// What a job works on, the same in a server and without one.
#[derive(Clone)]
pub(crate) struct Place {
    /// The engine.
    pub(crate) registry: Registry,
    /// Its data directory.
    pub(crate) directory: Directory,
}
