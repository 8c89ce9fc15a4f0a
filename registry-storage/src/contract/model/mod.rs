//! Random commands of two clients, against a plain model.
//!
//! The clauses hold a backend to what somebody thought of. Here commands are drawn at random, some
//! of them fail or lose their answers, and all that is said is compared with what may be said after
//! all that was said before. A failing run is made as short as can be before it is shown.
//!
//! There are two: one of the metadata's own commands, which foretells every answer, and one of
//! requests to two engines over one store, which holds them to what their callers rely on.

mod engine;
mod metadata;

use std::{env, fmt::Debug};

use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner},
};

pub use engine::{engine, engine_runs};
pub use metadata::metadata;

/// How many runs there are, where the variable says nothing.
const CASES: u64 = 256;

/// Does as many runs as `REGISTRY_CONTRACT_CASES` says, or else so many, of steps drawn from
/// `REGISTRY_CONTRACT_SEED`, and panics with the shortest one that fails.
fn check<S: Debug>(
    runs: u64,
    steps: impl Strategy<Value = Vec<S>>,
    run: impl Fn(&[S]) -> Result<(), String>,
) {
    let cases = variable("REGISTRY_CONTRACT_CASES").unwrap_or(runs);
    let seed = variable("REGISTRY_CONTRACT_SEED").unwrap_or_default();
    let config = Config {
        cases: u32::try_from(cases).unwrap_or(u32::MAX),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&steps, |steps| {
        let done = run(&steps);
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
