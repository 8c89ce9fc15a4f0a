//! A multipart upload stands in a row before its first part goes out, so the collector finds what a server
//! that was killed leaves behind.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use registry_core::{
    AllowAll, BodyError, Caller, Digest, Error, Push, PushedBlob, Registry, RepositoryName,
    Settings, Task, UploadId, backend::Metadata,
};
use registry_storage::{
    InlineSpawner, ManualClock, SystemRandom,
    contract::run,
    memory::MemoryMetadata,
    wrap::{Around, BackendError, Failure, Operation, WrappedMetadata},
};

use super::{Bucket, PART_SIZE, bytes, open};

const LARGE: u64 = 3 * PART_SIZE + 7;

/// A bucket, and metadata that notes what the bucket was asked before each checkpoint was kept.
struct Place {
    bucket: Arc<Bucket>,
    metadata: Arc<dyn Metadata>,
    rows: Arc<Rows>,
    clock: ManualClock,
}

#[derive(Default)]
struct Rows {
    bucket: Arc<Bucket>,
    before: Mutex<Vec<Vec<&'static str>>>,
    refused: Mutex<Option<Failure>>,
    /// Nobody hears that a session was cancelled, as where the server is killed then.
    unheard: Mutex<bool>,
}

impl Around for Rows {
    async fn around<T: Send, E: BackendError>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        if operation == Operation::Cancel && *self.unheard.lock().unwrap() {
            call.await?;
            return Err(E::of(Failure::Unknown, "unheard".to_owned()));
        }
        if operation != Operation::WriteCheckpoint {
            return call.await;
        }
        self.before.lock().unwrap().push(self.bucket.requests());
        let refused = self.refused.lock().unwrap().take();
        match refused {
            Some(failure) => Err(E::of(failure, "refused".to_owned())),
            None => call.await,
        }
    }
}

impl Place {
    fn new() -> Self {
        let (bucket, clock) = (Arc::<Bucket>::default(), ManualClock::default());
        let rows = Arc::new(Rows {
            bucket: Arc::clone(&bucket),
            ..Rows::default()
        });
        let inner = Arc::new(MemoryMetadata::new(Arc::new(clock.clone())));
        Self {
            metadata: Arc::new(WrappedMetadata::new(inner, Arc::clone(&rows))),
            bucket,
            rows,
            clock,
        }
    }

    /// A server.
    async fn registry(&self) -> Registry {
        self.spawning(InlineSpawner).await
    }

    async fn spawning(&self, spawner: impl registry_core::Spawn + 'static) -> Registry {
        let settings = Settings {
            inline_limit: 16,
            ..Settings::default()
        };
        let registry = Registry::builder()
            .metadata(Arc::clone(&self.metadata))
            .blobs(Arc::new(open(&self.bucket)))
            .random(SystemRandom)
            .policy(AllowAll)
            .spawner(spawner)
            .settings(settings);
        registry.build().await.unwrap()
    }

    /// What the bucket was asked before each row, and since the last.
    fn requests(&self) -> (Vec<Vec<&'static str>>, Vec<&'static str>) {
        let before = std::mem::take(&mut *self.rows.before.lock().unwrap());
        (before, self.bucket.requests())
    }

    /// Has uploads expire, and their writes given up.
    async fn collect(&self) {
        let registry = self.registry().await;
        let expiry = registry.settings().upload_expiry;
        self.clock.advance(expiry + Duration::from_secs(1));
        registry.collect().await.unwrap();
    }
}

async fn push(registry: &Registry) -> Push {
    let name = RepositoryName::parse("team/app").unwrap();
    let push = registry.open(&Caller::named("ada"), &name).push();
    push.await.unwrap()
}

type Body = stream::BoxStream<'static, Result<Bytes, BodyError>>;

/// Some bytes in pieces of a third of a part.
fn body(bytes: Bytes) -> Body {
    let piece = PART_SIZE as usize / 3;
    let pieces: Vec<_> = bytes
        .chunks(piece)
        .map(|it| Ok(bytes.slice_ref(it)))
        .collect();
    stream::iter(pieces).boxed()
}

/// The same, of which the rest never comes.
fn broken(bytes: Bytes) -> Body {
    body(bytes).chain(stream::pending()).boxed()
}

async fn put(push: &Push, bytes: &Bytes) -> registry_core::Result<PushedBlob> {
    let digest = Digest::sha256(bytes);
    push.put_blob(&digest, &mut body(bytes.clone())).await
}

/// Pushes until the rest does not come, and is gone then, with whatever it had to say.
async fn killed(place: &Place, id: Option<&UploadId>, bytes: Bytes) {
    let server = place.spawning(|task: Task| std::mem::forget(task)).await;
    let push = push(&server).await;
    let digest = Digest::sha256(&bytes);
    let mut body = broken(bytes);
    let pending = match id {
        None => push.put_blob(&digest, &mut body).now_or_never().is_none(),
        Some(id) => {
            let upload = push.upload(id).unwrap();
            upload.append(None, &mut body).now_or_never().is_none()
        }
    };
    assert!(pending);
}

