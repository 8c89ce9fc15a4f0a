//! A run: start, compare, load, crash; again and again over one data directory.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use super::{
    checks,
    client::{Client, Result as Step, Stop},
    leaks,
    ledger::Ledger,
    library::Library,
    load::{Load, repository},
    machine::Disk,
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
    library: Arc<Library>,
    clients: Vec<(Client, Load)>,
    random: Random,
}

/// What the threads of clients look at.
#[derive(Default)]
struct Flags {
    /// An answer that does not come is no surprise.
    crashing: AtomicBool,
    /// An answer did not come.
    interrupted: AtomicBool,
    /// Everybody stops.
    stop: AtomicBool,
    /// What arrives from now on is no answer.
    cut: Arc<AtomicBool>,
}

impl Run {
    /// Over a directory, which is on the disk where there is one.
    #[must_use]
    pub fn new(program: &Program, data: &Path, disk: Option<Disk>, seed: u64) -> Self {
        let random = Random::new(seed);
        let library = Arc::new(Library::new(CLIENTS));
        let client = |number| {
            let ledger = Ledger::new(repository(number));
            let load = Load {
                number,
                clients: CLIENTS,
                library: Arc::clone(&library),
                random: random.branch(number),
            };
            (Client::new(ledger, Duration::from_secs(GRACE)), load)
        };
        Self {
            program: program
                .arguments(&["--grace", &GRACE.to_string()])
                .with("REGISTRY_COLLECTION_INTERVAL", "1")
                .with("REGISTRY_COLLECTION_SHARE", "100"),
            data: data.to_owned(),
            disk,
            clients: (0..CLIENTS).map(client).collect(),
            random: random.branch(CLIENTS),
            library,
        }
    }

    /// How many requests were answered.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.clients.iter().map(|(client, _)| client.answered).sum()
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
        self.all(server.host(), &flags, check, || ())?;
        if flags.interrupted.load(Ordering::SeqCst) {
            return server
                .kill()
                .map(|_| true)
                .map_err(|error| error.to_string());
        }
        let seed = self.random.next();
        let host = server.host().to_owned();
        let (disk, mut came) = (self.disk.take(), true);
        let worked = self.all(&host, &flags, work, || {
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
        self.all(server.host(), &flags, check, || ())?;
        self.all(
            server.host(),
            &flags,
            |client, load, _| load.settle(client),
            || (),
        )?;
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
        self.all(server.host(), &flags, check, || ())?;
        server.kill().map(drop).map_err(|error| error.to_string())
    }

    fn leak(&self) -> io::Result<Option<String>> {
        let ledgers: Vec<_> = self
            .clients
            .iter()
            .map(|(client, _)| &client.ledger)
            .collect();
        leaks::find(&self.data, &ledgers, &self.library)
    }

    fn kill_at_start(&mut self) -> io::Result<()> {
        let mut child = self.program.spawn(&self.data)?;
        thread::sleep(Duration::from_millis(self.random.below(40)));
        child.kill()?;
        child.wait().map(drop)
    }

    /// Has every client do the work in a thread of its own, and does something meanwhile.
    fn all(
        &mut self,
        host: &str,
        flags: &Flags,
        work: impl Fn(&mut Client, &mut Load, &Flags) -> Step<()> + Sync,
        meanwhile: impl FnOnce(),
    ) -> Result<(), String> {
        let work = &work;
        thread::scope(|scope| {
            let clients: Vec<_> = self
                .clients
                .iter_mut()
                .map(|(client, load)| {
                    client.connect(host);
                    client.cut = Arc::clone(&flags.cut);
                    scope.spawn(move || {
                        let ended = judge(work(client, load, flags), flags);
                        ended.map_err(|wrong| format!("{wrong}{}", client.history_of(&wrong)))
                    })
                })
                .collect();
            meanwhile();
            clients.into_iter().try_for_each(|client| {
                client
                    .join()
                    .unwrap_or_else(|_| Err("a client panicked".to_owned()))
            })
        })
    }
}

fn judge(ended: Step<()>, flags: &Flags) -> Result<(), String> {
    match ended {
        Err(Stop::Unanswered(_)) if flags.crashing.load(Ordering::SeqCst) => {
            flags.interrupted.store(true, Ordering::SeqCst);
            Ok(())
        }
        Err(Stop::Unanswered(what)) => Err(format!("not answered: {what}")),
        Err(Stop::Violation(what)) => Err(what),
        Ok(()) => Ok(()),
    }
}

fn check(client: &mut Client, load: &mut Load, _: &Flags) -> Step<()> {
    checks::check(client, load.number, &load.library)
}

fn work(client: &mut Client, load: &mut Load, flags: &Flags) -> Step<()> {
    while !flags.stop.load(Ordering::SeqCst) {
        load.step(client)?;
    }
    Ok(())
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
