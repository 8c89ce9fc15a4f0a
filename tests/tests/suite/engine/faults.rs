//! The engine over backends that fail, and clients that go away.

use std::{
    collections::VecDeque,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use registry_core::{
    AllowAll, Builder, Caller, Digest, Error, Settings, Spawn, Task,
    backend::{BlobStore, Metadata},
};
use registry_storage::wrap::{
    CountingMetadata, Counts, Fault, Faults, FaultyBlobs, FaultyMetadata, Operation, When,
};

use super::fixture::{Fixture, LARGE, another, body, image, large, refused, repository, run};

const NAME: &str = "team/app";

/// A registry whose backends fail by plan, beside a sound one over the same store.
struct Faulty {
    sound: Fixture,
    faults: Arc<Faults>,
    fixture: Fixture,
}

impl Faulty {
    fn new() -> Self {
        Self::with(|builder| builder)
    }

    fn with(parts: impl FnOnce(Builder) -> Builder) -> Self {
        let sound = Fixture::new();
        let faults = Arc::new(Faults::default());
        let (blobs, metadata) = (Arc::clone(&sound.blobs), Arc::clone(&sound.metadata));
        let blobs = FaultyBlobs::new(blobs as Arc<dyn BlobStore>, Arc::clone(&faults));
        let metadata = FaultyMetadata::new(metadata as Arc<dyn Metadata>, Arc::clone(&faults));
        let registry = another(
            &sound.blobs,
            &sound.metadata,
            Settings::default(),
            |builder| {
                let builder = builder.policy(AllowAll);
                parts(builder.blobs(Arc::new(blobs)).metadata(Arc::new(metadata)))
            },
        );
        let fixture = Fixture {
            registry,
            ..sound.as_caller(Caller::named("ada"))
        };
        Self {
            sound,
            faults,
            fixture,
        }
    }

    fn once(&self, operation: Operation, fault: Fault) {
        self.faults.clear();
        self.faults.add(operation, When::Nth(1), fault);
    }
}

/// Keeps tasks until a test runs them.
#[derive(Clone, Default)]
struct Queue(Arc<Mutex<VecDeque<Task>>>);

impl Spawn for Queue {
    fn spawn(&self, task: Task) {
        self.0.lock().unwrap().push_back(task);
    }
}

impl Queue {
    async fn run(&self) {
        loop {
            let task = self.0.lock().unwrap().pop_front();
            match task {
                Some(task) => task.await,
                None => break,
            }
        }
    }
}

#[test]
fn hazard_39_a_commit_whose_answer_was_lost_keeps_its_object() {
    run(async {
        let faulty = Faulty::new();
        faulty.once(Operation::PutBlob, Fault::LostAnswer);
        let bytes = large(1);
        refused!(
            faulty.fixture.put_blob(NAME, &bytes).await,
            Error::Unavailable(_)
        );
        let digest = Digest::sha256(&bytes);
        assert_eq!(faulty.sound.blob(NAME, &digest).await.unwrap(), bytes);
    });
}

#[test]
fn hazard_39_a_completion_whose_answer_was_lost_is_decided_by_a_look_at_its_key() {
    run(async {
        let faulty = Faulty::new();
        faulty.once(Operation::Commit, Fault::LostAnswer);
        let blob = faulty
            .fixture
            .put_blob(NAME, &large(1))
            .await
            .unwrap()
            .digest;
        assert_eq!(faulty.sound.blob(NAME, &blob).await.unwrap(), large(1));

        let id = faulty.fixture.begin(NAME).await;
        faulty
            .fixture
            .append(NAME, &id, None, &large(2))
            .await
            .unwrap();
        faulty.once(Operation::Commit, Fault::LostAnswer);
        let digest = Digest::sha256(&large(2));
        faulty
            .fixture
            .finish(NAME, &id, b"", &digest)
            .await
            .unwrap();
        assert_eq!(faulty.sound.blob(NAME, &digest).await.unwrap(), large(2));

        faulty.once(Operation::Commit, Fault::LostRequest);
        refused!(
            faulty.fixture.put_blob(NAME, &large(3)).await,
            Error::Unavailable(_)
        );
        let digest = Digest::sha256(&large(3));
        refused!(
            faulty.sound.blob(NAME, &digest).await,
            Error::BlobUnknown(_)
        );
    });
}

/// As when the process is killed between the two, or the transaction is refused.
#[test]
fn hazard_14_a_session_whose_object_was_never_named_ends() {
    run(async {
        for fault in [Fault::LostRequest, Fault::Unavailable, Fault::Full] {
            let faulty = Faulty::new();
            let (fixture, digest) = (&faulty.fixture, Digest::sha256(&large(1)));
            let id = fixture.begin(NAME).await;
            fixture.append(NAME, &id, None, &large(1)).await.unwrap();
            faulty.once(Operation::PutBlob, fault);
            assert!(fixture.finish(NAME, &id, b"", &digest).await.is_err());

            let again = fixture.finish(NAME, &id, b"", &digest).await;
            refused!(again, Error::UploadUnknown);
            refused!(fixture.status(NAME, &id).await, Error::UploadUnknown);
            fixture.put_blob(NAME, &large(1)).await.unwrap();
            assert_eq!(fixture.blob(NAME, &digest).await.unwrap(), large(1));
        }
    });
}

#[test]
fn what_was_refused_gives_its_space_back_and_a_full_store_says_so() {
    run(async {
        let faulty = Faulty::new();
        faulty.once(Operation::PutBlob, Fault::Unavailable);
        refused!(
            faulty.fixture.put_blob(NAME, &large(1)).await,
            Error::Unavailable(_)
        );
        assert_eq!(
            (
                faulty.sound.objects().await,
                faulty.sound.unfinished().await
            ),
            (0, 0)
        );
        for operation in [
            Operation::Begin,
            Operation::Append,
            Operation::Commit,
            Operation::PutBlob,
        ] {
            faulty.once(operation, Fault::Full);
            refused!(faulty.fixture.put_blob(NAME, &large(1)).await, Error::Full);
        }
        faulty.faults.clear();
        faulty.sound.collect_all().await;
        assert_eq!(
            (
                faulty.sound.objects().await,
                faulty.sound.unfinished().await
            ),
            (0, 0)
        );
    });
}

#[test]
fn hazard_06_a_manifest_whose_transaction_fails_moves_no_tag() {
    run(async {
        let faulty = Faulty::new();
        let first = faulty.fixture.image(NAME, "v1", b"first").await;
        faulty.fixture.put_blob(NAME, b"second").await.unwrap();
        for fault in [Fault::Unavailable, Fault::Full, Fault::LostRequest] {
            faulty.once(Operation::PutManifest, fault);
            assert!(
                faulty
                    .fixture
                    .put(NAME, "v1", &image(&[b"second"]))
                    .await
                    .is_err()
            );
            assert_eq!(faulty.sound.manifest(NAME, "v1").await.unwrap(), first);
        }
    });
}

#[test]
fn hazard_04_a_read_that_meets_a_wrong_length_quarantines_and_a_push_heals() {
    run(async {
        let end = LARGE as u64;
        for range in [None, Some(0..10), Some(end - 1..end)] {
            let sound = Fixture::new();
            let blob = sound.put_blob(NAME, &large(1)).await.unwrap().digest;
            let broken = sound.shortened();
            let pull = broken
                .registry
                .open(&sound.caller, &repository(NAME))
                .pull()
                .await
                .unwrap();
            let read = pull.blob(&blob).await.unwrap().read(range).await;
            assert!(matches!(read, Err(Error::BlobUnknown(_))));
            refused!(sound.blob(NAME, &blob).await, Error::BlobUnknown(_));
            sound.put_blob(NAME, &large(1)).await.unwrap();
            assert_eq!(sound.blob(NAME, &blob).await.unwrap(), large(1));
        }
    });
}

#[test]
fn a_store_that_cannot_read_now_quarantines_nothing() {
    run(async {
        let faulty = Faulty::new();
        let blob = faulty
            .fixture
            .put_blob(NAME, &large(1))
            .await
            .unwrap()
            .digest;
        for fault in [Fault::Unavailable, Fault::CutRead(10), Fault::ShortRead(10)] {
            faulty.once(Operation::Read, fault);
            refused!(
                faulty.fixture.blob(NAME, &blob).await,
                Error::Unavailable(_)
            );
        }
        faulty.faults.clear();
        assert_eq!(faulty.fixture.blob(NAME, &blob).await.unwrap(), large(1));
    });
}

#[test]
fn hazard_01_a_torn_append_resumes_at_the_last_checkpoint() {
    run(async {
        let faulty = Faulty::new();
        let (first, second) = (large(1), large(2));
        let id = faulty.fixture.begin(NAME).await;
        let kept = faulty
            .fixture
            .append(NAME, &id, None, &first)
            .await
            .unwrap();
        faulty.once(Operation::Append, Fault::TornWrite(10));
        assert!(
            faulty
                .fixture
                .append(NAME, &id, None, &second)
                .await
                .is_err()
        );
        assert_eq!(faulty.fixture.status(NAME, &id).await.unwrap(), kept);
        faulty
            .fixture
            .append(NAME, &id, Some(kept), &second)
            .await
            .unwrap();
        let whole = [first, second].concat();
        let digest = Digest::sha256(&whole);
        faulty
            .fixture
            .finish(NAME, &id, b"", &digest)
            .await
            .unwrap();
        assert_eq!(faulty.sound.blob(NAME, &digest).await.unwrap(), whole);
    });
}

/// Polls a future so many times and drops it.
fn drop_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
    }
    None
}

