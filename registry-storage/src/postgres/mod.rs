//! Metadata in a PostgreSQL database: what any number of replicas of a registry share.
//!
//! Each command is a transaction of READ COMMITTED, each read on the way of a request one statement and one
//! trip. Nothing is kept between two commands: no session state, no prepared transaction, no lock; so any
//! replica may ask any server that is the primary, also through a pooler that hands out connections by the
//! transaction. What the collector relies on, and which rows are locked in which order, stands in
//! ARCHITECTURE.md under "Collection".
//!
//! # Tables
//!
//! ```text
//! registry            one row: identity, secret; orphans_held; scrub
//! namespaces          name ─ public, collect_untagged, version, created
//! repositories        id, name ─ namespace, bare, visibility?, public, version, created
//! contents            digest ─ size, object? | inline?, quarantined, pass?       shared by repositories
//! objects             key ─ live | doomed | gone                                 a doomed key is never named again
//! gone_objects        key ─ since                                                those that are gone, until they are forgotten
//! links               repository, digest ─ holder, bare, pass?
//! manifests           id; repository, digest ─ media_type, subject?, artifact_type?, descriptor, bytes, created, pass?
//! manifest_references repository, target, digest, manifest ─ required
//! tags                repository, tag ─ id, manifest
//! appended_pulls      id ─ repository, tag?, tag_id?, pulls
//! pulls               repository, tag, tag_id ─ pulls                           folded
//! uploads             id; repository, session ─ epoch, touched, state, digest? | kept?, hash?, object? | inline?
//! upload_tails        upload, position ─ bytes: of open sessions, what the store has not taken
//! expired             object: writes of expired and cancelled sessions, for the store to give up
//! unknown_objects     key ─ since
//! quarantine          object ─ digest, size, since: kept aside
//! collector           one row: pass, how far it has come
//! passes              pass ─ fence?, settled?
//! changes             id ─ at, actor?, event
//! leases              work ─ holder, until: what one replica at a time does
//! migrations          version: those that were run
//! compatible          version ─ oldest: the oldest version of the code that may use it then
//! moving              one row, while a registry moves in and once it has moved out
//! ```
//!
//! There are no foreign keys: each would lock the row that it leads to, and a repository's or a namespace's row
//! would be locked by every push. Nothing deletes a repository, and what a manifest refers to is locked by
//! the commands themselves. Texts are compared by bytes (`COLLATE "C"`).

mod carry;
mod changes;
mod collection;
mod connect;
mod content;
mod error;
mod facts;
mod figures;
mod gone;
mod identity;
mod inspection;
mod leases;
mod listings;
mod moving;
mod names;
mod objects;
mod param;
mod pulls;
mod repositories;
mod schema;
mod session;
mod settings;
mod standby;
mod tails;
#[cfg(feature = "postgres-tls")]
mod tls;
mod transaction;
mod uploads;
mod value;

use std::{fmt, pin::Pin, str::FromStr, sync::Arc};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use registry_core::backend::MetadataError;
use tokio_postgres::{
    Config, NoTls, Row, Socket,
    config::SslMode,
    tls::{MakeTlsConnect, TlsConnect},
};

use self::{
    connect::InTurn,
    error::Failure,
    figures::Noted,
    gone::Gone,
    param::Param,
    session::{Cancel, Session, cancel_by},
    standby::Standby,
    tails::Tails,
    transaction::{End, Transaction},
};
pub use self::{
    error::PostgresOpenError,
    figures::{Connections, PostgresFigures},
    moving::{Closing, Mark},
    settings::{PostgresSettings, Statements},
};

/// [`Metadata`](registry_core::backend::Metadata) in a PostgreSQL database. Clones share its connections.
#[derive(Clone)]
pub struct PostgresMetadata {
    pool: Pool,
    cancel: Cancel,
    settings: PostgresSettings,
    noted: Arc<Noted>,
    tails: Tails,
    gone: Gone,
    /// Who is asked for listings, where that is not the primary.
    standby: Option<Arc<Standby>>,
}

/// How often a command is tried that stood in the way of another.
const TRIES: usize = 8;

/// A command's work, within a transaction.
type Work<'t, T> = Pin<Box<dyn Future<Output = Result<End<T>, Failure>> + Send + 't>>;

