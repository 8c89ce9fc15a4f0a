//! Requests to two engines over one store.

mod action;
mod caller;
mod known;
mod run;
mod stage;
mod tasks;

use std::future::Future;

use self::run::Run;
use super::{CASES, check};
use crate::contract::{blob_store::BlobStoreHarness, drive, metadata::MetadataHarness};

/// How long a run is, at most.
const STEPS: usize = 40;

/// Holds two engines over the same backends to what their callers rely on, in as many runs as
/// `REGISTRY_CONTRACT_CASES` says, drawn from `REGISTRY_CONTRACT_SEED`. Each run has fresh backends.
///
/// Requests meet with faults of the backends, lose their clients at any poll, and run beside the
/// collector. What was acknowledged must be there as long as its answer holds or something keeps it,
/// byte for byte; what was not must not be; and in the end nothing may be left that nothing names.
///
/// # Panics
/// When a promise was broken. The shortest run found that shows it is told, with the seed.
pub fn engine<B, M, F>(fresh: impl Fn() -> F)
where
    B: BlobStoreHarness,
    M: MetadataHarness,
    F: Future<Output = (B, M)>,
{
    engine_runs(CASES, fresh);
}

/// The same in so many runs, where the variable does not say how many: for backends that take their time.
///
/// # Panics
/// As [`engine`].
pub fn engine_runs<B, M, F>(runs: u64, fresh: impl Fn() -> F)
where
    B: BlobStoreHarness,
    M: MetadataHarness,
    F: Future<Output = (B, M)>,
{
    check(runs, action::steps(STEPS), |steps| {
        drive::run(async {
            let (blobs, metadata) = fresh().await;
            Run::new(&blobs, &metadata).await.all(steps).await
        })
    });
}