#[test]
fn hazard_38_a_push_dropped_at_any_await_is_whole_or_not_there_and_leaks_nothing() {
    run(async {
        for polls in 0..60 {
            let queue = Queue::default();
            let faulty = Faulty::with(|builder| builder.spawner(queue.clone()));
            faulty.faults.add(None, When::Every(1), Fault::Pending(1));
            let bytes = large(1);
            let finished = drop_after(polls, async {
                faulty.fixture.put_blob(NAME, &bytes).await?;
                faulty.fixture.put_blob(NAME, b"{}").await?;
                faulty.fixture.put(NAME, "v1", &image(&[&bytes])).await
            });
            faulty.faults.clear();
            queue.run().await;
            let Faulty { sound, .. } = &faulty;
            match sound.manifest(NAME, "v1").await {
                Ok(_) => assert_eq!(
                    sound.blob(NAME, &Digest::sha256(&bytes)).await.unwrap(),
                    bytes
                ),
                Err(_) => assert!(finished.is_none(), "acknowledged and gone after {polls}"),
            }
            sound.put_blob(NAME, &bytes).await.unwrap();
            sound.put_blob(NAME, b"{}").await.unwrap();
            sound.put(NAME, "v1", &image(&[&bytes])).await.unwrap();
            sound.collect_all().await;
            assert_eq!(
                (sound.objects().await, sound.unfinished().await),
                (1, 0),
                "{polls}"
            );
        }
    });
}

