//! What the registry does by itself: within its budget, and told in figures.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use registry_core::{
    Budget, Clock, CollectorPhase, Error, Stopped, Timer, Timestamp,
    backend::{BlobStore, Collection, ObjectKind},
};
use registry_storage::ManualClock;

use super::fixture::{Fixture, large, run};

const NAME: &str = "team/app";

/// A timer whose every look at the clock takes a while, and that notes its rests.
#[derive(Default)]
struct Slow {
    clock: ManualClock,
    rests: Mutex<Vec<Duration>>,
}

const LOOK: Duration = Duration::from_millis(20);

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        self.clock.advance(LOOK);
        self.clock.now()
    }
}

#[async_trait]
impl Timer for Slow {
    async fn sleep(&self, duration: Duration) {
        self.rests.lock().unwrap().push(duration);
    }
}

#[test]
fn collection_rests_in_proportion_to_what_its_steps_take() {
    run(async {
        let fixture = Fixture::new();
        let timer = Slow::default();
        let budget = Budget {
            percent: 10,
            ..Budget::UNBOUNDED
        };
        fixture
            .registry
            .collect_within(budget, &timer)
            .await
            .unwrap();
        let rests = timer.rests.lock().unwrap().clone();
        assert!(rests.len() > 4, "a step for each phase at least");
        assert!(rests.iter().all(|rest| *rest == LOOK * 9), "{rests:?}");
    });
}

#[test]
fn collection_deletes_no_faster_than_it_may() {
    run(async {
        let fixture = Fixture::new();
        for number in 0..6 {
            fixture.put_blob(NAME, &large(number)).await.unwrap();
        }
        let timer = Slow::default();
        let budget = Budget {
            objects_per_second: Some(2),
            ..Budget::UNBOUNDED
        };
        for _ in 0..4 {
            let round = fixture.registry.collect_within(budget, &timer);
            round.await.unwrap();
            fixture.clock.advance(fixture.registry.settings().grace * 2);
        }
        assert_eq!(fixture.registry.figures().collector.objects_deleted, 6);
        let rests: Duration = timer.rests.lock().unwrap().iter().sum();
        assert_eq!(rests + LOOK, Duration::from_secs(3));
    });
}

#[test]
fn a_round_is_told_in_figures() {
    run(async {
        let fixture = Fixture::new();
        fixture.put_blob(NAME, &large(1)).await.unwrap();
        let timer = Slow::default();
        for _ in 0..4 {
            let round = fixture.registry.collect_within(Budget::UNBOUNDED, &timer);
            round.await.unwrap();
            fixture.clock.advance(fixture.registry.settings().grace * 2);
        }
        let figures = fixture.registry.figures().collector;
        assert_eq!((figures.rounds, figures.failures), (4, 0));
        assert_eq!((figures.condemned, figures.removed), (2, 2));
        assert_eq!((figures.objects_deleted, figures.orphans), (1, 0));
        assert_eq!(figures.phase, CollectorPhase::Idle);
        assert_eq!(figures.stopped, None);
        assert!(figures.last_success.is_some());
    });
}

#[test]
fn hazard_41_what_a_restored_database_does_not_know_stays_until_that_is_accepted() {
    run(async {
        let fixture = Fixture::new();
        fixture.put_blob(NAME, &large(1)).await.unwrap();
        let mut write = fixture.blobs.begin().await.unwrap();
        write.append(large(2).into()).await.unwrap();
        let digest = registry_core::Digest::sha256(&large(2));
        let newer = write.commit(&digest).await.unwrap();
        fixture.metadata.hold_orphans(true).await.unwrap();
        for _ in 0..3 {
            let report = fixture.registry.collect().await.unwrap();
            assert_eq!(report.stopped, Some(Stopped::Held { unknown: 1 }));
            fixture.clock.advance(fixture.registry.settings().grace * 2);
        }
        assert!(fixture.blobs.stat(&newer).await.unwrap().is_some());

        fixture.metadata.hold_orphans(false).await.unwrap();
        fixture.registry.collect().await.unwrap();
        assert_eq!(fixture.blobs.stat(&newer).await.unwrap(), None);
    });
}

#[test]
fn hazard_41_a_database_of_another_store_has_nothing_deleted() {
    run(async {
        let fixture = Fixture::new();
        for number in 0..20 {
            fixture.put_blob(NAME, &large(number)).await.unwrap();
        }
        let other = fixture.beside();
        for _ in 0..3 {
            let report = other.registry.collect().await.unwrap();
            let stopped = Stopped::TooMany {
                unknown: 20,
                total: 20,
            };
            assert_eq!(report.stopped, Some(stopped));
            other.clock.advance(other.registry.settings().grace * 2);
        }
        let listed = fixture.blobs.list(ObjectKind::Committed, None, 100).await;
        assert_eq!(listed.unwrap().len(), 20);
    });
}

#[test]
fn many_quarantines_at_once_stop_it_and_say_so() {
    run(async {
        let fixture = Fixture::new();
        let most = fixture.registry.settings().quarantine.most;
        let mut digests = Vec::new();
        for number in 0..u8::try_from(most).unwrap() + 2 {
            let pushed = fixture.put_blob(NAME, &large(number)).await.unwrap();
            digests.push(pushed.digest);
        }
        let broken = fixture.shortened();
        for (number, digest) in digests.iter().enumerate() {
            let read = broken.blob(NAME, digest).await;
            match number as u64 >= most {
                false => assert!(matches!(read, Err(Error::BlobUnknown(_))), "{number}"),
                true => assert!(matches!(read, Err(Error::Unavailable(_))), "{number}"),
            }
        }
        let figures = broken.registry.figures();
        assert_eq!(
            (figures.quarantined, figures.quarantine_stopped),
            (most, true)
        );
        let sound = fixture.blob(NAME, digests.last().unwrap()).await;
        assert!(sound.is_ok(), "it was left in sight");
    });
}
