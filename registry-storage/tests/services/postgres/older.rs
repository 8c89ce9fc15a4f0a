//! Databases that older versions left behind, with what was in them, and those that newer ones have changed.

use std::time::Duration;

use futures_util::future::join_all;
use registry_core::backend::{Lease, Leases};
use registry_storage::{
    contract::run,
    postgres::{PostgresMetadata, PostgresOpenError, PostgresSettings},
};

use super::database::Database;

#[path = "../../suite/left_behind.rs"]
mod left_behind;

use left_behind::holds_all;

/// A database of each schema that there was.
pub(super) const OLDER: [&str; 3] = [
    include_str!("older/001.sql"),
    include_str!("older/002.sql"),
    include_str!("older/003.sql"),
];

/// The schema of this version.
const CURRENT: i64 = OLDER.len() as i64 + 1;

pub(super) async fn open(database: &Database) -> Result<PostgresMetadata, PostgresOpenError> {
    PostgresMetadata::connect(&database.address(), PostgresSettings::default()).await
}

#[test]
fn what_was_in_a_database_of_every_older_schema_is_there() {
    run(async {
        for sql in OLDER {
            let database = Database::of_dump(sql).await;
            for _ in 0..2 {
                let metadata = open(&database).await.unwrap();
                holds_all(&metadata).await;
                takes_a_lease(&metadata).await;
            }
            assert_eq!(
                tables(&database).await,
                tables(&Database::new().await).await
            );
        }
    });
}

/// What the migrations have made, column by column. A database of the tests has a clock besides.
async fn tables(database: &Database) -> Vec<String> {
    let sql = "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable)
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name <> 'test_clock'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1";
    let rows = database.connect().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn takes_a_lease(metadata: &PostgresMetadata) {
    let lease = Lease {
        work: "collection",
        holder: "a",
    };
    assert!(metadata.take_lease(lease, Duration::ZERO).await.unwrap());
}

/// As a migration of a later version leaves it, which says whom it gets on with.
async fn migrated_by_a_later_version(oldest: i64) -> Database {
    let database = Database::new().await;
    let newer = CURRENT + 1;
    let sql = format!(
        "CREATE TABLE of_a_later_version (id bigint);
        INSERT INTO migrations VALUES ({newer}); INSERT INTO compatible VALUES ({newer}, {oldest})"
    );
    database.connect().await.batch_execute(&sql).await.unwrap();
    database
}

#[test]
fn a_newer_database_that_gets_on_with_this_version_is_used() {
    run(async {
        for oldest in [1, CURRENT] {
            let database = migrated_by_a_later_version(oldest).await;
            let metadata = open(&database).await.unwrap();
            metadata.probe().await.unwrap();
        }
    });
}

#[test]
fn a_newer_database_that_does_not_is_refused() {
    run(async {
        let database = migrated_by_a_later_version(CURRENT + 1).await;
        let refused = open(&database).await.unwrap_err().to_string();
        assert!(refused.contains("run the newer version"), "{refused}");
    });
}

/// The first of them makes the schema, and the others find some of it made.
#[test]
fn servers_that_start_in_one_moment_make_one_schema() {
    run(async {
        let made = tables(&Database::new().await).await;
        for _ in 0..12 {
            let database = Database::empty().await;
            let opened = join_all((0..6).map(|_| open(&database))).await;
            let opened: Result<Vec<_>, _> = opened.into_iter().collect();
            opened.expect("each of them starts");
            assert_eq!(tables(&database).await, made);
        }
    });
}

/// Nobody who asks for anything waits for a migration, nor it for them.
#[test]
fn a_database_is_migrated_while_everything_in_it_is_in_use() {
    run(async {
        for sql in OLDER {
            let database = Database::empty().await;
            let other = database.connect().await;
            other.batch_execute(sql).await.unwrap();
            // As much as a command holds of each table, and for as long as this takes.
            let hold = "BEGIN; SET search_path TO public;
                LOCK TABLE registry, namespaces, repositories, contents, objects, unknown_objects, quarantine, links,
                    manifests, manifest_references, tags, appended_pulls, pulls, uploads, expired, collector,
                    passes, changes IN ROW EXCLUSIVE MODE";
            other.batch_execute(hold).await.unwrap();
            open(&database).await.unwrap();
        }
    });
}
