//! A time in which something is wrong.

use std::{io, thread, time::Duration};

use super::{
    cluster::Cluster,
    weather::{Kind, Weather},
};
use crate::clients::random::Random;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Servers are killed.
    Kills,
    /// Some connections to the store meet a fault.
    StoreWeather,
    /// Some connections to the database do.
    DatabaseWeather,
    /// Both do.
    Weather,
    /// Nothing comes from the store.
    StoreSilent,
    /// The store answers everything with 503 SlowDown.
    StoreSlowDown,
    /// The store answers everything with 500.
    StoreErrors,
    /// The store was stopped.
    StoreStopped,
    /// Nothing comes from the database.
    DatabaseSilent,
    /// Both servers of the database were stopped.
    DatabaseStopped,
    /// The database is restarted.
    DatabaseRestarted,
    /// The database fails over to its standby.
    DatabaseFailover,
    /// One server hears of neither.
    OneCutOff,
}

/// All there are.
pub const PHASES: [Phase; 13] = [
    Phase::Kills,
    Phase::StoreWeather,
    Phase::DatabaseWeather,
    Phase::Weather,
    Phase::StoreSilent,
    Phase::StoreSlowDown,
    Phase::StoreErrors,
    Phase::StoreStopped,
    Phase::DatabaseSilent,
    Phase::DatabaseStopped,
    Phase::DatabaseRestarted,
    Phase::DatabaseFailover,
    Phase::OneCutOff,
];

/// Readiness tells after so long that something is away.
const NOTICE: Duration = Duration::from_secs(6);

impl Phase {
    /// Has it be wrong for a while. What was stopped runs again then; the weather stays.
    ///
    /// # Errors
    /// Where that does not succeed, or a server that cannot serve says that it can.
    pub fn pass(self, cluster: &mut Cluster, random: &mut Random) -> io::Result<()> {
        match self {
            Self::Kills => return kill_some(cluster, random, 3),
            Self::StoreWeather => cluster.store_weather(&some(random, &Kind::HTTP)),
            Self::DatabaseWeather => cluster.database_weather(&some(random, &Kind::TCP)),
            Self::Weather => {
                cluster.store_weather(&some(random, &Kind::HTTP));
                cluster.database_weather(&some(random, &Kind::TCP));
            }
            Self::StoreSilent => cluster.store_weather(&Weather::always(&[Kind::HalfOpen])),
            Self::StoreSlowDown => cluster.store_weather(&Weather::always(&[Kind::SlowDown])),
            Self::StoreErrors => cluster.store_weather(&Weather::always(&[Kind::Error])),
            Self::StoreStopped => cluster.store.stop()?,
            Self::DatabaseSilent => cluster.database_weather(&Weather::always(&[Kind::HalfOpen])),
            Self::DatabaseStopped => cluster.database.tell("stop")?,
            Self::DatabaseRestarted => cluster.database.tell("restart")?,
            Self::DatabaseFailover => fail_over(cluster, random)?,
            Self::OneCutOff => cut_off(cluster, random),
        }
        if self.is_outage() {
            notice(cluster)?;
        }
        thread::sleep(Duration::from_millis(500 + random.below(5000)));
        if !self.is_outage() && random.chance(30) {
            kill_some(cluster, random, 1)?;
        }
        match self {
            Self::StoreStopped => cluster.store.start_again(),
            Self::DatabaseStopped => cluster.database.tell("start"),
            Self::DatabaseFailover => cluster.database.tell("rebuild"),
            _ => Ok(()),
        }
    }

    /// Whether a commit may wait for the standby until it is back.
    #[must_use]
    pub fn holds_commits_up(self) -> bool {
        matches!(
            self,
            Self::DatabaseStopped | Self::DatabaseRestarted | Self::DatabaseFailover
        )
    }

    /// Whether no server can serve.
    fn is_outage(self) -> bool {
        matches!(
            self,
            Self::StoreSilent
                | Self::StoreSlowDown
                | Self::StoreErrors
                | Self::StoreStopped
                | Self::DatabaseSilent
                | Self::DatabaseStopped
        )
    }
}

fn some(random: &mut Random, kinds: &[Kind]) -> Weather {
    Weather::sometimes(10 + random.below(60), kinds)
}

/// Half of the primaries leave with all that was on the way to them: nobody is told that they are gone.
fn fail_over(cluster: &mut Cluster, random: &mut Random) -> io::Result<()> {
    if random.chance(50) {
        let silent = Weather::always(&[Kind::HalfOpen]);
        cluster.primary_weather(&silent);
    }
    cluster.database.tell("failover")
}

fn cut_off(cluster: &Cluster, random: &mut Random) {
    if let Some(replica) = random.pick(&cluster.replicas) {
        replica.store_weather(&Weather::always(&[Kind::HalfOpen]));
        replica.database_weather(&Weather::always(&[Kind::HalfOpen]));
    }
}

fn notice(cluster: &Cluster) -> io::Result<()> {
    for (number, replica) in cluster.replicas.iter().enumerate() {
        if !replica.says(503, NOTICE) {
            let words = format!("server {number} says that it is ready, and cannot be");
            return Err(io::Error::other(words));
        }
    }
    Ok(())
}

/// Kills so many servers, each at its time, and starts them again after a while.
fn kill_some(cluster: &mut Cluster, random: &mut Random, times: u64) -> io::Result<()> {
    for _ in 0..times {
        let number = random.below(cluster.replicas.len() as u64);
        let number = usize::try_from(number).unwrap_or(0);
        cluster.replicas[number].kill()?;
        thread::sleep(Duration::from_millis(200 + random.below(1500)));
        // Where what it needs is away, it does not start yet.
        cluster.replicas[number].start()?;
        thread::sleep(Duration::from_millis(random.below(1500)));
    }
    Ok(())
}
