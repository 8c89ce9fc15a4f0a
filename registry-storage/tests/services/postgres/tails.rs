//! Where the tails of uploads stand.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join;
use registry_core::{
    HashState, RepositoryName, UploadId,
    backend::{
        ClaimOutcome, ObjectKey, PartialContent, SessionKey, StoreCheckpoint, Tail, TailChange,
        UploadCheckpoint, Uploads, WriteCheckpoint,
    },
};
use registry_storage::{contract::run, postgres::PostgresMetadata};

use super::{
    database::Database,
    older::{OLDER, open},
    place::Place,
};

/// Where older servers may still be at work a tail stands where they look for it, and where none can be it has rows
/// of its own; both are gone on with.
#[test]
fn a_tail_is_put_where_the_oldest_server_finds_it() {
    run(async {
        let mut places = vec![(Database::new().await, 1)];
        for (sql, rows) in OLDER.into_iter().zip([0, 0, 2]) {
            let database = Database::of_dump(sql).await;
            places.push((database, rows));
        }
        for (database, rows) in places {
            let metadata = open(&database).await.unwrap();
            let sent = kept(&metadata, "session").await;
            assert_eq!(tails(&database).await, rows);
            let claimed = claimed(&metadata, "session").await;
            let whole = |kept: &StoreCheckpoint| [&*kept.state, &kept.tail.after(0)].concat();
            assert_eq!(whole(&claimed), whole(&sent));
            assert_eq!(claimed.tail.is_empty(), rows == 0);
        }
    });
}

#[test]
fn no_tail_outlives_its_session() {
    run(async {
        let database = Database::new().await;
        let metadata = open(&database).await.unwrap();
        for session in ["cancelled", "idle", "also-idle"] {
            kept(&metadata, session).await;
        }
        let (repository, id) = name("cancelled");
        metadata.cancel(key(&repository, &id)).await.unwrap();
        assert_eq!(tails(&database).await, 2);
        metadata.expire(Duration::ZERO, 10).await.unwrap();
        assert_eq!(tails(&database).await, 0);
    });
}

/// A claim that waits for whoever writes reads the tail of the checkpoint that it then finds, and not the one that was
/// there when it began to wait: of the same length it would be taken for it.
#[test]
fn a_claim_reads_the_tail_of_the_checkpoint_that_it_waited_for() {
    run(async {
        let place = Place::new().await;
        let before = kept(&place.metadata, "session").await;
        let writer = place.connect().await;
        let write = "BEGIN; UPDATE uploads SET object_offset = 200;
            DELETE FROM upload_tails;
            INSERT INTO upload_tails SELECT id, 0, 'new tail' FROM uploads";
        writer.batch_execute(write).await.unwrap();
        let others = async {
            place.waiting(1).await;
            writer.batch_execute("COMMIT").await.unwrap();
        };
        let (claimed, ()) = join(claimed(&place.metadata, "session"), others).await;
        assert_eq!(before.tail.len(), claimed.tail.len());
        assert_eq!(
            (claimed.offset, &*claimed.tail.after(0)),
            (200, &b"new tail"[..])
        );
    });
}

async fn tails(database: &Database) -> i64 {
    let sql = "SELECT count(*) FROM upload_tails";
    let row = database.connect().await.query_one(sql, &[]).await;
    row.unwrap().get(0)
}

fn name(session: &str) -> (RepositoryName, UploadId) {
    let repository = RepositoryName::parse("team/app").unwrap();
    (repository, UploadId::parse(session).unwrap())
}

fn key<'a>(repository: &'a RepositoryName, id: &'a UploadId) -> SessionKey<'a> {
    SessionKey { repository, id }
}

/// Keeps a first checkpoint with a tail.
async fn kept(metadata: &PostgresMetadata, session: &str) -> StoreCheckpoint {
    let (repository, id) = name(session);
    let store = StoreCheckpoint {
        key: ObjectKey::new(format!("uploads/{session}")),
        offset: 100,
        state: Bytes::from_static(b"notes of the store"),
        tail: Tail::from_iter([Bytes::from_static(b"the "), Bytes::from_static(b"tail")]),
    };
    let checkpoint = UploadCheckpoint {
        offset: 100,
        hash: HashState {
            format: "a/1".to_owned(),
            bytes: Vec::new(),
        },
        content: PartialContent::Store(store.clone()),
    };
    let command = WriteCheckpoint {
        session: key(&repository, &id),
        epoch: 0,
        checkpoint,
        tail: TailChange::Append(0),
    };
    metadata.write_checkpoint(command).await.unwrap();
    store
}

/// What a claim goes on from.
async fn claimed(metadata: &PostgresMetadata, session: &str) -> StoreCheckpoint {
    let (repository, id) = name(session);
    match metadata.claim(key(&repository, &id)).await.unwrap() {
        ClaimOutcome::Claimed { from, .. } => match from.content {
            PartialContent::Store(claimed) => claimed,
            PartialContent::Inline(_) => panic!("its bytes are in the store"),
        },
        other => panic!("claiming an open session answered {other:?}"),
    }
}
