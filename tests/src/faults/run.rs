//! A run: clients at work, one thing after the other going wrong, and everything compared in the end.

use std::{io, path::Path, thread, time::Duration};

use super::{
    calm::{Calm, LATE},
    cluster::{Cluster, Programs},
    phase::{PHASES, Phase},
    replica::GRACE,
    tags::Tags,
    work::work,
};
use crate::clients::{
    client::{Client, Stop},
    crew::{Crew, Flags},
    library::Library,
    load::Load,
    moment::Moment,
    random::Random,
};

/// Tags that are counted, and who reads them.
const TAGS: usize = 4;
const READERS: u64 = 2;

/// Clients get so long without anything wrong after each phase.
const REST: Duration = Duration::from_secs(3);

/// No server says nothing for so long, whatever is wrong. By their settings (`replica.rs`) a call of the store ends
/// within 6 s, and one of the database within 4 s; a read that breaks makes 5 calls of the store before it gives
/// up, and there are a few of the database before and after.
const PATIENCE: Duration = Duration::from_secs(5 * 6 + 4 * 4);

/// How a run goes.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Decides everything that threads and time do not.
    pub seed: u64,
    /// How long things go wrong.
    pub time: Duration,
    /// Clients at once.
    pub clients: u64,
}

/// Who is told what happens.
pub type Say<'a> = &'a (dyn Fn(&str) + Sync);

/// A cluster, and who works with it.
#[derive(Debug)]
pub struct Run {
    cluster: Cluster,
    hosts: Vec<String>,
    crew: Crew,
    tags: Tags,
    random: Random,
    calm: Calm,
}

impl Run {
    /// Starts the cluster.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start(plan: &Plan, programs: &Programs, directory: &Path) -> io::Result<Self> {
        let random = Random::new(plan.seed);
        let cluster = Cluster::start(programs, directory, &random.branch(1))?;
        let library = Library::with_large(plan.clients);
        let client = |ledger| {
            let mut client = Client::new(ledger, GRACE);
            client.ledger.kept_from_deletion = false;
            client.patience = PATIENCE;
            client
        };
        Ok(Self {
            hosts: cluster.hosts(),
            cluster,
            crew: Crew::with(library, plan.clients, &random.branch(2), client),
            tags: Tags::new(TAGS),
            random: random.branch(3),
            calm: Calm::default(),
        })
    }

    /// Has things go wrong for as long as planned, and compares everything at every server.
    ///
    /// # Errors
    /// What was wrong.
    pub fn go(&mut self, plan: &Plan, say: Say<'_>) -> Result<(), String> {
        self.trouble(plan.time, say)?;
        self.compare(say)
    }

    fn trouble(&mut self, time: Duration, say: Say<'_>) -> Result<(), String> {
        let (hosts, tags, calm) = (&self.hosts, &self.tags, &self.calm);
        let (cluster, random) = (&mut self.cluster, &mut self.random);
        let crew = &mut self.crew;
        thread::scope(|scope| {
            let mut counters = Vec::new();
            for tag in 0..TAGS {
                let random = random.branch(tag as u64);
                counters.push(scope.spawn(move || tags.write(tag, hosts, random, calm)));
            }
            for reader in 0..READERS {
                let random = random.branch(100 + reader);
                counters.push(scope.spawn(move || tags.read(hosts, random, calm)));
            }
            let mut driven = Ok(());
            let work = |client: &mut Client, load: &mut Load| work(client, load, calm);
            let worked = crew.all(hosts, &Flags::default(), work, || {
                driven = drive(cluster, random, calm, time, say);
                calm.stop();
            });
            worked?;
            for counter in counters {
                let counted = counter.join().map_err(|_| "a counter panicked")?;
                counted.map_err(|stop| words(&stop))?;
            }
            driven
        })
    }

    /// Everything is at each server as the ledgers say, and uploads go on and end.
    fn compare(&mut self, say: Say<'_>) -> Result<(), String> {
        thread::sleep(LATE);
        let flags = Flags::default();
        for host in &self.hosts {
            let host = [host.clone()];
            self.crew.check(&host, &flags)?;
            self.tags.check(&host[0]).map_err(|stop| words(&stop))?;
            say(&format!("compared at {}", host[0]));
        }
        let settle = |client: &mut Client, load: &mut Load| load.settle(client);
        self.crew.all(&self.hosts, &flags, settle, || ())?;
        self.crew.check(&self.hosts, &flags)
    }

    /// What happened, in numbers.
    #[must_use]
    pub fn told(&self) -> String {
        let (moved, read) = self.tags.counted();
        let met = self.cluster.met();
        format!(
            "{} requests of clients were answered, {} of them told to come back, the slowest after {} ms; counted tags \
             were moved {moved} times and read {read} times; connections met {met:?}",
            self.crew.answered() + self.crew.refused(),
            self.crew.refused(),
            self.crew.slowest().as_millis(),
        )
    }
}

fn words(stop: &Stop) -> String {
    match stop {
        Stop::Unanswered(what) => format!("not answered: {what}"),
        Stop::Violation(what) => what.clone(),
    }
}

/// One phase after the other, each kind once before any comes again.
fn drive(
    cluster: &mut Cluster,
    random: &mut Random,
    calm: &Calm,
    time: Duration,
    say: Say<'_>,
) -> Result<(), String> {
    let begun = Moment::now();
    let mut left: Vec<Phase> = Vec::new();
    while begun.age() < time && !calm.is_over() {
        if left.is_empty() {
            left = PHASES.to_vec();
        }
        let next = random.below(left.len() as u64);
        let phase = left.swap_remove(usize::try_from(next).unwrap_or(0));
        let started = begun.age();
        let passed = through(cluster, random, calm, phase);
        let recovered = passed.map_err(|error| format!("{phase:?}: {error}"))?;
        say(&format!(
            "{:>5} s {phase:?}: {} ms, recovered after {} ms",
            started.as_secs(),
            (begun.age() - started).as_millis(),
            recovered.as_millis()
        ));
    }
    Ok(())
}

fn through(
    cluster: &mut Cluster,
    random: &mut Random,
    calm: &Calm,
    phase: Phase,
) -> io::Result<Duration> {
    calm.end(phase.holds_commits_up());
    phase.pass(cluster, random)?;
    let recovered = cluster.recover()?;
    thread::sleep(LATE);
    calm.begin();
    thread::sleep(REST);
    Ok(recovered)
}
