//! Servers, and the database and the store that they share.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{database::Database, replica::Replica, store::Store, weather::Weather};
use crate::clients::{moment::Moment, random::Random};

/// Servers.
const REPLICAS: u64 = 3;

/// When nothing is wrong any more, a server is ready after so long. Those that were killed have to start.
const RECOVERY: Duration = Duration::from_secs(10);

/// Everything that a run needs, on this machine.
#[derive(Debug)]
pub struct Cluster {
    /// The servers.
    pub replicas: Vec<Replica>,
    /// What they share.
    pub database: Database,
    /// What they share.
    pub store: Store,
}

/// The programs that it is made of.
#[derive(Clone, Debug)]
pub struct Programs {
    /// The registry.
    pub registry: PathBuf,
    /// MinIO.
    pub minio: PathBuf,
}

impl Cluster {
    /// Starts everything, in a directory.
    ///
    /// # Errors
    /// Where something does not start.
    pub fn start(programs: &Programs, directory: &Path, random: &Random) -> io::Result<Self> {
        let database = Database::start()?;
        let store = Store::start(&programs.minio, directory.join("store"))?;
        let replicas = (0..REPLICAS).map(|number| {
            let mut replica = Replica::new(
                programs.registry.clone(),
                directory.join(format!("replica{number}.log")),
                database.addresses(),
                store.address(),
                &random.branch(number),
            )?;
            match replica.start()? {
                true => Ok(replica),
                false => Err(io::Error::other("a server did not start: see its log")),
            }
        });
        Ok(Self {
            replicas: replicas.collect::<io::Result<_>>()?,
            database,
            store,
        })
    }

    /// HOST:PORT of each server.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        self.replicas.iter().map(Replica::host).collect()
    }

    /// Changes the weather between all servers and the database.
    pub fn database_weather(&self, weather: &Weather) {
        for replica in &self.replicas {
            replica.database_weather(weather);
        }
    }

    /// Changes the weather between all servers and that server of the database which takes writes.
    pub fn primary_weather(&self, weather: &Weather) {
        let primary = self.database.primary();
        for replica in &self.replicas {
            replica.proxies()[primary].set(weather.clone());
        }
    }

    /// Changes the weather between all servers and the store.
    pub fn store_weather(&self, weather: &Weather) {
        for replica in &self.replicas {
            replica.store_weather(weather);
        }
    }

    /// Ends all faults of the ways, starts the servers that were killed, and waits until all are ready. Answers how
    /// long that took.
    ///
    /// # Errors
    /// Where one does not get ready in time, or has ended by itself.
    pub fn recover(&mut self) -> io::Result<Duration> {
        self.database_weather(&Weather::default());
        self.store_weather(&Weather::default());
        let begun = Moment::now();
        for (number, replica) in self.replicas.iter_mut().enumerate() {
            if replica.has_ended()? {
                return Err(io::Error::other(format!("server {number} has ended")));
            }
            if !replica.start()? {
                return Err(io::Error::other(format!("server {number} did not start")));
            }
        }
        for (number, replica) in self.replicas.iter().enumerate() {
            if !replica.says(200, RECOVERY) {
                let words = format!("server {number} is not ready though nothing is wrong");
                return Err(io::Error::other(words));
            }
        }
        Ok(begun.age())
    }

    /// What connections met on their ways, and how often.
    #[must_use]
    pub fn met(&self) -> BTreeMap<String, u64> {
        let mut all = BTreeMap::new();
        let proxies = self.replicas.iter().flat_map(Replica::proxies);
        for (kind, times) in proxies.flat_map(|proxy| proxy.met()) {
            *all.entry(kind).or_default() += times;
        }
        all
    }
}
