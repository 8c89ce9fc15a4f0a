//! A registry that moves into PostgreSQL, and out of it.

use std::{sync::Arc, time::Duration};

use registry_core::{
    Algorithms, AllowAll, Caller, PageRequest, Registry, RepositoryName,
    backend::{BlobStore, Metadata, MetadataErrorKind, PullCount, Pulls, TagCondition},
};
use registry_storage::{
    Durability,
    directory::Directory,
    memory::MemoryParts,
    migrate::{Migration, Moment, Side, Verification},
    postgres::{Mark, PostgresMetadata, PostgresOpenError, PostgresSettings},
};

use super::database::Database;

#[path = "../../suite/journal/work.rs"]
mod work;

use work::{Chance, blob, push_image};

const PAGE: PageRequest<'_> = PageRequest {
    after: None,
    limit: 10,
};

async fn open(database: &Database, moving: bool) -> Result<PostgresMetadata, PostgresOpenError> {
    let settings = PostgresSettings {
        connections: 4,
        deadline: Duration::from_secs(5),
        moving,
        ..PostgresSettings::default()
    };
    PostgresMetadata::connect(&database.address(), settings).await
}

pub(super) async fn registry(
    metadata: &Arc<PostgresMetadata>,
    blobs: &Arc<dyn BlobStore>,
) -> Registry {
    let parts = Registry::builder()
        .metadata(Arc::clone(metadata) as Arc<dyn Metadata>)
        .blobs(Arc::clone(blobs))
        .random(registry_storage::SystemRandom)
        .policy(AllowAll)
        .spawner(work::spawn);
    parts.build().await.unwrap()
}

/// A server and what it has: an image in a repository.
async fn with_an_image(database: &Database) -> (Arc<PostgresMetadata>, Registry, RepositoryName) {
    let server = Arc::new(open(database, false).await.unwrap());
    let blobs = Arc::new(MemoryParts::with_part_size(512)) as Arc<dyn BlobStore>;
    let registry = registry(&server, &blobs).await;
    let name = "team/app".parse().unwrap();
    push_image(&registry, &name, blob(2), Some("v1")).await;
    (server, registry, name)
}

fn of(directory: &Directory) -> Side {
    Side {
        rows: Arc::clone(directory.metadata()) as _,
        blobs: Arc::new(directory.blobs().clone()),
    }
}

fn migration(from: Side, to: Side) -> Migration {
    Migration {
        from,
        to,
        parallel: 3,
        verification: Verification::Read,
        algorithms: Algorithms::standard(),
    }
}

async fn assert_same(from: &Side, to: &Side, seed: u64) {
    let compared = migration(from.clone(), to.clone()).compare().await.unwrap();
    assert_eq!(compared.different, 0, "seed {seed}: {compared:?}");
}

#[tokio::test]
async fn a_registry_moves_from_a_directory_and_back_and_is_what_it_was() {
    for seed in 0..4 {
        let place = tempfile::tempdir().unwrap();
        let [up, back] = ["up", "back"]
            .map(|name| Directory::open(place.path().join(name), Durability::Relaxed).unwrap());
        let (from, registry, mut chance) = (of(&up), work::registry(&up).await, Chance::new(seed));
        let database = Database::new().await;
        let metadata = Arc::new(open(&database, false).await.unwrap());
        let blobs = Arc::new(MemoryParts::with_part_size(512)) as Arc<dyn BlobStore>;
        let there = Side {
            rows: Arc::clone(&metadata) as _,
            blobs: Arc::clone(&blobs),
        };
        let moving = migration(from.clone(), there.clone());
        for moment in [Moment::First, Moment::Meanwhile, Moment::Last] {
            for _ in 0..40 {
                work::work(&registry, &mut chance).await;
            }
            let counts = ["team/app", "alone"].map(|name| PullCount {
                repository: name.parse().unwrap(),
                tag: Some("t1".parse().unwrap()),
                pulls: 1 + chance.below(9),
            });
            up.metadata().add_pulls(&counts).await.unwrap();
            moving.round(moment, &|_| ()).await.unwrap();
        }
        assert_same(&from, &there, seed).await;
        let down = migration(there.clone(), of(&back));
        down.round(Moment::First, &|_| ()).await.unwrap();
        assert_same(&from, &of(&back), seed).await;
        // What arrived is worked on as if it had always been there.
        let registry = self::registry(&metadata, &blobs).await;
        for _ in 0..40 {
            work::work(&registry, &mut chance).await;
        }
        down.round(Moment::Last, &|_| ()).await.unwrap();
        assert_same(&there, &of(&back), seed).await;
    }
}