#[test]
fn hazard_38_an_upload_dropped_at_any_await_goes_on_where_its_status_says() {
    run(async {
        let whole = [large(1), large(2)].concat();
        let digest = Digest::sha256(&whole);
        for polls in 0..60 {
            let queue = Queue::default();
            let faulty = Faulty::with(|builder| builder.spawner(queue.clone()));
            let id = faulty.fixture.begin(NAME).await;
            faulty.faults.add(None, When::Every(1), Fault::Pending(1));
            let push = faulty
                .fixture
                .registry
                .open(&faulty.fixture.caller, &repository(NAME));
            drop_after(polls, async {
                let upload = push.push().await?.upload(&id)?;
                let (first, second) = whole.split_at(large(1).len());
                upload.append(None, &mut body(&[first])).await?;
                upload.finish(None, &mut body(&[second]), &digest).await
            });
            faulty.faults.clear();
            queue.run().await;
            if let Ok(kept) = faulty.fixture.status(NAME, &id).await {
                let rest = &whole[usize::try_from(kept).unwrap()..];
                let push = faulty
                    .sound
                    .registry
                    .open(&faulty.sound.caller, &repository(NAME));
                let upload = push.push().await.unwrap().upload(&id).unwrap();
                upload
                    .finish(Some(kept), &mut body(&[rest]), &digest)
                    .await
                    .unwrap();
            }
            assert_eq!(
                faulty.sound.blob(NAME, &digest).await.unwrap(),
                whole,
                "{polls}"
            );
            let expired = faulty.sound.registry.settings().upload_expiry * 2;
            faulty.sound.clock.advance(expired);
            faulty.sound.collect_all().await;
            assert_eq!(faulty.sound.unfinished().await, 0, "{polls}");
        }
    });
}

