//! What collection has done.

use std::sync::{Mutex, MutexGuard, PoisonError};

use registry_core::{CollectReport, Timestamp};

use super::{Exposition, Gather};

/// Rounds of collection, added up. Whoever runs them tells how each ended.
#[derive(Debug, Default)]
pub struct Collections(Mutex<Sums>);

#[derive(Debug, Default)]
struct Sums {
    done: u64,
    failed: u64,
    expired: u64,
    condemned: [u64; 3],
    removed: [u64; 3],
    bytes: u64,
    deleted: u64,
    orphans: u64,
    doomed: u64,
    stopped: bool,
    last: Option<Timestamp>,
}

/// Kinds of rows, in the order of the arrays.
const ROWS: [&str; 3] = ["blob", "manifest", "content"];

impl Collections {
    /// A round ended at that time.
    pub fn done(&self, report: &CollectReport, at: Timestamp) {
        let (condemned, removed) = (&report.condemned, &report.removed);
        let mut sums = self.lock();
        sums.done += 1;
        sums.last = Some(at);
        sums.expired += report.expired_uploads;
        let rows = [condemned.blobs, condemned.manifests, condemned.contents];
        add(&mut sums.condemned, rows);
        let rows = [removed.blobs, removed.manifests, removed.contents];
        add(&mut sums.removed, rows);
        sums.bytes += removed.bytes;
        sums.deleted += report.objects_deleted;
        sums.doomed += report.orphans_doomed;
        // Those of one round: the next one finds the same again.
        sums.orphans = report.orphans_found;
        sums.stopped = report.stopped.is_some();
    }

    /// A round broke off.
    pub fn failed(&self) {
        self.lock().failed += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(sums: &mut [u64; 3], rows: [u64; 3]) {
    for (sum, count) in sums.iter_mut().zip(rows) {
        *sum += count;
    }
}

impl Gather for Collections {
    fn gather(&self, page: &mut Exposition) {
        let sums = self.lock();
        page.counter("registry_collections_total", "Rounds of collection.")
            .count(&[("outcome", "done")], sums.done)
            .count(&[("outcome", "failed")], sums.failed);
        let help = "Rows that nothing kept any more, by what they were.";
        let mut family = page.counter("registry_collection_condemned_total", help);
        for (row, count) in ROWS.iter().zip(sums.condemned) {
            family.count(&[("row", row)], count);
        }
        let help = "Rows removed, by what they were.";
        let mut family = page.counter("registry_collection_removed_total", help);
        for (row, count) in ROWS.iter().zip(sums.removed) {
            family.count(&[("row", row)], count);
        }
        for (name, help, count) in [
            (
                "registry_collection_removed_bytes_total",
                "Bytes of the contents removed.",
                sums.bytes,
            ),
            (
                "registry_collection_expired_uploads_total",
                "Upload sessions ended because nobody wrote to them.",
                sums.expired,
            ),
            (
                "registry_collection_deleted_objects_total",
                "Objects deleted from the store.",
                sums.deleted,
            ),
            (
                "registry_collection_doomed_orphans_total",
                "Objects that nothing named for the grace period, given up.",
                sums.doomed,
            ),
        ] {
            page.counter(name, help).count(&[], count);
        }
        sums.gauges(page);
    }
}

impl Sums {
    fn gauges(&self, page: &mut Exposition) {
        let help = "Objects of the store that nothing named, as the last round found.";
        let mut family = page.gauge("registry_collection_orphans", help);
        family.count(&[], self.orphans);
        let help = "1 where the last round left orphans alone because there were too many.";
        let mut family = page.gauge("registry_collection_stopped", help);
        family.count(&[], u64::from(self.stopped));
        if let Some(last) = self.last {
            let help = "When a round was last done, in seconds since 1970.";
            let mut family = page.gauge("registry_collection_last_done_seconds", help);
            family.value(&[], last.as_millis() as f64 / 1e3);
        }
    }
}
