//! Databases that older versions left behind, with what was in them, and those that newer ones have changed.

use std::time::Duration;

use registry_core::{
    Digest, Reference, RepositoryName,
    backend::{
        BlobContent, Checked, Content, Lease, Leases, ReferrersPage, Repositories, Scope, Uploads,
    },
};
use registry_storage::{
    contract::run,
    postgres::{PostgresMetadata, PostgresOpenError, PostgresSettings},
};

use super::database::Database;

/// A database of each schema that there was.
const OLDER: [&str; 1] = [include_str!("older/001.sql")];

/// The schema of this version.
const CURRENT: i64 = OLDER.len() as i64 + 1;

async fn open(database: &Database) -> Result<PostgresMetadata, PostgresOpenError> {
    PostgresMetadata::connect(&database.address(), PostgresSettings::default()).await
}

fn current<T>(answer: Result<Checked<T>, registry_core::backend::MetadataError>) -> T {
    match answer.unwrap() {
        Checked::Current(answer) => answer,
        Checked::Stale => panic!("nobody changed anything"),
    }
}

#[test]
fn what_was_in_a_database_of_every_older_schema_is_there() {
    run(async {
        for sql in OLDER {
            let database = Database::empty().await;
            database.connect().await.batch_execute(sql).await.unwrap();
            holds_all(&open(&database).await.unwrap()).await;
            holds_all(&open(&database).await.unwrap()).await;
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

async fn holds_all(metadata: &PostgresMetadata) {
    let name = RepositoryName::parse("team/app").unwrap();
    let facts = metadata.facts(&name).await.unwrap().version;
    let scope = Scope {
        repository: &name,
        facts,
    };
    let tags = current(metadata.tags(scope, None, 10).await);
    let tags: Vec<_> = tags.iter().map(|tag| tag.as_str()).collect();
    assert_eq!(tags, ["latest", "v1"]);
    let v1 = Reference::Tag("v1".parse().unwrap());
    let manifest = current(metadata.manifest(scope, &v1).await).unwrap();
    assert_eq!(Digest::sha256(&manifest.bytes), manifest.digest);
    let page = ReferrersPage {
        subject: &manifest.digest,
        artifact_type: None,
        after: None,
        limit: 10,
    };
    assert_eq!(current(metadata.referrers(scope, page).await).len(), 1);
    let small = Digest::sha256(b"a small layer");
    let small = current(metadata.blob(scope, &small).await).unwrap();
    assert_eq!(small.content, BlobContent::Inline("a small layer".into()));
    let large = Digest::sha256("a large layer ".repeat(4000).as_bytes());
    let there = current(metadata.blob(scope, &large).await).unwrap();
    assert_eq!(there.size, 56_000);
    let holders = metadata.holders(&large, None, None, 10).await.unwrap();
    let holders: Vec<_> = holders.iter().map(RepositoryName::as_str).collect();
    assert_eq!(holders, ["library/alone", "team/app"]);
    let writes = metadata.expire(Duration::ZERO, 10).await.unwrap();
    assert_eq!(writes.len(), 1, "the upload under way");
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