impl PostgresMetadata {
    /// Connects to a database, as `postgres://user:password@host/database` or as a list of `key=value` says,
    /// and brings its schema up to what this version needs. What is sent is not encrypted.
    ///
    /// # Errors
    /// Where the settings make no sense, the database cannot be reached, or is of a newer version.
    pub async fn connect(
        database: &str,
        settings: PostgresSettings,
    ) -> Result<Self, PostgresOpenError> {
        Self::open(parse_plain(database)?, settings, NoTls).await
    }

    /// The same by TLS and in no other way: the configuration says whom to trust.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect), and where the database speaks no TLS or shows a certificate that
    /// is not trusted.
    #[cfg(feature = "postgres-tls")]
    pub async fn connect_tls(
        database: &str,
        settings: PostgresSettings,
        tls: Arc<rustls::ClientConfig>,
    ) -> Result<Self, PostgresOpenError> {
        Self::open(parse_encrypted(database)?, settings, tls::MakeTls(tls)).await
    }

    async fn open<T>(
        config: Config,
        settings: PostgresSettings,
        tls: T,
    ) -> Result<Self, PostgresOpenError>
    where
        T: MakeTlsConnect<Socket> + Clone + Sync + Send + 'static,
        T::Stream: Sync + Send,
        T::TlsConnect: Sync + Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let mut this = Self {
            pool: pool(config, settings, tls.clone())?,
            cancel: cancel_by(tls),
            settings,
            noted: Arc::default(),
            tails: Tails::InNotes,
            gone: Gone::Stay,
            standby: None,
        };
        let oldest = this.migrate().await?;
        (this.tails, this.gone) = (Tails::beside(oldest), Gone::beside(oldest));
        Ok(this)
    }

    /// Brings the schema up to date, and answers the oldest version that may be at work beside this one.
    async fn migrate(&self) -> Result<i64, PostgresOpenError> {
        let session = self.session().await?;
        schema::migrate(&session, self.settings.moving).await?;
        let oldest = schema::oldest_at_work(&session).await?;
        session.end();
        Ok(oldest)
    }

    /// Whether the database can be written to: commits a transaction that changes nothing.
    ///
    /// # Errors
    /// Where it cannot.
    pub async fn probe(&self) -> Result<(), MetadataError> {
        let sql = "UPDATE registry SET orphans_held = orphans_held";
        self.write(sql, &[]).await.map(drop)
    }

    async fn session(&self) -> Result<Session, Failure> {
        self.session_of(&self.pool, &self.cancel).await
    }

    async fn session_of(&self, pool: &Pool, cancel: &Cancel) -> Result<Session, Failure> {
        let client = pool.get().await?;
        let cancel = Arc::clone(cancel);
        Ok(Session::new(client, self.settings.statements, cancel))
    }

    /// Reads all rows of an answer.
    async fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, MetadataError> {
        let read = async {
            let session = self.session().await?;
            let rows = session.rows(sql, params).await;
            session.leave(rows)
        };
        Ok(self.in_time(read).await?)
    }

    /// Reads the first row of an answer.
    async fn one(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, MetadataError> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// Runs a statement that is its own transaction, and answers how many rows it changed.
    async fn write(&self, sql: &str, params: &[Param<'_>]) -> Result<u64, MetadataError> {
        let mut tries = TRIES;
        loop {
            let write = async {
                let session = self.session().await?;
                let count = session.run(sql, params).await;
                session.leave(count)
            };
            if let Some(done) = settled(self.in_time(write).await, &mut tries) {
                return done;
            }
        }
    }

    /// Runs one that answers a row where it changed one.
    async fn write_one(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<Row>, MetadataError> {
        let mut tries = TRIES;
        loop {
            let write = async {
                let session = self.session().await?;
                let row = session.one(sql, params).await;
                session.leave(row)
            };
            if let Some(done) = settled(self.in_time(write).await, &mut tries) {
                return done;
            }
        }
    }

    /// Runs a command in a transaction; again, where it stood in the way of another.
    async fn transact<'c, T: Send>(
        &self,
        work: impl for<'t> Fn(&'t Transaction<'c>) -> Work<'t, T> + Send + Sync,
    ) -> Result<T, MetadataError> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.attempt(&work).await? {
                Ok(done) => return Ok(done),
                Err(conflict) if tries == 0 => return Err(conflict.into()),
                Err(_) => {}
            }
        }
    }

    /// One try: answers what to do, or the conflict that stood against it.
    async fn attempt<'c, T: Send>(
        &self,
        work: &(impl for<'t> Fn(&'t Transaction<'c>) -> Work<'t, T> + Send + Sync),
    ) -> Result<Result<T, Failure>, MetadataError> {
        let until_commit = async {
            let transaction = Transaction::begin(self.session().await?).await?;
            let end = work(&transaction).await;
            Ok((transaction, end))
        };
        let (transaction, end) = self.in_time(until_commit).await?;
        let conflict = match end {
            Ok(End::Commit(answer)) => match self.in_time(transaction.commit()).await {
                Ok(()) => return Ok(Ok(answer)),
                Err(failure) if failure.is_conflict() => failure,
                Err(failure) => return Err(failure.of_commit()),
            },
            Ok(End::RollBack(answer)) => {
                // Where that fails, the connection is given up, which undoes it as well.
                let _ = self.in_time(transaction.roll_back()).await;
                return Ok(Ok(answer));
            }
            Err(failure) => {
                if failure.was_answered() {
                    let _ = self.in_time(transaction.roll_back()).await;
                }
                failure
            }
        };
        match conflict.is_conflict() {
            true => Ok(Err(conflict)),
            false => Err(conflict.into()),
        }
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let done = tokio::time::timeout(self.settings.deadline, work).await;
        let done = done.unwrap_or(Err(Failure::TooSlow));
        if done.as_ref().err().is_some_and(Failure::is_of_connection) {
            // What befell one has befallen those that nobody uses, too: each of them would cost somebody the same.
            self.pool.retain(|_, _| false);
        }
        done
    }
}

