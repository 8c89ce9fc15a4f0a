//! The cache before the bucket, in figures.

use std::sync::Arc;

use registry_server::{Exposition, Gather};
use registry_storage::cache::Cached;

/// The cache.
pub(super) struct Cache(pub(super) Arc<Cached>);

impl Gather for Cache {
    fn gather(&self, page: &mut Exposition) {
        let figures = self.0.figures();
        let help = "Reads of large blobs: from the cache, from what another read was fetching, fetched, or passed on.";
        page.counter("registry_cache_reads_total", help)
            .count(&[("outcome", "hit")], figures.hits)
            .count(&[("outcome", "followed")], figures.followed)
            .count(&[("outcome", "miss")], figures.misses)
            .count(&[("outcome", "passed")], figures.passed);
        for (name, help, count) in [
            (
                "registry_cache_served_bytes_total",
                "Bytes that readers had from the cache's disk.",
                figures.served_bytes,
            ),
            (
                "registry_cache_fetched_bytes_total",
                "Bytes that were fetched into the cache.",
                figures.fetched_bytes,
            ),
            (
                "registry_cache_evictions_total",
                "Blobs that left the cache because others needed the room.",
                figures.evictions,
            ),
            (
                "registry_cache_damaged_total",
                "Blobs whose copies were found damaged or missing; they were read from the bucket.",
                figures.damaged,
            ),
            (
                "registry_cache_failures_total",
                "Blobs that could not be kept: the disk failed, or the bucket's bytes were wrong.",
                figures.failures,
            ),
        ] {
            page.counter(name, help).count(&[], count);
        }
        for (name, help, count) in [
            ("registry_cache_blobs", "Blobs in the cache.", figures.blobs),
            ("registry_cache_bytes", "Bytes of the cache.", figures.bytes),
            (
                "registry_cache_size_bytes",
                "Bytes that the cache has room for.",
                figures.room,
            ),
        ] {
            page.gauge(name, help).count(&[], count);
        }
    }
}
