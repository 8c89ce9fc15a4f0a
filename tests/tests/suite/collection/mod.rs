//! The collection protocol, in every interleaving of small scenarios.
//!
//! `--nocapture` shows how many states each has, and for each mutation the shortest way to harm.

mod mutations;
mod protocol;
mod scenarios;

use registry_tests::explorer::{Exploration, Mutation, Scenario};

/// Explores a scenario and tells what came of it.
#[expect(
    clippy::print_stdout,
    reason = "the states and the trace are for whoever runs the test, and captured otherwise"
)]
fn explore(scenario: &Scenario, mutations: &[Mutation]) -> Exploration {
    let exploration = scenario.explore(mutations);
    println!("{mutations:?}: {exploration}");
    exploration
}
