//! Reading everything again.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use futures_util::FutureExt;
use registry_core::{
    AllowAll, Budget, Clock, Digest, Error, Finding, Progress, Registry, ScrubError, ScrubOptions,
    Settings, Timer, Timestamp,
    backend::{
        BlobContent, Content, CreateRule, Inspection, NamespaceSettings, Origin, PutBlob,
        Repositories, Scope,
    },
};
use registry_storage::wrap::{Fault, Faults, FaultyBlobs, Operation, When};

use super::fixture::{Fixture, another, body, image, large, refused, repository, run};

const NAME: &str = "team/app";

const ANEW: ScrubOptions = ScrubOptions {
    resume: false,
    quarantine: true,
    give_up_absent: false,
    gives_way: false,
};

/// A timer that stands still and never waits.
struct Still;

/// A timer that lets others go first, once each time.
struct Slow;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1000)
    }
}

#[async_trait::async_trait]
impl Timer for Still {
    async fn sleep(&self, _: Duration) {}
}

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        Still.now()
    }
}

#[async_trait::async_trait]
impl Timer for Slow {
    async fn sleep(&self, _: Duration) {
        let mut waited = false;
        poll_fn(|context| {
            context.waker().wake_by_ref();
            match std::mem::replace(&mut waited, true) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
}

/// A budget that has it rest.
const SLOWLY: Budget = Budget {
    bytes_per_second: Some(1),
    ..Budget::UNBOUNDED
};

const IN_THE_BACKGROUND: ScrubOptions = ScrubOptions {
    resume: true,
    gives_way: true,
    ..ANEW
};

async fn scrub(registry: &Registry, options: ScrubOptions) -> Vec<Finding> {
    let mut findings = Vec::new();
    let run = registry.scrub_within(options, Budget::UNBOUNDED, &Still, |_, found| {
        findings.extend(found);
    });
    let report = run.await.unwrap();
    assert_eq!(report.findings, findings.len() as u64);
    findings
}

/// The registry over the same parts, with reads that fail.
fn failing(fixture: &Fixture, when: When, fault: Fault) -> Registry {
    let faults = Arc::new(Faults::default());
    faults.add(Operation::Read, when, fault);
    let blobs = Arc::new(FaultyBlobs::new(fixture.blobs.clone(), faults));
    another(
        &fixture.blobs,
        &fixture.metadata,
        Settings::default(),
        |builder| builder.policy(AllowAll).blobs(blobs),
    )
}

#[test]
fn a_registry_that_is_well_has_nothing_found() {
    run(async {
        let fixture = Fixture::new();
        fixture.image(NAME, "v1", b"small").await;
        fixture.image(NAME, "v2", &large(1)).await;
        assert_eq!(scrub(&fixture.registry, ANEW).await, []);
        let figures = fixture.registry.figures().scrub;
        assert_eq!((figures.runs, figures.running, figures.read), (1, false, 5));
        assert!(figures.bytes > large(1).len() as u64);
    });
}

#[test]
fn hazard_12_wrong_bytes_are_found_by_each_digests_own_algorithm_and_a_push_heals_them() {
    run(async {
        let fixture = Fixture::new();
        let bytes = large(1);
        let push = fixture.registry.open(&fixture.caller, &repository(NAME));
        let push = push.push().await.unwrap();
        let digests = [Digest::sha256(&bytes), Digest::sha512(&bytes)];
        for digest in &digests {
            push.put_blob(digest, &mut body(&[&bytes])).await.unwrap();
        }
        assert_eq!(scrub(&fixture.registry, ANEW).await, []);

        let failing = failing(&fixture, When::Every(1), Fault::WrongBytes);
        let found = scrub(&failing, ANEW).await;
        assert_eq!(found.len(), 2);
        for (finding, digest) in found.iter().zip(&digests) {
            let Finding::CorruptBlob {
                digest: corrupt,
                quarantined: true,
                ..
            } = finding
            else {
                panic!("{finding}");
            };
            assert_eq!(corrupt, digest);
            refused!(fixture.blob(NAME, digest).await, Error::BlobUnknown(_));
            push.put_blob(digest, &mut body(&[&bytes])).await.unwrap();
            assert_eq!(fixture.blob(NAME, digest).await.unwrap(), bytes);
        }
        assert_eq!(scrub(&fixture.registry, ANEW).await, []);
    });
}

#[test]
fn a_look_without_quarantine_changes_nothing() {
    run(async {
        let fixture = Fixture::new();
        let digest = fixture.put_blob(NAME, &large(1)).await.unwrap().digest;
        let failing = failing(&fixture, When::Every(1), Fault::WrongBytes);
        let options = ScrubOptions {
            quarantine: false,
            ..ANEW
        };
        assert_eq!(scrub(&failing, options).await.len(), 1);
        assert_eq!(fixture.blob(NAME, &digest).await.unwrap(), large(1));
    });
}

#[test]
fn a_wrong_length_is_found() {
    run(async {
        let fixture = Fixture::new();
        let digest = fixture.put_blob(NAME, &large(1)).await.unwrap().digest;
        let found = scrub(&fixture.shortened().registry, ANEW).await;
        assert!(
            matches!(found[..], [Finding::CorruptBlob { .. }]),
            "{found:?}"
        );
        refused!(fixture.blob(NAME, &digest).await, Error::BlobUnknown(_));
    });
}

#[test]
fn what_cannot_be_read_is_told_and_stays() {
    run(async {
        for fault in [Fault::Unavailable, Fault::CutRead(10), Fault::ShortRead(10)] {
            let fixture = Fixture::new();
            let digest = fixture.put_blob(NAME, &large(1)).await.unwrap().digest;
            let found = scrub(&failing(&fixture, When::Every(1), fault), ANEW).await;
            assert!(
                matches!(found[..], [Finding::UnreadableBlob { .. }]),
                "{found:?}"
            );
            assert_eq!(fixture.blob(NAME, &digest).await.unwrap(), large(1));
        }
    });
}

#[test]
fn wrong_bytes_in_the_metadata_are_found_and_healed() {
    run(async {
        let fixture = Fixture::new();
        let (name, digest) = (repository(NAME), Digest::sha256(b"right"));
        let facts = fixture.metadata.facts(&name).await.unwrap().version;
        let put = PutBlob {
            scope: Scope {
                repository: &name,
                facts,
            },
            digest: &digest,
            size: 5,
            content: BlobContent::Inline("wrong".into()),
            since: Timestamp::default(),
            session: None,
            create: CreateRule {
                namespace: Some(NamespaceSettings::default()),
                repository: true,
            },
            origin: Origin {
                actor: None,
                record: false,
            },
        };
        fixture.metadata.put_blob(put).await.unwrap();
        let found = scrub(&fixture.registry, ANEW).await;
        assert!(
            matches!(found[..], [Finding::CorruptBlob { .. }]),
            "{found:?}"
        );
        refused!(fixture.blob(NAME, &digest).await, Error::BlobUnknown(_));
        fixture.put_blob(NAME, b"right").await.unwrap();
        assert_eq!(fixture.blob(NAME, &digest).await.unwrap(), &b"right"[..]);
    });
}

#[test]
fn a_manifest_that_lacks_its_layer_is_found() {
    run(async {
        let fixture = Fixture::new();
        fixture.put_blob(NAME, b"{}").await.unwrap();
        let layer = fixture.put_blob(NAME, &large(1)).await.unwrap().digest;
        fixture.put(NAME, "v1", &image(&[&large(1)])).await.unwrap();
        let broken = failing(&fixture, When::Every(1), Fault::WrongBytes);
        let found = scrub(&broken, ANEW).await;
        let lacks = |finding: &&Finding| match finding {
            Finding::Missing { missing, .. } => *missing == layer,
            _ => false,
        };
        assert_eq!(found.iter().filter(lacks).count(), 1, "{found:?}");
    });
}

#[test]
fn a_run_goes_on_where_another_stopped() {
    run(async {
        let fixture = Fixture::new();
        for fill in 0..100 {
            fixture.put_blob(NAME, &large(fill)).await.unwrap();
        }
        let mut first = fixture.registry.scrubber(ANEW);
        while fixture.metadata.scrub_note().await.unwrap().is_none() {
            assert_eq!(first.step().await.unwrap(), Progress::More);
        }
        let read = first.report().contents;
        drop(first);
        let resume = ScrubOptions {
            resume: true,
            ..ANEW
        };
        let mut second = fixture.registry.scrubber(resume);
        while second.step().await.unwrap() == Progress::More {}
        assert!(0 < read && read < 100, "{read}");
        assert_eq!(read + second.report().contents, 100);
    });
}

#[test]
fn a_run_is_due_until_it_ended_and_then_after_its_time() {
    run(async {
        let fixture = Fixture::new();
        let hour = Duration::from_hours(1);
        let is_due = async |every| {
            let due = fixture.registry.scrub_is_due(every, &Still).await;
            due.unwrap()
        };
        assert!(is_due(hour).await);
        scrub(&fixture.registry, ANEW).await;
        assert!(!is_due(hour).await);
        assert!(is_due(Duration::ZERO).await);
    });
}

/// A registry with something to read.
async fn with_content() -> Fixture {
    let fixture = Fixture::new();
    for fill in 0..3 {
        fixture.put_blob(NAME, &large(fill)).await.unwrap();
    }
    fixture
}

#[test]
fn a_run_that_is_dropped_has_ended() {
    run(async {
        let registry = with_content().await.registry;
        let mut first = Box::pin(registry.scrub_within(ANEW, SLOWLY, &Slow, |_, _| {}));
        assert!((&mut first).now_or_never().is_none());
        assert!(registry.figures().scrub.running);
        drop(first);
        assert!(!registry.figures().scrub.running);
        assert_eq!(scrub(&registry, ANEW).await, []);
        assert!(!registry.figures().scrub.running);
    });
}

#[test]
fn who_asks_for_a_run_while_another_was_asked_for_is_told_so() {
    run(async {
        let registry = with_content().await.registry;
        let mut first = Box::pin(registry.scrub_within(ANEW, SLOWLY, &Slow, |_, _| {}));
        assert!((&mut first).now_or_never().is_none());
        for options in [ANEW, IN_THE_BACKGROUND] {
            let second = registry.scrub_within(options, Budget::UNBOUNDED, &Still, |_, _| {});
            assert!(matches!(second.await, Err(ScrubError::Running)));
        }
        assert!(registry.figures().scrub.running);
        assert_eq!(first.await.unwrap().contents, 3);
        assert_eq!(registry.figures().scrub.runs, 1);
    });
}

#[test]
fn a_run_in_the_background_gives_way_to_one_that_is_asked_for() {
    run(async {
        let registry = with_content().await.registry;
        let background = registry.scrub_within(IN_THE_BACKGROUND, SLOWLY, &Slow, |_, _| {});
        let mut background = Box::pin(background);
        assert!((&mut background).now_or_never().is_none());
        let mut asked = Box::pin(registry.scrub_within(ANEW, SLOWLY, &Slow, |_, _| {}));
        assert!((&mut asked).now_or_never().is_none());
        assert!(matches!(background.await, Err(ScrubError::Overtaken)));
        assert!(registry.figures().scrub.running);
        assert_eq!(asked.await.unwrap().contents, 3);
        assert!(!registry.figures().scrub.running);
        let hour = Duration::from_hours(1);
        assert!(!registry.scrub_is_due(hour, &Still).await.unwrap());
    });
}
