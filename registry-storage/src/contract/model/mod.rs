//! Random commands of two clients, against a plain model.
//!
//! The clauses hold a backend to what somebody thought of. Here commands are drawn at random, some
//! of them fail or lose their answers, and all that the backend says is compared with what it may say
//! after all that it has said before. A failing run is made as short as can be before it is shown.

mod action;
mod client;
mod run;
mod stage;
mod world;

use std::{env, future::Future};

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use self::run::Run;
use super::{drive, metadata::MetadataHarness};

/// How many runs there are, where the variable says nothing.
const CASES: u32 = 256;

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
    let cases = variable("REGISTRY_CONTRACT_CASES").unwrap_or(u64::from(CASES));
    let seed = variable("REGISTRY_CONTRACT_SEED").unwrap_or_default();
    let config = Config {
        cases: u32::try_from(cases).unwrap_or(u32::MAX),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&action::steps(STEPS), |steps| {
        let done = drive::run(async {
            let harness = fresh().await;
            Run::new(&harness).all(&steps).await
        });
        done.map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, steps)) => {
            panic!("REGISTRY_CONTRACT_SEED={seed}: {reason}, in {steps:#?}")
        }
        Err(TestError::Abort(reason)) => panic!("REGISTRY_CONTRACT_SEED={seed}: {reason}"),
    }
}

fn variable(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}
