//! What can go wrong, and what it means to the engine.

use std::error::Error;

use deadpool_postgres::PoolError;
use registry_core::{
    Digest,
    backend::{MetadataError, MetadataErrorKind, ObjectKey},
};
use tokio_postgres::error::SqlState;

use super::moving::CLOSED;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PostgresOpenError {
    /// The settings are no settings of a connection.
    #[error("the settings of the database cannot be read: {0}")]
    Settings(String),
    /// It cannot be reached, or refuses.
    #[error("the database cannot be used: {0}")]
    Unusable(String),
    /// The registry that was there is elsewhere now.
    #[error(
        "the registry of this database has moved to {0}; what it was told since is there and not here: to go back \
         all the same, have the database run DROP FUNCTION registry_moved() CASCADE; DROP TABLE moving; DELETE \
         FROM migrations WHERE version = 9223372036854775807"
    )]
    Moved(String),
    /// A registry is on its way to it.
    #[error(
        "a registry is being moved into this database, and not all of it is there: run registry migrate again \
         where it comes from"
    )]
    Arriving,
    /// What is there was written by a version that is too new.
    #[error(
        "the database has schema {found}, written by a newer version of the registry, and needs one that \
         knows schema {oldest}; this one knows schemas up to {current}: run the newer version, or restore a \
         backup from before it"
    )]
    Newer {
        /// What is there.
        found: i64,
        /// The oldest schema that code must know to use it.
        oldest: i64,
        /// What this version writes.
        current: i64,
    },
}

impl From<Failure> for PostgresOpenError {
    fn from(failure: Failure) -> Self {
        Self::Unusable(failure.to_string())
    }
}

/// Why a command or a read was not done. Unless it was in its commit, nothing of it happened.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{}", told(.0))]
    Postgres(#[from] tokio_postgres::Error),
    #[error("no connection to the database: {}", with_causes(.0))]
    Pool(#[from] PoolError),
    #[error("the database did not answer in time")]
    TooSlow,
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("the database holds what this version cannot read: {0}")]
    Unreadable(String),
    #[error("another came first")]
    Overtaken,
    #[error("the object {key} serves {digest} already")]
    ServesAnother { key: ObjectKey, digest: Digest },
}

/// An error of the driver with the database's own words, which it does not show by itself.
fn told(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} ({})", said.message(), said.code().code()),
        None => with_causes(error),
    }
}

/// An error and what caused it, which some tell themselves and some do not.
fn with_causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !words.contains(&told) {
            words = format!("{words}: {told}");
        }
        cause = error.source();
    }
    words
}

impl Failure {
    fn state(&self) -> Option<&SqlState> {
        match self {
            Self::Postgres(error) => error.code(),
            _ => None,
        }
    }

    /// Whether the transaction stood in the way of another, and may simply be tried again.
    pub(super) fn is_conflict(&self) -> bool {
        let conflicts = [
            &SqlState::T_R_SERIALIZATION_FAILURE,
            &SqlState::T_R_DEADLOCK_DETECTED,
        ];
        matches!(self, Self::Overtaken)
            || self.state().is_some_and(|state| conflicts.contains(&state))
    }

    /// Whether the connection answered, and can be used again.
    pub(super) fn was_answered(&self) -> bool {
        !matches!(self, Self::Pool(_) | Self::TooSlow)
            && !matches!(self, Self::Postgres(error) if error.code().is_none() || ends_session(error))
    }

    /// Whether the connection is of no use any more: it broke, fell silent, or the server is not the one that
    /// takes writes.
    pub(super) fn is_of_connection(&self) -> bool {
        !self.was_answered() && !matches!(self, Self::Pool(_))
    }

    /// Whether what was to be made has been made by another.
    pub(super) fn is_there_already(&self) -> bool {
        // A table brings a type of its name, and either may be found first.
        let there = [
            &SqlState::UNIQUE_VIOLATION,
            &SqlState::DUPLICATE_TABLE,
            &SqlState::DUPLICATE_OBJECT,
        ];
        self.state().is_some_and(|state| there.contains(&state))
    }

    fn is_full(&self) -> bool {
        let full = [&SqlState::DISK_FULL, &SqlState::OUT_OF_MEMORY];
        self.state().is_some_and(|state| full.contains(&state))
    }

    /// Whether the database refuses writes, because its registry has moved.
    fn is_closed(&self) -> bool {
        self.state().is_some_and(|state| state.code() == CLOSED)
    }

    /// What it means where it struck a commit, or a statement that is its own transaction.
    pub(super) fn of_commit(self) -> MetadataError {
        let kind = match &self {
            _ if self.is_closed() => return self.into(),
            // The database says that it was undone.
            _ if self.is_full() => MetadataErrorKind::Full,
            _ if self.was_answered() => MetadataErrorKind::Unavailable,
            Self::Pool(_) => MetadataErrorKind::Unavailable,
            _ => MetadataErrorKind::Unknown,
        };
        MetadataError::new(kind, self.to_string())
    }
}

/// Whether the server said this as the last thing to a connection, or of a connection that will never write.
fn ends_session(error: &tokio_postgres::Error) -> bool {
    let ends = [
        &SqlState::ADMIN_SHUTDOWN,
        &SqlState::CRASH_SHUTDOWN,
        &SqlState::CANNOT_CONNECT_NOW,
        &SqlState::READ_ONLY_SQL_TRANSACTION,
    ];
    error.code().is_some_and(|code| ends.contains(&code))
}

impl From<Failure> for MetadataError {
    fn from(failure: Failure) -> Self {
        let kind = match &failure {
            Failure::Postgres(error) if failure.is_closed() => {
                let said = error.as_db_error().map_or("", |said| said.message());
                return Self::new(MetadataErrorKind::Closed, said);
            }
            _ if failure.is_full() => MetadataErrorKind::Full,
            _ => MetadataErrorKind::Unavailable,
        };
        Self::new(kind, failure.to_string())
    }
}
