//! Connections that are of no use any more, and hosts that do not answer.

use std::{net::TcpListener, thread::sleep, time::Duration};

use registry_core::{
    Namespace, Visibility,
    backend::{CreateNamespace, MetadataErrorKind, NamespaceSettings, Repositories},
};
use registry_storage::{
    contract::run,
    postgres::{PostgresMetadata, PostgresSettings},
};

use super::{database::Database, place::ALICE};

fn settings() -> PostgresSettings {
    PostgresSettings {
        connect_timeout: Duration::from_secs(1),
        deadline: Duration::from_secs(5),
        ..PostgresSettings::default()
    }
}

/// A statement that changes a setting for connections that are made from now on.
fn alter(what: &str) -> String {
    format!("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {what}', current_database()); END $$")
}

/// As after a failover whose old primary's machine is gone without a word.
#[test]
fn a_host_that_is_silent_does_not_keep_from_the_next_one() {
    run(async {
        let database = Database::new().await;
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        let address = database.address();
        let rest = address.strip_prefix("host=").unwrap();
        let both = format!("host=127.0.0.1,{rest} port={port},5432");
        let metadata = PostgresMetadata::connect(&both, settings()).await.unwrap();
        metadata.probe().await.unwrap();
    });
}

/// As at a server that became a standby, behind an address that leads to the new primary.
#[test]
fn a_connection_that_cannot_write_is_not_used_again() {
    run(async {
        let database = Database::new().await;
        let control = database.connect().await;
        let read_only = alter("SET default_transaction_read_only = on");
        control.batch_execute(&read_only).await.unwrap();
        let address = database.address();
        let metadata = PostgresMetadata::connect(&address, settings())
            .await
            .unwrap();
        metadata.probe().await.unwrap_err();
        let writable = alter("RESET default_transaction_read_only");
        control.batch_execute(&writable).await.unwrap();
        metadata.probe().await.unwrap();
    });
}

/// It would wait for the lock, and for whoever has it, long after its connection was closed.
#[test]
fn a_statement_whose_time_is_over_is_stopped_in_the_database() {
    run(async {
        let database = Database::new().await;
        let (holder, control) = (database.connect().await, database.connect().await);
        let settings = PostgresSettings {
            deadline: Duration::from_secs(1),
            ..settings()
        };
        let address = database.address();
        let metadata = PostgresMetadata::connect(&address, settings).await.unwrap();
        let lock = "BEGIN; LOCK TABLE registry IN ACCESS EXCLUSIVE MODE";
        holder.batch_execute(lock).await.unwrap();
        let error = metadata.probe().await.unwrap_err();
        assert_eq!(error.kind, MetadataErrorKind::Unknown, "{error}");
        let waiting = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        for look in 1.. {
            let waiting: i64 = control.query_one(waiting, &[]).await.unwrap().get(0);
            if waiting == 0 {
                break;
            }
            assert!(look < 1000, "it waits though it was asked to stop");
            // Nobody is told when the database has done as it was asked.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        holder.batch_execute("ROLLBACK").await.unwrap();
        metadata.probe().await.unwrap();
    });
}

/// Otherwise somebody is told that it is there, and a failover takes it away.
#[test]
fn a_commit_that_waits_for_a_standby_is_seen_by_nobody() {
    run(async {
        let database = Database::new().await;
        let control = database.connect().await;
        let waiting = alter("SET synchronous_commit = on");
        control.batch_execute(&waiting).await.unwrap();
        let settings = PostgresSettings {
            deadline: Duration::from_secs(1),
            ..settings()
        };
        let address = database.address();
        let metadata = PostgresMetadata::connect(&address, settings).await.unwrap();
        let name = Namespace::parse("team").unwrap();
        let command = CreateNamespace {
            name: &name,
            settings: NamespaceSettings {
                visibility: Visibility::Private,
                collect_untagged: false,
            },
            origin: ALICE,
        };
        let made = metadata.create_namespace(command).await;
        assert_eq!(made.unwrap_err().kind, MetadataErrorKind::Unknown);
        // Whoever is asked to stop has had the time to do so.
        for _ in 0..50 {
            let sql = "SELECT count(*) FROM namespaces WHERE name = 'team'";
            let seen: i64 = control.query_one(sql, &[]).await.unwrap().get(0);
            assert_eq!(seen, 0);
            sleep(Duration::from_millis(20));
        }
    });
}
