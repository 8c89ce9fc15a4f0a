//! Keys of the store that were given up and whose objects are deleted: for how long they are known.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use registry_core::{
    Caller, Digest, Push,
    backend::{BlobStore, Collection, NAMED_WITHIN, ObjectKey, PutBlobOutcome},
};
use registry_storage::{contract::run, memory::MemoryParts, postgres::PostgresMetadata};

use super::{
    database::Database,
    moving::registry,
    older::{OLDER, open},
    place::Place,
};

const MINUTE: Duration = Duration::from_mins(1);

const KEYS: &str = "SELECT count(*) FROM objects";

const TO_BE_FORGOTTEN: &str = "SELECT count(*) FROM gone_objects";

async fn give_up(metadata: &PostgresMetadata, key: &str) {
    let keys = [ObjectKey::new(key)];
    assert_eq!(metadata.doom(&keys, Duration::ZERO).await.unwrap(), 1);
    metadata.forget_doomed(&keys).await.unwrap();
}

async fn forget(place: &Place) {
    place.metadata.forget_doomed(&[]).await.unwrap();
}

#[test]
fn a_key_is_forgotten_when_nobody_can_name_it() {
    run(async {
        let place = Place::new().await;
        for key in ["objects/1", "objects/2"] {
            give_up(&place.metadata, key).await;
        }
        place.advance(NAMED_WITHIN + MINUTE).await;
        give_up(&place.metadata, "objects/3").await;
        assert_eq!(place.number(KEYS).await, 3);
        place.advance(NAMED_WITHIN).await;
        forget(&place).await;
        assert_eq!(place.number(KEYS).await, 1);
        assert_eq!(place.number(TO_BE_FORGOTTEN).await, 1);
        place.advance(NAMED_WITHIN).await;
        forget(&place).await;
        assert_eq!(place.number(KEYS).await, 0);
        assert_eq!(place.number(TO_BE_FORGOTTEN).await, 0);
    });
}

/// Not even one that nobody gave up, for that is what one looks like that was forgotten.
#[test]
fn no_key_is_named_by_a_writer_that_began_too_long_ago() {
    run(async {
        let place = Place::new().await;
        let begun = place.now().await;
        place.advance(NAMED_WITHIN - MINUTE).await;
        let put = async |text, key| place.put_blob_begun("team/app", text, key, begun).await;
        assert_eq!(put("layer", "objects/1").await, PutBlobOutcome::Stored);
        place.advance(MINUTE * 2).await;
        let late = put("other layer", "objects/2").await;
        assert_eq!(late, PutBlobOutcome::ObjectGone);
        assert!(!place.has_blob("team/app", "other layer").await);
        let known = put("layer", "objects/2").await;
        assert_eq!(known, PutBlobOutcome::Deduplicated);
    });
}

/// Its object was written by somebody who came late, and is to be deleted once more; what is old is forgotten
/// before that was done, or with it.
#[test]
fn a_key_that_is_given_up_anew_is_forgotten_by_the_last_time() {
    run(async {
        for before in [true, false] {
            let place = Place::new().await;
            let keys = [ObjectKey::new("objects/1")];
            give_up(&place.metadata, "objects/1").await;
            place.advance(NAMED_WITHIN * 2 + MINUTE).await;
            assert_eq!(place.metadata.doom(&keys, Duration::ZERO).await.unwrap(), 1);
            if before {
                forget(&place).await;
            }
            assert_eq!(place.metadata.doomed(10).await.unwrap().len(), 1);
            place.metadata.forget_doomed(&keys).await.unwrap();
            for (age, known) in [(MINUTE, 1), (NAMED_WITHIN, 1), (NAMED_WITHIN, 0)] {
                place.advance(age).await;
                forget(&place).await;
                assert_eq!(place.number(KEYS).await, known);
            }
        }
    });
}

/// Also where the facts are others since, and the permission was asked for again meanwhile.
#[test]
fn a_push_is_as_old_as_its_first_permission() {
    run(async {
        let place = Place::new().await;
        let blobs = Arc::new(MemoryParts::with_part_size(512)) as Arc<dyn BlobStore>;
        let registry = registry(&place.metadata, &blobs).await;
        let (caller, name) = (Caller::named("ada"), "team/app".parse().unwrap());
        let open = async || registry.open(&caller, &name).push().await.unwrap();
        let put = async |push: Push, text: &str| {
            let mut body = stream::iter([Ok(Bytes::from(text.repeat(100_000)))]);
            let digest = Digest::sha256(text.repeat(100_000).as_bytes());
            push.put_blob(&digest, &mut body).await
        };
        let (first, second) = (open().await, open().await);
        place.advance(NAMED_WITHIN - MINUTE).await;
        put(first, "a").await.unwrap();
        place.advance(MINUTE * 2).await;
        let refused = put(second, "b").await.unwrap_err().to_string();
        assert!(refused.contains("waited too long"), "{refused}");
        put(open().await, "b").await.unwrap();
    });
}

/// The commands of such a server do not say when they began.
#[test]
fn keys_stay_where_an_older_server_may_be_at_work() {
    run(async {
        for sql in OLDER {
            let database = Database::of_dump(sql).await;
            let other = database.connect().await;
            let metadata = open(&database).await.unwrap();
            give_up(&metadata, "objects/1").await;
            let row = other.query_one(TO_BE_FORGOTTEN, &[]).await.unwrap();
            assert_eq!(row.get::<_, i64>(0), 0);
            let gone = "SELECT state FROM objects WHERE key = 'objects/1'";
            let row = other.query_one(gone, &[]).await.unwrap();
            assert_eq!(row.get::<_, &str>(0), "gone");
        }
    });
}
