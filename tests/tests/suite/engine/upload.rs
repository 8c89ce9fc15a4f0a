//! Uploads: what is kept of them, and who may go on.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use registry_core::{
    Algorithms, AllowAll, BodyError, Caller, Digest, DigestAlgorithm, DigestHasher, Error,
    HashState, Settings, UnknownHashState,
};

use super::fixture::{Fixture, another, body, broken, large, refused, repository, run};

const NAME: &str = "team/app";

fn never() -> impl futures_util::Stream<Item = Result<Bytes, BodyError>> + Send + Unpin {
    stream::pending()
}

#[test]
fn a_blob_reads_back_however_it_was_uploaded() {
    run(async {
        let fixture = Fixture::new();
        for (fill, size) in [
            (1, 0),
            (2, 1),
            (3, 16 << 10),
            (4, (16 << 10) + 1),
            (5, 3 << 20),
        ] {
            let bytes = vec![fill; size];
            let digest = Digest::sha256(&bytes);
            let pushed = fixture.put_blob("team/whole", &bytes).await.unwrap();
            assert_eq!((&pushed.digest, pushed.size), (&digest, size as u64));
            assert_eq!(fixture.blob("team/whole", &digest).await.unwrap(), bytes);

            let id = fixture.begin("team/chunked").await;
            let middle = size / 2;
            fixture
                .append("team/chunked", &id, Some(0), &bytes[..middle])
                .await
                .unwrap();
            fixture
                .finish("team/chunked", &id, &bytes[middle..], &digest)
                .await
                .unwrap();
            assert_eq!(fixture.blob("team/chunked", &digest).await.unwrap(), bytes);
        }
    });
}

#[test]
fn ranges_of_a_blob_are_exact() {
    run(async {
        let fixture = Fixture::new();
        for size in [100_usize, 40_000] {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            let digest = fixture.put_blob(NAME, &bytes).await.unwrap().digest;
            let pull = fixture
                .registry
                .open(&fixture.caller, &repository(NAME))
                .pull()
                .await
                .unwrap();
            let blob = pull.blob(&digest).await.unwrap();
            for (from, to) in [
                (0, 1),
                (0, size),
                (10, 20),
                (size - 1, size),
                (size, size),
                (7, 7),
            ] {
                let read = blob.read(Some(from as u64..to as u64)).await.unwrap();
                let read = match read {
                    registry_core::BlobBody::Bytes(bytes) => bytes.to_vec(),
                    registry_core::BlobBody::Stream(stream) => {
                        stream.map(|bytes| bytes.unwrap().to_vec()).concat().await
                    }
                };
                assert_eq!(read, &bytes[from..to], "{from}..{to} of {size}");
            }
        }
    });
}

async fn bytes_of_another_digest_are_refused_and_not_kept(fixture: Fixture) {
    for bytes in [b"small".to_vec(), large(1)] {
        let wrong = Digest::sha256(b"other");
        let opening = fixture.registry.open(&fixture.caller, &repository(NAME));
        let push = opening.push().await.unwrap();
        let outcome = push.put_blob(&wrong, &mut body(&[&bytes])).await;
        refused!(outcome, Error::DigestMismatch { .. });
        let id = fixture.begin(NAME).await;
        let outcome = fixture.finish(NAME, &id, &bytes, &wrong).await;
        refused!(outcome, Error::DigestMismatch { .. });
        refused!(fixture.status(NAME, &id).await, Error::UploadUnknown);
        let outcome = fixture.blob(NAME, &wrong).await;
        refused!(outcome, Error::RepositoryUnknown(_));
    }
    let left = (fixture.objects().await, fixture.unfinished().await);
    assert_eq!(left, (0, 0));
}

#[test]
fn hazard_09_bytes_of_another_digest_are_refused_and_not_kept() {
    run(bytes_of_another_digest_are_refused_and_not_kept(
        Fixture::new(),
    ));
}

/// Finds in whatever it is given the digest that was claimed.
#[derive(Debug)]
struct Credulous;

impl DigestAlgorithm for Credulous {
    fn name(&self) -> &str {
        "sha256"
    }

    fn check(&self, _: &str) -> bool {
        true
    }

    fn hasher(&self) -> Box<dyn DigestHasher> {
        Box::new(Self)
    }

    fn restore(&self, _: &HashState) -> Result<Box<dyn DigestHasher>, UnknownHashState> {
        Ok(self.hasher())
    }
}

