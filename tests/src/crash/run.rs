//! A run: start, compare, load, crash; again and again over one data directory.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    thread,
    time::Duration,
};

use super::{leaks, machine::Disk};
use crate::clients::{
    crew::{Crew, Flags},
    load::Load,
    moment::Moment,
    random::Random,
    server::{Program, Server},
};

/// Clients at once.
const CLIENTS: u64 = 8;

/// The grace period, in seconds; so short that collection takes things away all the time.
const GRACE: u64 = 2;

/// Collection may take so long in the end.
const PATIENCE: Duration = Duration::from_secs(120);

/// After so long it is asked for, as an operator would.
const BY_ITSELF: Duration = Duration::from_secs(10);

/// A marked step is waited for so long, and then the server is killed, which brings about other steps.
const WAIT_FOR_STEP: Duration = Duration::from_secs(1);

/// How a server ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Crash {
    /// Killed.
    Kill,
    /// Killed while it starts.
    KillAtStart,
    /// The power of its disk cut, and then killed.
    Cut,
    /// By itself, at a marked step: `NAME:COUNT`.
    At(String),
}

/// A run over a data directory, with what its clients know.
#[derive(Debug)]
pub struct Run {
    program: Program,
    data: PathBuf,
    disk: Option<Disk>,
    crew: Crew,
    random: Random,
}

impl Run {
    /// Over a directory, which is on the disk where there is one.
    #[must_use]
    pub fn new(program: &Program, data: &Path, disk: Option<Disk>, seed: u64) -> Self {
        let random = Random::new(seed);
        Self {
            program: program
                .arguments(&["--grace", &GRACE.to_string()])
                .with("REGISTRY_COLLECTION_INTERVAL", "1")
                .with("REGISTRY_COLLECTION_SHARE", "100"),
            data: data.to_owned(),
            disk,
            crew: Crew::new(CLIENTS, Duration::from_secs(GRACE), &random),
            random: random.branch(CLIENTS),
        }
    }

    /// How many requests were answered.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.crew.answered()
    }

    /// What the run decides by chance.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Starts the server, compares everything, has the clients work until the crash. Answers whether the
    /// crash came: a marked step may not be reached.
    ///
    /// # Errors
    /// What was lost or wrong.
    pub fn cycle(&mut self, crash: &Crash) -> Result<bool, String> {
        if *crash == Crash::KillAtStart {
            return self
                .kill_at_start()
                .map(|()| true)
                .map_err(|error| error.to_string());
        }
        let mut program = self.program.clone();
        let flags = Flags::default();
        if let Crash::At(step) = crash {
            program = program.with("MARKED_ABORT_AT", step);
            flags.crashing.store(true, Ordering::SeqCst);
        }
        let mut server = match program.start(&self.data) {
            Ok(server) => server,
            // The step may be one of the start.
            Err(_) if matches!(crash, Crash::At(_)) => return Ok(true),
            Err(error) => return Err(error.to_string()),
        };
        self.crew.check(server.hosts(), &flags)?;
        if flags.interrupted.load(Ordering::SeqCst) {
            return server
                .kill()
                .map(|_| true)
                .map_err(|error| error.to_string());
        }
        let seed = self.random.next();
        let hosts = server.hosts().to_owned();
        let (disk, mut came) = (self.disk.take(), true);
        let worked = self.crew.work(&hosts, &flags, || {
            came = crash_it(crash, &mut server, disk.as_ref(), &flags, seed);
        });
        let killed = server.kill();
        self.disk = disk;
        worked?;
        killed.map_err(|error| error.to_string())?;
        if *crash == Crash::Cut
            && let Some(disk) = &self.disk
        {
            disk.restore().map_err(|error| error.to_string())?;
        }
        Ok(came)
    }

    /// Starts the server once more, compares everything, ends what is open, and waits until collection
    /// has left what the ledgers keep and nothing else.
    ///
    /// A store as small as this one, crashed as often, may hold so many files that nothing names that
    /// collection asks whether they may go; so an operator's answer is given after a while.
    ///
    /// # Errors
    /// What was lost, wrong, or stays for ever.
    pub fn end(&mut self) -> Result<(), String> {
        let server = self
            .program
            .start(&self.data)
            .map_err(|error| error.to_string())?;
        let flags = Flags::default();
        self.crew.check(server.hosts(), &flags)?;
        let settle = |client: &mut _, load: &mut Load| load.settle(client);
        self.crew.all(server.hosts(), &flags, settle, || ())?;
        let begun = Moment::now();
        while let Some(leak) = self.leak().map_err(|error| error.to_string())? {
            if begun.age() > PATIENCE {
                return Err(leak);
            }
            if begun.age() > BY_ITSELF {
                let collected = self.program.run(&["gc", "--accept-unknown"], &self.data);
                collected.map_err(|error| error.to_string())?;
            }
            thread::sleep(Duration::from_millis(200));
        }
        self.crew.check(server.hosts(), &flags)?;
        server.kill().map(drop).map_err(|error| error.to_string())
    }

    fn leak(&self) -> io::Result<Option<String>> {
        leaks::find(&self.data, &self.crew.ledgers(), self.crew.library())
    }

    fn kill_at_start(&mut self) -> io::Result<()> {
        let mut child = self.program.spawn(&self.data)?;
        thread::sleep(Duration::from_millis(self.random.below(40)));
        child.kill()?;
        child.wait().map(drop)
    }
}

/// Answers whether the crash came.
fn crash_it(
    crash: &Crash,
    server: &mut Server,
    disk: Option<&Disk>,
    flags: &Flags,
    seed: u64,
) -> bool {
    let mut random = Random::new(seed);
    if let Crash::At(_) = crash {
        let ended = server.ended_within(WAIT_FOR_STEP);
        let came = ended.is_ok_and(|ended| ended.is_some());
        server.end();
        flags.stop.store(true, Ordering::SeqCst);
        return came;
    }
    thread::sleep(Duration::from_millis(20 + random.below(250)));
    flags.crashing.store(true, Ordering::SeqCst);
    if let (Crash::Cut, Some(disk)) = (crash, disk) {
        flags.cut.store(true, Ordering::SeqCst);
        // Where it cannot be cut, the comparison finds nothing wrong; but unmounting fails then, too.
        let _ = disk.cut();
        thread::sleep(Duration::from_millis(random.below(20)));
    }
    server.end();
    flags.stop.store(true, Ordering::SeqCst);
    true
}
