//! Bounds on what operations cost, for where each change is tested.
//!
//! A bound is a multiple of what a bare hyper service costs in the same run, about twice what was measured
//! (`benches/RESULTS.md`): a noisy machine stays below it, and a request that begins to do its work twice
//! does not. A second server, the release before, may not be much cheaper than the first.

use std::time::Duration;

use crate::compare::{self, Plan};
use crate::failure::{Failure, Result};
use crate::fixture::Scale;
use crate::results::{Outcome, ScenarioResult};
use crate::round::Load;
use crate::scenario::Entry;
use crate::server::Server;

/// Scenarios by name, and how much they may cost in the cost of bare hyper.
const BOUNDS: [(&str, f64); 9] = [
    ("ping", 2.2),
    ("manifest-by-tag", 2.8),
    ("head-blob", 2.8),
    ("small-blob", 2.8),
    ("tag-page", 10.0),
    ("catalog-page", 12.0),
    ("referrers", 15.0),
    ("move-tag", 15.0),
    ("mount", 18.0),
];

/// How much more something may cost than in the release before. Beside another server, listings of one and
/// the same program were seen to cost up to 1.7 times as much in one run as in the next.
const DEARER: f64 = 2.0;

const TIME: Duration = Duration::from_secs(1);
const ROUNDS: usize = 3;

/// Measures a server beside bare hyper and beside the release before, where there is one, and fails where
/// something costs more than it may.
pub(crate) async fn run(servers: Vec<Server>) -> Result<()> {
    let scenarios = compare::run(servers, &plan()?).await?;
    let sentences = scenarios
        .iter()
        .flat_map(|result| exceeded(result).into_iter().chain(dearer(result)));
    let exceeded: Vec<_> = sentences.collect();
    match exceeded.as_slice() {
        [] => Ok(()),
        sentences => Err(Failure::new(sentences.join("; "))),
    }
}

fn plan() -> Result<Plan> {
    let entries = BOUNDS.iter().map(|(name, _)| Entry::named(name));
    let scenarios = entries.collect::<Result<_, _>>().map_err(Failure::new)?;
    Ok(Plan {
        load: Load {
            scenarios,
            connections: 16,
            time: TIME,
            warm_up: TIME / 5,
            rate: None,
            scale: Scale {
                large: 1 << 20,
                tags: 2000,
                repositories: 200,
                referrers: 200,
                deletes: 0,
                lanes: 16,
            },
        },
        rounds: ROUNDS,
        beside_hyper: true,
        transfers: None,
        json: None,
    })
}

/// What is to be said of a scenario that costs more than it may, or was not measured.
fn exceeded(result: &ScenarioResult) -> Option<String> {
    let (_, bound) = BOUNDS.iter().find(|(name, _)| *name == result.name)?;
    let title = &result.title;
    let cost = result.outcomes.first().and_then(|outcome| match outcome {
        Outcome::Measured(measured) => measured.cost_by_hyper,
        Outcome::Missing(_) => None,
    });
    match cost {
        Some(cost) if cost <= *bound => None,
        Some(cost) => Some(format!(
            "{title} costs {cost:.2} times what bare hyper costs, and may cost {bound}"
        )),
        None => Some(format!("{title} was not measured")),
    }
}

/// What is to be said of a scenario that costs much more than in the release before.
fn dearer(result: &ScenarioResult) -> Option<String> {
    let Some(Outcome::Measured(before)) = result.outcomes.get(1) else {
        return None;
    };
    let dearer = before.cost_by_first?.recip();
    let title = &result.title;
    (dearer > DEARER).then(|| {
        format!(
            "{title} costs {dearer:.2} times what it did in the release before, and may cost {DEARER}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Measured;
    use crate::sample::Sample;
    use crate::scenario::LIMIT;

    fn ping(cost_by_hyper: Option<f64>) -> ScenarioResult {
        let measured = Measured {
            cost_by_hyper,
            ..Measured::of(&Sample::default(), LIMIT.unit)
        };
        ScenarioResult::of(LIMIT, vec![Outcome::Measured(Box::new(measured))])
    }

    #[test]
    fn what_costs_more_than_it_may_is_named() {
        assert_eq!(exceeded(&ping(Some(1.2))), None);
        let named = exceeded(&ping(Some(2.3))).unwrap();
        assert!(named.starts_with("GET /v2/ costs 2.30 times"), "{named}");
        assert!(exceeded(&ping(None)).is_some());
    }

    #[test]
    fn what_costs_much_more_than_before_is_named() {
        let now_and_before = |cost_by_first| {
            let before = Measured {
                cost_by_first: Some(cost_by_first),
                ..Measured::of(&Sample::default(), LIMIT.unit)
            };
            let mut result = ping(Some(1.2));
            result.outcomes.push(Outcome::Measured(Box::new(before)));
            dearer(&result)
        };
        assert_eq!(now_and_before(0.7), None);
        let named = now_and_before(0.4).unwrap();
        assert!(named.starts_with("GET /v2/ costs 2.50 times"), "{named}");
        assert_eq!(dearer(&ping(Some(1.2))), None);
    }

    #[test]
    fn each_bound_is_that_of_a_scenario() {
        assert_eq!(plan().unwrap().load.scenarios.len(), BOUNDS.len());
    }
}
