//! A soak: rounds of load over one server, with a rest after each.

use std::{io, path::Path, sync::atomic::Ordering, thread, time::Duration};

use super::{bounds::exceeded, figures::Figures};
use crate::{
    clients::{
        client::Client,
        crew::{Crew, Flags},
        load::Load,
        moment::Moment,
        random::Random,
        server::{Program, Server},
    },
    crash::leaks,
};

/// The grace period, in seconds; so short that collection takes things away all the time.
const GRACE: u64 = 2;

/// Uploads end after so many seconds without a byte.
const EXPIRY: u64 = 30;

/// Clients end their uploads after so long, well before those end by themselves.
const SHIFT: Duration = Duration::from_secs(8);

/// A server has to be at rest after so long.
const PATIENCE: Duration = Duration::from_secs(180);

/// How a soak goes.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Clients at once.
    pub clients: u64,
    /// Rounds, the first of which is there to be compared with.
    pub rounds: u32,
    /// Work of all rounds together.
    pub work: Duration,
    /// Decides what the clients do.
    pub seed: u64,
}

/// Looks are so many in a round.
const LOOKS: u32 = 4;

/// A server at work, and what its clients know.
#[derive(Debug)]
pub struct Soak<'a> {
    server: Server,
    data: &'a Path,
    crew: Crew,
    begun: Moment,
}

/// What was seen: whether under `load` or at `rest`, after how many seconds and answers, and what there was.
pub type Seen<'a> = &'a dyn Fn(&str, u64, u64, &Figures);

impl<'a> Soak<'a> {
    /// Starts a server over a data directory.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start(program: &Program, data: &'a Path, plan: &Plan) -> io::Result<Self> {
        let program = program
            .arguments(&["--grace", &GRACE.to_string()])
            .with("REGISTRY_COLLECTION_INTERVAL", "1")
            .with("REGISTRY_COLLECTION_SHARE", "100")
            .with("REGISTRY_UPLOADS_EXPIRY", &EXPIRY.to_string());
        let grace = Duration::from_secs(GRACE);
        Ok(Self {
            server: program.start(data)?,
            data,
            crew: Crew::new(plan.clients, grace, &Random::new(plan.seed)),
            begun: Moment::now(),
        })
    }

    /// Works through all rounds.
    ///
    /// # Errors
    /// What was wrong, or has grown.
    pub fn run(&mut self, plan: &Plan, seen: Seen<'_>) -> Result<(), String> {
        let mut first = None;
        for round in 1..=plan.rounds {
            for _ in 0..LOOKS {
                self.work(plan.work / plan.rounds / LOOKS)?;
                self.look("load", seen)?;
            }
            let hosts = self.server.hosts();
            self.crew.check(hosts, &Flags::default())?;
            let clear = |client: &mut Client, load: &mut Load| load.clear(client);
            self.crew.all(hosts, &Flags::default(), clear, || ())?;
            let rested = self.rest(first.as_ref(), seen);
            let rested = rested.map_err(|more| format!("after round {round}: {more}"))?;
            first.get_or_insert(rested);
        }
        Ok(())
    }

    fn work(&mut self, time: Duration) -> Result<(), String> {
        let begun = Moment::now();
        while let Some(left) = time.checked_sub(begun.age()) {
            self.shift(left.min(SHIFT))?;
        }
        Ok(())
    }

    fn shift(&mut self, time: Duration) -> Result<(), String> {
        let (hosts, flags) = (self.server.hosts(), Flags::default());
        self.crew.work(hosts, &flags, || {
            thread::sleep(time);
            flags.stop.store(true, Ordering::SeqCst);
        })?;
        let settle = |client: &mut Client, load: &mut Load| load.settle(client);
        self.crew.all(hosts, &flags, settle, || ())
    }

    fn look(&self, what: &str, seen: Seen<'_>) -> Result<Figures, String> {
        let figures = Figures::take(self.server.pid(), self.data);
        let figures = figures.map_err(|error| error.to_string())?;
        seen(
            what,
            self.begun.age().as_secs(),
            self.crew.answered(),
            &figures,
        );
        Ok(figures)
    }

    /// Waits until nothing is left that nobody keeps, and nothing is more than after the first round.
    fn rest(&self, first: Option<&Figures>, seen: Seen<'_>) -> Result<Figures, String> {
        let begun = Moment::now();
        loop {
            let more = self.more_than(first).map_err(|error| error.to_string())?;
            match more {
                None => return self.look("rest", seen),
                Some(more) if begun.age() > PATIENCE => {
                    self.look("rest", seen)?;
                    return Err(more);
                }
                Some(_) => thread::sleep(Duration::from_millis(500)),
            }
        }
    }

    fn more_than(&self, first: Option<&Figures>) -> io::Result<Option<String>> {
        let kept = (&self.crew.ledgers(), self.crew.library());
        if let Some(leak) = leaks::find(self.data, kept.0, kept.1)? {
            return Ok(Some(leak));
        }
        let now = Figures::take(self.server.pid(), self.data)?;
        let more = exceeded(first.unwrap_or(&now), &now);
        Ok((!more.is_empty()).then(|| more.join("; ")))
    }
}
