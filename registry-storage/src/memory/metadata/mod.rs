//! Metadata in memory.
//!
//! One lock guards plain maps, and a command is a function that holds it from its first condition to
//! its last change: so it is one transaction, and what it answers was true at one moment. Locks per
//! repository were the alternative. They would let pushes to different repositories run side by side,
//! but a command takes about a microsecond here, and mounts, deduplication and collection, which cross
//! repositories, would each need an order of locking.

mod access;
mod changes;
mod collection;
mod content;
mod inspection;
mod key;
mod leases;
mod names;
mod objects;
mod repositories;
mod rows;
mod state;
mod uploads;

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use registry_core::{
    Clock,
    backend::{Checked, Identity, Metadata, MetadataError, MetadataErrorKind, Scope},
};

use self::state::State;

/// [`Metadata`] in memory.
///
/// ```
/// use std::sync::Arc;
///
/// use registry_core::{SystemClock, backend::Metadata};
/// use registry_storage::memory::MemoryMetadata;
///
/// let metadata: Arc<dyn Metadata> = Arc::new(MemoryMetadata::new(Arc::new(SystemClock)));
/// ```
pub struct MemoryMetadata {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl MemoryMetadata {
    /// Nothing yet, and its time.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// Runs a command.
    fn run<T>(&self, command: impl FnOnce(&mut State) -> T) -> Result<T, MetadataError> {
        let mut state = self.state.lock().map_err(|_| poisoned())?;
        state.advance(self.clock.now());
        Ok(command(&mut state))
    }

    /// Runs a command if the facts are those of its scope.
    fn run_in<T>(
        &self,
        scope: Scope<'_>,
        command: impl FnOnce(&mut State) -> T,
    ) -> Result<Checked<T>, MetadataError> {
        self.run(|state| match state.is_current(scope) {
            true => Checked::Current(command(state)),
            false => Checked::Stale,
        })
    }
}

impl fmt::Debug for MemoryMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryMetadata").finish_non_exhaustive()
    }
}

#[async_trait]
impl Metadata for MemoryMetadata {
    async fn identity(&self, proposed: Identity) -> Result<Identity, MetadataError> {
        self.run(|state| state.identity.get_or_insert(proposed).clone())
    }
}

/// Refusing for ever is the honest answer: the state may be half of what a command would have made it.
fn poisoned() -> MetadataError {
    let message = "a panic left the metadata in memory half changed";
    MetadataError::new(MetadataErrorKind::Unavailable, message)
}
