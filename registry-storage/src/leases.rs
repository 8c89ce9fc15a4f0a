//! Leases of a backend that one process has to itself: they end with it.

use std::{collections::BTreeMap, time::Duration};

use registry_core::{Timestamp, backend::Lease};

/// Who has which work, and until when; nobody where the holder is empty.
#[derive(Debug, Default)]
pub(crate) struct LeaseTable(BTreeMap<String, (String, Timestamp)>);

impl LeaseTable {
    pub(crate) fn take(&mut self, lease: Lease<'_>, now: Timestamp, time: Duration) -> bool {
        let held = self.0.get(lease.work);
        let free = held.is_none_or(|(holder, until)| holder == lease.holder || *until <= now);
        if free {
            self.set(lease.work, lease.holder, now.plus(time));
        }
        free
    }

    pub(crate) fn end(&mut self, lease: Lease<'_>, now: Timestamp, pause: Duration) {
        let held = self.0.get(lease.work);
        if held.is_some_and(|(holder, _)| holder == lease.holder) {
            self.set(lease.work, "", now.plus(pause));
        }
    }

    fn set(&mut self, work: &str, holder: &str, until: Timestamp) {
        self.0.insert(work.to_owned(), (holder.to_owned(), until));
    }
}
