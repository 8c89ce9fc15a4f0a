//! A database that servers share.

use std::{path::PathBuf, time::Duration};

use registry_core::Secret;
use registry_storage::postgres::{PostgresSettings, Statements};

use crate::config::{choice::choice, declaration::section};

section! {
    /// A PostgreSQL database for everything but large content, in place of the SQLite database in `storage.path`. Any
    /// number of servers may share it; it goes together with a bucket (`objects`), and then nothing is kept in
    /// `storage.path`.
    Database = "database" {
        /// Where it is: `postgres://user:password@host/name`. Several hosts may be named, of which the one that takes
        /// writes is used: `postgres://user:password@one,two/name?target_session_attrs=read-write`.
        url: Option<Secret> = None;

        /// A standby that streams from it, and answers listings in its place: the catalogue and lists of tags, which may then be
        /// older than a moment, by `listings_lag` at most. Written as `url`, with the same settings; of several hosts
        /// the first that can be reached is used. While it is away or too far behind the database itself answers.
        listings: Option<Secret> = None;

        /// How far that standby may be behind. At least `1s`.
        listings_lag: Duration = PostgresSettings::default().listings_lag;

        /// Speak TLS to it and nothing else, and verify its certificate.
        tls: bool = false;

        /// A PEM file of the authorities that are trusted for that, and no others. Without it those whom the system
        /// trusts.
        authorities: Option<PathBuf> = None;

        /// Connections of this server at most.
        connections: usize = PostgresSettings::default().connections;

        /// How statements are sent.
        statements: Statements = Statements::Named;

        /// Wait so long for a connection, and then answer 503.
        connect_timeout: Duration = PostgresSettings::default().connect_timeout;

        /// Wait so long for what a request asks of the database. Then it is told to stop, and the answer is 503.
        deadline: Duration = PostgresSettings::default().deadline;
    }
}

choice! {
    Statements {
        Named = "named": "prepared once for a connection; the least work for the database",
        Unnamed = "unnamed": "whole each time, in one trip; for PgBouncer and others that hand connections out by the \
            transaction",
    }
}
