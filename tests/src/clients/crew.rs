//! All clients of a run, each in a thread of its own while it works.

use std::{
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
    ledger::Ledger,
    library::Library,
    load::{Load, repository},
    random::Random,
};

/// Clients, what each does, and what they push.
#[derive(Debug)]
pub struct Crew {
    library: Arc<Library>,
    clients: Vec<(Client, Load)>,
}

/// What the threads of clients look at.
#[derive(Debug, Default)]
pub struct Flags {
    /// An answer that does not come is no surprise.
    pub crashing: AtomicBool,
    /// An answer did not come.
    pub interrupted: AtomicBool,
    /// Everybody stops.
    pub stop: AtomicBool,
    /// What arrives from now on is no answer.
    pub cut: Arc<AtomicBool>,
}

impl Crew {
    /// So many clients of a server with this grace period.
    #[must_use]
    pub fn new(clients: u64, grace: Duration, random: &Random) -> Self {
        Self::with(Library::new(clients), clients, random, |ledger| {
            Client::new(ledger, grace)
        })
    }

    /// So many that are made in this way, who push this.
    #[must_use]
    pub fn with(
        library: Library,
        clients: u64,
        random: &Random,
        make: impl Fn(Ledger) -> Client,
    ) -> Self {
        let library = Arc::new(library);
        let client = |number| {
            let ledger = Ledger::new(repository(number));
            let load = Load {
                number,
                clients,
                library: Arc::clone(&library),
                random: random.branch(number),
            };
            (make(ledger), load)
        };
        Self {
            clients: (0..clients).map(client).collect(),
            library,
        }
    }

    /// What they push.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// What each of them was told.
    #[must_use]
    pub fn ledgers(&self) -> Vec<&Ledger> {
        let clients = self.clients.iter();
        clients.map(|(client, _)| &client.ledger).collect()
    }

    /// How many requests were answered with a time to come back.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.clients.iter().map(|(client, _)| client.refused).sum()
    }

    /// How long a request was under way at most.
    #[must_use]
    pub fn slowest(&self) -> Duration {
        let clients = self.clients.iter();
        let slowest = clients.map(|(client, _)| client.slowest).max();
        slowest.unwrap_or_default()
    }

    /// How many requests were answered.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.clients.iter().map(|(client, _)| client.answered).sum()
    }

    /// Compares everything with the ledgers.
    ///
    /// # Errors
    /// What was lost or wrong.
    pub fn check(&mut self, hosts: &[String], flags: &Flags) -> Result<(), String> {
        let library = Arc::clone(&self.library);
        let check =
            |client: &mut Client, load: &mut Load| checks::check(client, load.number, &library);
        self.all(hosts, flags, check, || ())
    }

    /// Has them work until they are told to stop, and does something meanwhile.
    ///
    /// # Errors
    /// What was wrong.
    pub fn work(
        &mut self,
        hosts: &[String],
        flags: &Flags,
        meanwhile: impl FnOnce(),
    ) -> Result<(), String> {
        let work = |client: &mut Client, load: &mut Load| {
            while !flags.stop.load(Ordering::SeqCst) {
                load.step(client)?;
            }
            Ok(())
        };
        self.all(hosts, flags, work, meanwhile)
    }

    /// Has every client do something in a thread of its own, on new connections which are closed in the
    /// end, and does something meanwhile.
    ///
    /// # Errors
    /// What was wrong.
    pub fn all(
        &mut self,
        hosts: &[String],
        flags: &Flags,
        work: impl Fn(&mut Client, &mut Load) -> Step<()> + Sync,
        meanwhile: impl FnOnce(),
    ) -> Result<(), String> {
        let work = &work;
        thread::scope(|scope| {
            let clients: Vec<_> = self
                .clients
                .iter_mut()
                .map(|(client, load)| {
                    client.connect(hosts, load.random.branch(load.number));
                    client.cut = Arc::clone(&flags.cut);
                    scope.spawn(move || {
                        let ended = judge(work(client, load), flags);
                        client.disconnect();
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
