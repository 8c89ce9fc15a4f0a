//! The commands of metadata.

mod action;
mod client;
mod run;
mod stage;
mod world;

use std::future::Future;

use self::run::Run;
use super::{CASES, check};
use crate::contract::{drive, metadata::MetadataHarness};

/// How long a run is, at most.
const STEPS: usize = 60;

/// Holds a backend to the model, in as many runs as `REGISTRY_CONTRACT_CASES` says, drawn from
/// `REGISTRY_CONTRACT_SEED`. Each run has a fresh backend.
///
/// # Panics
/// When the backend has said what cannot be. The shortest run found that shows it is told, with the
/// seed.
pub fn metadata<H, F>(fresh: impl Fn() -> F)
where
    H: MetadataHarness,
    F: Future<Output = H>,
{
    check(CASES, action::steps(STEPS), |steps| {
        drive::run(async {
            let harness = fresh().await;
            Run::new(&harness).all(steps).await
        })
    });
}