#[test]
fn hazard_18_denied_and_absent_run_the_same_statements() {
    run(async {
        let sound = Fixture::new();
        let pushed = sound.image("team/secret", "v1", b"layer").await;
        let counts = Arc::new(Counts::default());
        let metadata = Arc::clone(&sound.metadata) as Arc<dyn Metadata>;
        let counted = Arc::new(CountingMetadata::new(metadata, Arc::clone(&counts)));
        let statements = async |policy: bool, name: &str| {
            let registry = another(
                &sound.blobs,
                &sound.metadata,
                Settings::default(),
                |builder| {
                    let builder = builder.metadata(Arc::clone(&counted) as Arc<dyn Metadata>);
                    if policy {
                        builder.policy(AllowAll)
                    } else {
                        builder.policy(registry_auth::SignedIn)
                    }
                },
            );
            let caller = Caller::anonymous();
            let fixture = Fixture {
                registry,
                ..sound.as_caller(caller)
            };
            counts.take();
            assert!(fixture.manifest(name, "v1").await.is_err());
            assert!(fixture.manifest(name, pushed.as_str()).await.is_err());
            assert!(fixture.blob(name, &Digest::sha256(b"layer")).await.is_err());
            counts.take()
        };
        let denied = statements(false, "team/secret").await;
        assert_eq!(denied, statements(false, "team/none").await);
        assert_eq!(denied, statements(true, "team/none").await);
        assert!(!denied.is_empty());
    });
}

/// A lease is a write; what nothing keeps is read without one, and nobody is promised that it stays.
#[test]
fn where_nothing_can_be_written_what_is_there_is_read_and_not_promised() {
    run(async {
        let faulty = Faulty::new();
        faulty.sound.put_blob(NAME, &large(1)).await.unwrap();
        let digest = Digest::sha256(&large(1));
        faulty.sound.registry.collect().await.unwrap();
        let registry = &faulty.fixture.registry;
        let pull = registry
            .open(&faulty.fixture.caller, &repository(NAME))
            .pull();
        let pull = pull.await.unwrap();

        for fault in [Fault::Full, Fault::Unavailable, Fault::LostRequest] {
            faulty.once(Operation::Renew, fault.clone());
            let blob = pull.blob(&digest).await.unwrap();
            assert_eq!(blob.read_all().await.unwrap(), large(1));

            faulty.once(Operation::Renew, fault);
            let refused = pull.stat_blob(&digest).await.map(drop);
            assert!(
                matches!(refused, Err(Error::Full | Error::Unavailable(_))),
                "{refused:?}"
            );
        }
    });
}