impl DigestHasher for Credulous {
    fn update(&mut self, _: &[u8]) {}

    fn save(&self) -> HashState {
        HashState {
            format: "credulous".to_owned(),
            bytes: Vec::new(),
        }
    }

    fn finish(self: Box<Self>) -> Digest {
        Digest::sha256(b"other")
    }
}

#[test]
fn hazard_09_a_digest_that_is_never_verified_is_caught() {
    let credulous = Algorithms::standard().with(Arc::new(Credulous));
    let fixture = Fixture::with(Settings::default(), |builder| {
        builder.policy(AllowAll).algorithms(credulous)
    });
    let clause =
        AssertUnwindSafe(|| run(bytes_of_another_digest_are_refused_and_not_kept(fixture)));
    assert!(
        catch_unwind(clause).is_err(),
        "wrong bytes are taken, and nobody notices"
    );
}

#[test]
fn a_digest_claimed_late_in_another_algorithm_is_verified() {
    run(async {
        let fixture = Fixture::new();
        for bytes in [b"small".to_vec(), large(1)] {
            let id = fixture.begin(NAME).await;
            fixture.append(NAME, &id, None, &bytes).await.unwrap();
            let digest = Digest::sha512(&bytes);
            fixture.finish(NAME, &id, b"", &digest).await.unwrap();
            assert_eq!(fixture.blob(NAME, &digest).await.unwrap(), bytes);

            let id = fixture.begin(NAME).await;
            fixture.append(NAME, &id, None, &bytes).await.unwrap();
            let wrong = Digest::sha512(b"other");
            refused!(
                fixture.finish(NAME, &id, b"", &wrong).await,
                Error::DigestMismatch { .. }
            );
            refused!(fixture.blob(NAME, &wrong).await, Error::BlobUnknown(_));
        }
        assert_eq!(
            (fixture.objects().await, fixture.unfinished().await),
            (1, 0)
        );
    });
}

#[test]
fn hazard_01_a_resumed_upload_goes_on_at_its_last_kept_byte() {
    run(async {
        for size in [200, 40_000] {
            let fixture = Fixture::new();
            let bytes: Vec<u8> = (0..size).map(|at| (at % 253) as u8).collect();
            let id = fixture.begin(NAME).await;
            let push = fixture
                .registry
                .open(&fixture.caller, &repository(NAME))
                .push()
                .await
                .unwrap();
            let upload = push.upload(&id).unwrap();
            let middle = size / 3;
            let outcome = upload.append(None, &mut broken(&bytes[..middle])).await;
            refused!(outcome, Error::Body(_));
            let kept = fixture.status(NAME, &id).await.unwrap();
            assert_eq!(kept, middle as u64, "what arrived is kept");
            let rest = &bytes[middle..];
            fixture.append(NAME, &id, Some(kept), rest).await.unwrap();
            let digest = Digest::sha256(&bytes);
            fixture.finish(NAME, &id, b"", &digest).await.unwrap();
            assert_eq!(fixture.blob(NAME, &digest).await.unwrap(), bytes);
        }
    });
}

#[test]
fn hazard_01_bytes_that_begin_elsewhere_are_refused_and_the_session_survives() {
    run(async {
        let fixture = Fixture::new();
        let id = fixture.begin(NAME).await;
        for start in [1, 100] {
            let outcome = fixture.append(NAME, &id, Some(start), b"abc").await;
            refused!(outcome, Error::RangeInvalid { offset: 0 });
        }
        assert_eq!(fixture.append(NAME, &id, Some(0), b"abc").await.unwrap(), 3);
        for start in [0, 2, 4] {
            let outcome = fixture.append(NAME, &id, Some(start), b"abc").await;
            refused!(outcome, Error::RangeInvalid { offset: 3 });
        }
        fixture
            .finish(NAME, &id, b"def", &Digest::sha256(b"abcdef"))
            .await
            .unwrap();
    });
}

