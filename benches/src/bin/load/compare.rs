//! Servers in turns within one run: what else the machine does meets all of them alike.

use std::path::PathBuf;
use std::rc::Rc;

use crate::failure::{Failure, Kind, Result};
use crate::fixture::Fixture;
use crate::machine::{Machine, now};
use crate::process::Memory;
use crate::results::{
    Measured, MemoryResult, Outcome, Results, ScenarioResult, ServerResult, Settings,
};
use crate::round::Load;
use crate::sample::{Sample, median};
use crate::scenario::{Entry, LIMIT, Scenario, Unit};
use crate::server::Server;
use crate::table::Table;
use crate::transfers;

/// What is done besides measuring each scenario.
pub(crate) struct Plan {
    pub(crate) load: Load,
    pub(crate) rounds: usize,
    /// Whether a bare hyper service takes its turns, too.
    pub(crate) beside_hyper: bool,
    /// Transfers at once of which the memory is looked at.
    pub(crate) transfers: Option<usize>,
    pub(crate) json: Option<PathBuf>,
}

/// A server, what it holds, and its memory before.
pub(crate) struct Contestant {
    pub(crate) server: Server,
    pub(crate) fixture: Rc<Fixture>,
    idle: Option<Memory>,
}

/// Measures A B A B for each scenario and prints the table. A ratio is the median of the rounds'.
pub(crate) async fn run(servers: Vec<Server>, plan: &Plan) -> Result<Vec<ScenarioResult>> {
    let limit = match plan.beside_hyper {
        true => Some(Contestant::new(Server::start_hyper()?, &plan.load)?),
        false => None,
    };
    let contestants = servers.into_iter();
    let contestants = contestants.map(|server| Contestant::new(server, &plan.load));
    let contestants: Vec<_> = contestants.collect::<Result<_>>()?;
    let table = Table::begin(contestants.iter().map(|one| &one.server), &plan.load);
    let mut turns = Turns::begin(limit, plan).await?;
    let mut scenarios = Vec::new();
    for entry in &plan.load.scenarios {
        let result = turns.scenario(&contestants, entry).await;
        table.scenario(&result);
        scenarios.push(result);
    }
    if let Some(limit) = turns.limit_result() {
        table.limit(&limit);
        scenarios.push(limit);
    }
    let mut servers = Vec::new();
    for contestant in &contestants {
        let result = contestant.result(plan).await?;
        table.server(&result);
        servers.push(result);
    }
    let results = Results {
        date: now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: Machine::here(),
        settings: Settings::of(&plan.load, plan.rounds),
        servers,
        scenarios,
    };
    plan.json
        .as_ref()
        .map_or(Ok(()), |file| results.write(file))?;
    turns.verdict()?;
    Ok(results.scenarios)
}

impl Contestant {
    pub(crate) fn new(server: Server, load: &Load) -> Result<Self> {
        Ok(Self {
            idle: server.memory()?,
            fixture: Rc::new(Fixture::new(&server.target, &server.place, &load.scale)?),
            server,
        })
    }

    async fn result(&self, plan: &Plan) -> Result<ServerResult> {
        let transfers = match plan.transfers {
            Some(count) => transfers::memory(self, &plan.load, count).await?,
            None => None,
        };
        let memory = self.idle.zip(self.server.memory()?);
        Ok(ServerResult {
            name: self.server.name.clone(),
            durability: self.server.durability.clone(),
            memory: memory.map(|(idle, end)| MemoryResult::of(idle, end, transfers)),
        })
    }
}

/// The rounds of each scenario.
struct Turns<'a> {
    plan: &'a Plan,
    limit: Option<(Contestant, Box<dyn Scenario>)>,
    limit_total: Sample,
    wrong: usize,
}

/// A server's part of a scenario, until it fails.
struct Turn<'a> {
    contestant: &'a Contestant,
    scenario: Result<Box<dyn Scenario>>,
    total: Sample,
    costs_by_hyper: Vec<f64>,
    costs_by_first: Vec<f64>,
    rates_by_first: Vec<f64>,
}

impl<'a> Turns<'a> {
    async fn begin(limit: Option<Contestant>, plan: &'a Plan) -> Result<Self> {
        let limit = match limit {
            Some(limit) => {
                let scenario = LIMIT.prepare(&limit.fixture).await?;
                Some((limit, scenario))
            }
            None => None,
        };
        Ok(Self {
            plan,
            limit,
            limit_total: Sample::default(),
            wrong: 0,
        })
    }