#[tokio::test]
async fn writes_wait_while_a_registry_leaves_and_go_on_where_it_stays() {
    let database = Database::new().await;
    let (_, registry, name) = with_an_image(&database).await;
    let mover = open(&database, true).await.unwrap();
    let closing = mover.close_to_writes().await.unwrap();
    let waiting = tokio::spawn({
        let (registry, name) = (registry.clone(), name.clone());
        async move { push_image(&registry, &name, blob(4), Some("v2")).await }
    });
    until_waiting(&database).await;
    let caller = Caller::anonymous();
    let pull = registry.open(&caller, &name).pull().await.unwrap();
    let tags = pull.tags(PAGE).await.unwrap();
    assert_eq!(tags.items.len(), 1, "reads go on, and nothing is added");
    assert!(!waiting.is_finished());
    drop(closing);
    waiting.await.unwrap();
    let tags = pull.tags(PAGE).await.unwrap();
    assert_eq!(tags.items.len(), 2);
}

#[tokio::test]
async fn a_registry_that_has_left_is_read_on_and_written_to_by_nobody() {
    let database = Database::new().await;
    let (server, registry, name) = with_an_image(&database).await;
    let mover = open(&database, true).await.unwrap();
    let closing = mover.close_to_writes().await.unwrap();
    // It waits for the lock, and must not be told done once that goes.
    let waiting = tokio::spawn({
        let server = Arc::clone(&server);
        let count = PullCount {
            repository: name.clone(),
            tag: None,
            pulls: 3,
        };
        async move { server.add_pulls(&[count]).await }
    });
    until_waiting(&database).await;
    closing.moved("the data directory 'x'").await.unwrap();
    let refused = waiting.await.unwrap().unwrap_err();
    assert_eq!(refused.kind, MetadataErrorKind::Closed);
    let caller = Caller::anonymous();
    let delete = registry.open(&caller, &name).delete().await.unwrap();
    let tag = "v1".parse().unwrap();
    let refused = delete.tag(&tag, &TagCondition::Any).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.starts_with("this registry has moved"), "{refused}");
    server.probe().await.unwrap_err();
    let pull = registry.open(&caller, &name).pull().await.unwrap();
    assert_eq!(pull.tags(PAGE).await.unwrap().items.len(), 1);
    assert_eq!(server.pulls(&name, None).await.unwrap(), 0);
    let started = open(&database, false).await.unwrap_err().to_string();
    assert!(
        started.contains("has moved to the data directory 'x'"),
        "{started}"
    );
    // As the sentence says, it is taken back.
    let undo = started.split("have the database run ").nth(1).unwrap();
    database.connect().await.batch_execute(undo).await.unwrap();
    open(&database, false).await.unwrap();
    push_image(&registry, &name, blob(4), Some("v2")).await;
}

/// Waits until a statement of a server waits for a lock.
async fn until_waiting(database: &Database) {
    let client = database.connect().await;
    let sql = "SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waiting = async {
        while client.query(sql, &[]).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    waited.expect("nothing waits for a lock");
}

#[tokio::test]
async fn no_server_starts_on_a_database_that_a_registry_is_on_its_way_to() {
    let database = Database::new().await;
    let mover = open(&database, true).await.unwrap();
    mover.arriving("0123").await.unwrap();
    let refused = open(&database, false).await.unwrap_err();
    assert!(matches!(refused, PostgresOpenError::Arriving), "{refused}");
    let again = open(&database, true).await.unwrap();
    let mark = again.mark().await.unwrap();
    assert_eq!(mark, Some(Mark::Arriving("0123".to_owned())));
    again.arrived().await.unwrap();
    assert_eq!(again.mark().await.unwrap(), None);
    open(&database, false).await.unwrap();
}