#[test]
fn hazard_02_a_newer_writer_stops_the_older_and_goes_on_after_its_bytes() {
    run(async {
        for bytes in [b"older".to_vec(), large(3)] {
            let fixture = Fixture::new();
            let id = fixture.begin(NAME).await;
            let push = fixture
                .registry
                .open(&fixture.caller, &repository(NAME))
                .push()
                .await
                .unwrap();
            let upload = push.upload(&id).unwrap();
            let mut hanging = body(&[&bytes]).chain(never());
            let mut older = pin!(upload.append(None, &mut hanging));
            assert!(poll(older.as_mut()).is_pending());
            let mut newer = pin!(fixture.append(NAME, &id, Some(bytes.len() as u64), b"newer"));
            assert!(
                poll(newer.as_mut()).is_pending(),
                "it waits for the older one"
            );
            refused!(ready(poll(older)), Error::UploadTakenOver);
            assert_eq!(newer.await.unwrap(), bytes.len() as u64 + 5);
            let whole = [&bytes[..], b"newer"].concat();
            fixture
                .finish(NAME, &id, b"", &Digest::sha256(&whole))
                .await
                .unwrap();
            assert_eq!(
                fixture.blob(NAME, &Digest::sha256(&whole)).await.unwrap(),
                whole
            );
        }
    });
}

#[test]
fn hazard_02_an_older_writer_of_another_process_changes_nothing() {
    run(async {
        let fixture = Fixture::new();
        let other = another(
            &fixture.blobs,
            &fixture.metadata,
            Settings::default(),
            |builder| builder.policy(registry_core::AllowAll),
        );
        let id = fixture.begin(NAME).await;
        fixture.append(NAME, &id, None, &large(1)).await.unwrap();

        let push = fixture
            .registry
            .open(&fixture.caller, &repository(NAME))
            .push()
            .await
            .unwrap();
        let upload = push.upload(&id).unwrap();
        let (late, _) = (large(2), ());
        let mut slow = stream::iter(vec![Ok(Bytes::from(late))]).chain(wait_once());
        let mut older = pin!(upload.append(None, &mut slow));
        assert!(poll(older.as_mut()).is_pending());

        let push = other
            .open(&fixture.caller, &repository(NAME))
            .push()
            .await
            .unwrap();
        let whole = [large(1), large(3)].concat();
        let digest = Digest::sha256(&whole);
        push.upload(&id)
            .unwrap()
            .finish(None, &mut body(&[&large(3)]), &digest)
            .await
            .unwrap();

        refused!(ready(poll(older)), Error::UploadTakenOver);
        assert_eq!(fixture.blob(NAME, &digest).await.unwrap(), whole);
    });
}

#[test]
fn hazard_38_a_dropped_append_keeps_what_arrived_and_lets_the_session_go() {
    run(async {
        for bytes in [b"some".to_vec(), large(1)] {
            let fixture = Fixture::new();
            let id = fixture.begin(NAME).await;
            let push = fixture
                .registry
                .open(&fixture.caller, &repository(NAME))
                .push()
                .await
                .unwrap();
            let upload = push.upload(&id).unwrap();
            let mut hanging = body(&[&bytes]).chain(never());
            assert!(upload.append(None, &mut hanging).now_or_never().is_none());
            assert_eq!(fixture.status(NAME, &id).await.unwrap(), bytes.len() as u64);
            fixture
                .finish(NAME, &id, b"", &Digest::sha256(&bytes))
                .await
                .unwrap();
        }
    });
}

#[test]
fn hazard_38_a_dropped_push_in_one_go_leaves_nothing() {
    run(async {
        let fixture = Fixture::new();
        let push = fixture
            .registry
            .open(&fixture.caller, &repository(NAME))
            .push()
            .await
            .unwrap();
        let mut hanging = body(&[&large(1)]).chain(never());
        let digest = Digest::sha256(b"whatever");
        assert!(
            push.put_blob(&digest, &mut hanging)
                .now_or_never()
                .is_none()
        );
        assert_eq!(
            (fixture.objects().await, fixture.unfinished().await),
            (0, 0)
        );
    });
}

#[test]
fn a_finished_session_remembers_its_digest() {
    run(async {
        let fixture = Fixture::new();
        let id = fixture.begin(NAME).await;
        let digest = Digest::sha256(b"blob");
        for _ in 0..2 {
            let pushed = fixture.finish(NAME, &id, b"blob", &digest).await.unwrap();
            assert_eq!((pushed.digest, pushed.size), (digest.clone(), 4));
        }
        let other = Digest::sha256(b"other");
        refused!(
            fixture.finish(NAME, &id, b"other", &other).await,
            Error::UploadUnknown
        );
        refused!(
            fixture.append(NAME, &id, None, b"more").await,
            Error::UploadUnknown
        );
        refused!(fixture.status(NAME, &id).await, Error::UploadUnknown);
    });
}