/// What a statement that is its own transaction came to; none where it stood in the way of another, and is
/// to be tried again.
fn settled<T>(done: Result<T, Failure>, tries: &mut usize) -> Option<Result<T, MetadataError>> {
    *tries -= 1;
    match done {
        Err(failure) if failure.is_conflict() && *tries > 0 => None,
        done => Some(done.map_err(Failure::of_commit)),
    }
}

fn parse(database: &str) -> Result<Config, PostgresOpenError> {
    let config = Config::from_str(database);
    config.map_err(|error| {
        let like = "it must be like postgres://user:password@host/database";
        PostgresOpenError::Settings(format!("{error}; {like}"))
    })
}

/// The same, for connections that are not encrypted.
fn parse_plain(database: &str) -> Result<Config, PostgresOpenError> {
    let config = parse(database)?;
    if config.get_ssl_mode() == SslMode::Require {
        let unable = "sslmode=require, but TLS is not switched on for it";
        return Err(PostgresOpenError::Settings(unable.to_owned()));
    }
    Ok(config)
}

/// The same, for connections that are.
#[cfg(feature = "postgres-tls")]
fn parse_encrypted(database: &str) -> Result<Config, PostgresOpenError> {
    let mut config = parse(database)?;
    config.ssl_mode(SslMode::Require);
    Ok(config)
}

fn pool<T>(config: Config, settings: PostgresSettings, tls: T) -> Result<Pool, PostgresOpenError>
where
    T: MakeTlsConnect<Socket> + Clone + Sync + Send + 'static,
    T::Stream: Sync + Send,
    T::TlsConnect: Sync + Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let manager = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let hosts = InTurn::new(&config, settings.connect_timeout, tls);
    let patience = hosts.patience();
    let pool = Pool::builder(Manager::from_connect(config, hosts, manager))
        .max_size(settings.connections)
        .wait_timeout(Some(settings.connect_timeout))
        .create_timeout(Some(patience))
        .runtime(Runtime::Tokio1)
        .build();
    pool.map_err(|error| PostgresOpenError::Settings(error.to_string()))
}

impl fmt::Debug for PostgresMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The settings of the connection hold a password.
        f.debug_struct("PostgresMetadata").finish_non_exhaustive()
    }
}