    async fn scenario(&mut self, contestants: &[Contestant], entry: &Entry) -> ScenarioResult {
        let mut turns = Vec::new();
        for contestant in contestants {
            turns.push(Turn::begin(contestant, entry).await);
        }
        for _ in 0..self.plan.rounds.max(1) {
            let limit = self.limit_cost().await;
            let mut first = None;
            for (at, turn) in turns.iter_mut().enumerate() {
                let sample = turn.round(&self.plan.load, entry).await;
                turn.compare(sample.as_ref(), entry.unit, limit, first.as_ref());
                if at == 0 {
                    first = sample;
                }
            }
        }
        let outcomes = turns.into_iter().map(|turn| self.outcome(turn, entry));
        ScenarioResult::of(entry, outcomes.collect())
    }

    /// A round of the bare hyper service; its cost. It is ours, so that it does not fail.
    async fn limit_cost(&mut self) -> Option<f64> {
        let (limit, scenario) = self.limit.as_ref()?;
        let load = &self.plan.load;
        let sample = load.sample(&limit.server, &**scenario, LIMIT).await.ok()?;
        self.limit_total.merge(&sample);
        sample.cost(LIMIT.unit)
    }

    fn limit_result(&self) -> Option<ScenarioResult> {
        self.limit.as_ref()?;
        let measured = Measured {
            cost_by_hyper: Some(1.0),
            ..Measured::of(&self.limit_total, LIMIT.unit)
        };
        let outcome = Outcome::Measured(Box::new(measured));
        Some(ScenarioResult {
            name: "hyper".to_owned(),
            title: "(bare hyper)".to_owned(),
            unit: LIMIT.unit,
            outcomes: vec![outcome],
        })
    }

    fn outcome(&mut self, turn: Turn<'_>, entry: &Entry) -> Outcome {
        match &turn.scenario {
            Ok(_) => Outcome::Measured(Box::new(turn.measured(entry.unit))),
            Err(failure) if failure.kind() == Kind::NoSuchApi => {
                Outcome::Missing(format!("no such API ({failure})"))
            }
            Err(failure) => {
                self.wrong += usize::from(failure.kind() != Kind::NotHere);
                Outcome::Missing(failure.to_string())
            }
        }
    }

    fn verdict(&self) -> Result<()> {
        match self.wrong {
            0 => Ok(()),
            count => Err(Failure::new(format!("{count} measurements failed"))),
        }
    }
}

impl<'a> Turn<'a> {
    async fn begin(contestant: &'a Contestant, entry: &Entry) -> Self {
        Self {
            contestant,
            scenario: entry.prepare(&contestant.fixture).await,
            total: Sample::default(),
            costs_by_hyper: Vec::new(),
            costs_by_first: Vec::new(),
            rates_by_first: Vec::new(),
        }
    }

    async fn round(&mut self, load: &Load, entry: &Entry) -> Option<Sample> {
        let scenario = self.scenario.as_ref().ok()?;
        let sample = load.sample(&self.contestant.server, &**scenario, entry);
        match sample.await {
            Ok(sample) => {
                self.total.merge(&sample);
                Some(sample)
            }
            Err(failure) => {
                self.scenario = Err(failure);
                None
            }
        }
    }

    fn compare(
        &mut self,
        sample: Option<&Sample>,
        unit: Unit,
        limit: Option<f64>,
        first: Option<&Sample>,
    ) {
        let Some(sample) = sample else {
            return;
        };
        let cost = sample.cost(unit);
        let ratio = |other: Option<f64>| Some(cost? / other.filter(|other| *other > 0.0)?);
        let by_hyper = ratio(limit).filter(|_| unit == Unit::Operation);
        self.costs_by_hyper.extend(by_hyper);
        let Some(first) = first else {
            return;
        };
        self.costs_by_first.extend(ratio(first.cost(unit)));
        let rate = first.rate(unit);
        self.rates_by_first.push(sample.rate(unit) / rate);
    }

    fn measured(self, unit: Unit) -> Measured {
        Measured {
            cost_by_hyper: median(self.costs_by_hyper),
            cost_by_first: median(self.costs_by_first),
            rate_by_first: median(self.rates_by_first),
            ..Measured::of(&self.total, unit)
        }
    }
}