#[test]
fn the_first_part_of_a_push_goes_out_after_its_row() {
    run(async {
        let place = Place::new();
        let registry = place.registry().await;
        let bytes = bytes(LARGE);
        put(&push(&registry).await, &bytes).await.unwrap();
        let rest = vec!["part", "part", "part", "part", "complete"];
        assert_eq!(place.requests(), (vec![vec!["create"]], rest.clone()));

        let push = push(&registry).await;
        let id = push.begin_upload(None).unwrap();
        let upload = push.upload(&id).unwrap();
        let other = Bytes::from([&bytes[..], b"x"].concat());
        let (mut body, digest) = (body(other.clone()), Digest::sha256(&other));
        upload.finish(None, &mut body, &digest).await.unwrap();
        assert_eq!(place.requests(), (vec![vec!["create"]], rest));
    });
}

#[test]
fn a_push_within_a_part_writes_no_row() {
    run(async {
        let place = Place::new();
        let registry = place.registry().await;
        for length in [0, 1, 16, 17, PART_SIZE] {
            let bytes = bytes(length);
            let push = push(&registry).await;
            put(&push, &bytes).await.unwrap();
            assert_eq!(
                place.requests().0,
                Vec::<Vec<&str>>::new(),
                "{length} bytes"
            );
        }
    });
}

#[test]
fn what_a_killed_server_began_is_given_up_when_it_has_expired() {
    run(async {
        let place = Place::new();
        for in_a_session in [false, true] {
            let push = push(&place.registry().await).await;
            let id = push.begin_upload(None).unwrap();
            killed(&place, in_a_session.then_some(&id), bytes(LARGE)).await;
            assert_eq!(place.bucket.uploads(), 1, "the push is under way");
            place.collect().await;
            assert_eq!(place.bucket.uploads(), 0);
        }
    });
}

#[test]
fn what_a_server_cancelled_that_was_killed_then_is_given_up() {
    run(async {
        let place = Place::new();
        for wrong_digest in [false, true] {
            let push = push(&place.registry().await).await;
            let id = push.begin_upload(None).unwrap();
            let upload = push.upload(&id).unwrap();
            let mut most = body(bytes(LARGE));
            upload.append(None, &mut most).await.unwrap();
            assert_eq!(place.bucket.uploads(), 1);
            *place.rows.unheard.lock().unwrap() = true;
            match wrong_digest {
                false => upload.cancel().await.unwrap_err(),
                true => {
                    let mut nothing = body(Bytes::new());
                    let other = Digest::sha256(b"other");
                    let finished = upload.finish(Some(LARGE), &mut nothing, &other).await;
                    finished.unwrap_err()
                }
            };
            *place.rows.unheard.lock().unwrap() = false;
            place.collect().await;
            assert_eq!(place.bucket.uploads(), 0);
        }
    });
}

/// Nothing that was acknowledged goes with it.
#[test]
fn a_session_goes_on_where_it_was_before_the_server_was_killed() {
    run(async {
        let place = Place::new();
        for kept in [0, 1, 16, 17, PART_SIZE - 1, PART_SIZE] {
            let (registry, whole) = (place.registry().await, bytes(LARGE + kept));
            let push = push(&registry).await;
            let id = push.begin_upload(None).unwrap();
            let upload = push.upload(&id).unwrap();
            let mut first = body(whole.slice(..kept as usize));
            assert_eq!(upload.append(None, &mut first).await.unwrap(), kept);
            killed(&place, Some(&id), whole.slice(kept as usize..)).await;
            assert_eq!(upload.status().await.unwrap().offset, kept);
            let mut rest = body(whole.slice(kept as usize..));
            let digest = Digest::sha256(&whole);
            upload.finish(Some(kept), &mut rest, &digest).await.unwrap();
            assert_eq!(place.bucket.uploads(), 0);
        }
    });
}

#[test]
fn what_cannot_be_named_is_given_up_and_nothing_of_it_sent() {
    run(async {
        let place = Place::new();
        let registry = place.registry().await;
        let bytes = bytes(LARGE);
        let push = push(&registry).await;
        *place.rows.refused.lock().unwrap() = Some(Failure::Unavailable);
        let refused = put(&push, &bytes).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))));
        assert_eq!(place.requests(), (vec![vec!["create"]], vec!["abort"]));
        assert_eq!(place.bucket.uploads(), 0);
    });
}

/// Nobody knows the session of a push in one go, so nothing of it waits for its expiry.
#[test]
fn a_push_in_one_go_whose_client_goes_away_is_given_up_at_once() {
    run(async {
        let place = Place::new();
        let registry = place.registry().await;
        let push = push(&registry).await;
        let bytes = bytes(LARGE);
        let digest = Digest::sha256(&bytes);
        let mut body = broken(bytes);
        assert!(push.put_blob(&digest, &mut body).now_or_never().is_none());
        while place.bucket.uploads() > 0 {
            tokio::task::yield_now().await;
        }
    });
}
