//! A server of the cluster, with proxies of its own on its ways to the database and to the store.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use super::{BUCKET, KEY, SECRET, proxy::Proxy, weather::Weather};
use crate::{
    clients::{
        http::{Connection, Request},
        moment::Moment,
        random::Random,
    },
    ports::unused_address,
};

/// What a server is started with, whatever else.
const SETTINGS: [(&str, &str); 17] = [
    ("REGISTRY_DATABASE_CONNECTIONS", "6"),
    ("REGISTRY_DATABASE_CONNECT_TIMEOUT", "2s"),
    ("REGISTRY_DATABASE_DEADLINE", "4s"),
    ("REGISTRY_OBJECTS_BUCKET", BUCKET),
    ("REGISTRY_OBJECTS_ACCESS_KEY", KEY),
    ("REGISTRY_OBJECTS_SECRET_KEY", SECRET),
    ("REGISTRY_OBJECTS_PLAIN_HTTP", "true"),
    ("REGISTRY_OBJECTS_PART", "5MiB"),
    ("REGISTRY_OBJECTS_MEMORY", "128MiB"),
    ("REGISTRY_OBJECTS_CONNECT_TIMEOUT", "2s"),
    ("REGISTRY_OBJECTS_DEADLINE", "3s"),
    ("REGISTRY_UPLOADS_CHECKPOINT_EVERY", "4MiB"),
    ("REGISTRY_COLLECTION_GRACE", "20s"),
    ("REGISTRY_COLLECTION_INTERVAL", "2s"),
    ("REGISTRY_COLLECTION_SHARE", "50"),
    ("REGISTRY_COLLECTION_ORPHANS_PERCENT", "100"),
    ("REGISTRY_LOG_LEVEL", "warn"),
];

/// What collection leaves alone for, as it is set above.
pub const GRACE: Duration = Duration::from_secs(20);

/// What readiness may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// A server, which is killed when it is dropped.
#[derive(Debug)]
pub struct Replica {
    program: PathBuf,
    log: PathBuf,
    address: SocketAddr,
    process: Option<Child>,
    database: [Proxy; 2],
    store: Proxy,
}

impl Replica {
    /// One that is not started yet.
    ///
    /// # Errors
    /// Where there is no port left.
    pub fn new(
        program: PathBuf,
        log: PathBuf,
        database: [SocketAddr; 2],
        store: SocketAddr,
        random: &Random,
    ) -> io::Result<Self> {
        let [one, other] = database;
        Ok(Self {
            program,
            log,
            address: unused_address(),
            process: None,
            database: [
                Proxy::start(one, random.branch(1))?,
                Proxy::start(other, random.branch(2))?,
            ],
            store: Proxy::start(store, random.branch(3))?,
        })
    }

    /// HOST:PORT.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The proxies on its ways.
    #[must_use]
    pub fn proxies(&self) -> [&Proxy; 3] {
        [&self.database[0], &self.database[1], &self.store]
    }

    /// Changes the weather on its way to the database.
    pub fn database_weather(&self, weather: &Weather) {
        for proxy in &self.database {
            proxy.set(weather.clone());
        }
    }

    /// Changes the weather on its way to the store.
    pub fn store_weather(&self, weather: &Weather) {
        self.store.set(weather.clone());
    }

    /// Starts it, unless it runs, and waits for it to say that it serves. Answers whether it does.
    ///
    /// # Errors
    /// Where there is no such program, say.
    pub fn start(&mut self) -> io::Result<bool> {
        if self.process.is_some() {
            return Ok(true);
        }
        let mut process = self.command()?.spawn()?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let serves = line.starts_with("registry: ready at ");
        match serves {
            true => self.process = Some(process),
            false => drop(process.wait()?),
        }
        Ok(serves)
    }

    fn command(&self) -> io::Result<Command> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let [one, other] = self.database.each_ref().map(Proxy::address);
        let database =
            format!("postgres://registry@{one},{other}/registry?target_session_attrs=read-write");
        let mut command = Command::new(&self.program);
        command
            .args(["serve", "--listen", &self.host(), "--log", "warn"])
            .envs(SETTINGS)
            .env("REGISTRY_DATABASE_URL", database)
            .env(
                "REGISTRY_OBJECTS_ENDPOINT",
                format!("http://{}", self.store.address()),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        Ok(command)
    }

    /// Ends it as a crash would.
    ///
    /// # Errors
    /// Where it does not end.
    pub fn kill(&mut self) -> io::Result<()> {
        if let Some(mut process) = self.process.take() {
            process.kill()?;
            process.wait()?;
        }
        Ok(())
    }

    /// Whether it ended by itself.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn has_ended(&mut self) -> io::Result<bool> {
        match &mut self.process {
            Some(process) => Ok(process.try_wait()?.is_some()),
            None => Ok(false),
        }
    }

    /// What readiness says; none where it does not answer.
    #[must_use]
    pub fn readiness(&self) -> Option<u16> {
        let mut connection = Connection::new(&self.host(), PATIENCE);
        let answer = connection.send(Request::new("GET", "/readyz")).ok()?;
        Some(answer.status)
    }

    /// Waits until readiness says this. Answers whether it did, in time.
    #[must_use]
    pub fn says(&self, status: u16, within: Duration) -> bool {
        let begun = Moment::now();
        loop {
            if self.readiness() == Some(status) {
                return true;
            }
            if begun.age() > within {
                return false;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.kill();
    }
}
