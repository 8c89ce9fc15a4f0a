//! How the database is used: plain data.

use std::time::Duration;

/// How statements are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Statements {
    /// Prepared once for a connection and known by a name from then on: the least work for the database.
    #[default]
    Named,
    /// Sent whole each time, in one trip: for a pooler that hands connections out by the transaction, and
    /// knows nothing of names.
    Unnamed,
}

/// How the database is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostgresSettings {
    /// Connections of this process at most; more commands wait for one.
    pub connections: usize,
    /// How statements are sent.
    pub statements: Statements,
    /// How long a command may wait for a connection, and for one to be made.
    pub connect_timeout: Duration,
    /// How long a command may take. Then the database is asked to stop it, and it is given up.
    pub deadline: Duration,
    /// How far a standby may be behind that is asked for listings; one that is further behind is not asked.
    pub listings_lag: Duration,
    /// Whether a database is opened as well that a registry is on its way to, or has left: for who moves it.
    pub moving: bool,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            connections: 16,
            statements: Statements::Named,
            connect_timeout: Duration::from_secs(5),
            deadline: Duration::from_secs(30),
            listings_lag: Duration::from_secs(10),
            moving: false,
        }
    }
}
