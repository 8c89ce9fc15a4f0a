//! Open connections, counted.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{Exposition, Gather};

/// Counts a server's connections. Hand it to [`Server::connections`](crate::Server::connections), and
/// gather from it; several servers may share one.
#[derive(Debug, Default)]
pub struct Connections {
    accepted: AtomicU64,
    ended: AtomicU64,
}

/// A connection, until dropped.
pub(crate) struct Counted(Arc<Connections>);

impl Connections {
    pub(crate) fn accept(self: &Arc<Self>) -> Counted {
        self.accepted.fetch_add(1, Relaxed);
        Counted(Arc::clone(self))
    }

    /// How many are open now.
    pub(crate) fn open(&self) -> u64 {
        let ended = self.ended.load(Relaxed);
        self.accepted.load(Relaxed).saturating_sub(ended)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Relaxed);
    }
}

impl Gather for Connections {
    fn gather(&self, page: &mut Exposition) {
        let help = "Connections accepted.";
        let mut family = page.counter("registry_connections_total", help);
        family.count(&[], self.accepted.load(Relaxed));
        let help = "Connections open now.";
        let mut family = page.gauge("registry_connections_open", help);
        family.count(&[], self.open());
    }
}