#[test]
fn a_cancelled_session_is_over_and_its_bytes_are_given_up() {
    run(async {
        let fixture = Fixture::new();
        for bytes in [b"".to_vec(), b"some".to_vec(), large(1)] {
            let id = fixture.begin(NAME).await;
            fixture.append(NAME, &id, None, &bytes).await.unwrap();
            let push = fixture
                .registry
                .open(&fixture.caller, &repository(NAME))
                .push()
                .await
                .unwrap();
            push.upload(&id).unwrap().cancel().await.unwrap();
            refused!(
                push.upload(&id).unwrap().cancel().await,
                Error::UploadUnknown
            );
            refused!(fixture.status(NAME, &id).await, Error::UploadUnknown);
            refused!(
                fixture.append(NAME, &id, None, b"more").await,
                Error::UploadUnknown
            );
            let digest = Digest::sha256(&bytes);
            refused!(
                fixture.finish(NAME, &id, b"", &digest).await,
                Error::UploadUnknown
            );
        }
        assert_eq!(fixture.unfinished().await, 0);
    });
}

#[test]
fn hazard_17_a_session_is_worth_nothing_in_another_repository_or_to_another_caller() {
    run(async {
        let fixture = Fixture::new();
        let id = fixture.begin(NAME).await;
        refused!(
            fixture.append("team/other", &id, None, b"a").await,
            Error::UploadUnknown
        );
        for caller in [Caller::named("bob"), Caller::anonymous()] {
            let other = fixture.as_caller(caller);
            refused!(
                other.append(NAME, &id, None, b"a").await,
                Error::UploadUnknown
            );
            refused!(other.status(NAME, &id).await, Error::UploadUnknown);
        }
        fixture.append(NAME, &id, None, b"a").await.unwrap();
    });
}

#[test]
fn opening_a_session_writes_nothing() {
    run(async {
        let fixture = Fixture::new();
        let id = fixture.begin(NAME).await;
        assert_eq!(fixture.status(NAME, &id).await.unwrap(), 0);
        refused!(
            fixture.manifest(NAME, "v1").await,
            Error::RepositoryUnknown(_)
        );
        assert_eq!(fixture.unfinished().await, 0);
    });
}

#[test]
fn hazard_43_a_session_expires_by_the_backends_time() {
    run(async {
        let fixture = Fixture::new();
        let (fresh, written) = (fixture.begin(NAME).await, fixture.begin(NAME).await);
        fixture
            .append(NAME, &written, None, &large(1))
            .await
            .unwrap();
        fixture
            .clock
            .advance(fixture.registry.settings().upload_expiry * 2);
        refused!(
            fixture.append(NAME, &fresh, None, b"late").await,
            Error::UploadUnknown
        );
        assert_eq!(fixture.registry.collect().await.unwrap().expired_uploads, 1);
        refused!(
            fixture.append(NAME, &written, None, b"late").await,
            Error::UploadUnknown
        );
        assert_eq!(fixture.unfinished().await, 0);
    });
}

#[test]
fn checkpoints_are_made_at_parts_of_a_long_body() {
    run(async {
        let settings = Settings {
            checkpoint_every: 1,
            ..Settings::default()
        };
        let fixture = Fixture::with(settings, |builder| builder.policy(registry_core::AllowAll));
        let part = registry_core::backend::BlobStore::part_size(&*fixture.blobs);
        let long = vec![7; usize::try_from(part).unwrap() * 2 + 10];
        let id = fixture.begin(NAME).await;
        let push = fixture
            .registry
            .open(&fixture.caller, &repository(NAME))
            .push()
            .await
            .unwrap();
        let upload = push.upload(&id).unwrap();
        let mut hanging = body(&[&long]).chain(never());
        let mut append = pin!(upload.append(None, &mut hanging));
        assert!(poll(append.as_mut()).is_pending());
        assert_eq!(
            fixture.status(NAME, &id).await.unwrap(),
            part * 2,
            "while it still runs"
        );
        fixture
            .finish(NAME, &id, b"", &Digest::sha256(&long))
            .now_or_never();
        refused!(ready(poll(append)), Error::UploadTakenOver);
        fixture
            .finish(NAME, &id, b"", &Digest::sha256(&long))
            .await
            .unwrap();
    });
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn ready<T>(poll: Poll<T>) -> T {
    match poll {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it still waits"),
    }
}

/// A stream that waits once and then ends.
fn wait_once() -> impl futures_util::Stream<Item = Result<Bytes, BodyError>> + Send + Unpin {
    let mut waited = false;
    stream::poll_fn(move |_| {
        if std::mem::replace(&mut waited, true) {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    })
}
