//! Work that registries which share their metadata do in turns.

use std::{
    future::{pending, poll_fn},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::future::{join, ready};
use registry_core::{
    AllowAll, Budget, Clock, CollectReport, Error, Registry, Result, Timer, Timestamp, Turn,
    backend::{Lease, Leases},
};
use registry_storage::{InlineSpawner, ManualClock, SystemRandom};

use super::fixture::{Fixture, run};

const LEASE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_mins(10);

const TURN: Turn = Turn {
    work: "collection",
    lease: LEASE,
    pause: PAUSE,
};

/// A timer by which somebody sleeps until the clock says that it is over.
#[derive(Clone)]
struct ByClock {
    clock: ManualClock,
    sleeps: Arc<AtomicU64>,
}

impl Clock for ByClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

#[async_trait]
impl Timer for ByClock {
    async fn sleep(&self, duration: Duration) {
        let end = self.clock.now().plus(duration);
        self.sleeps.fetch_add(1, Ordering::Relaxed);
        until(|| self.clock.now() >= end).await;
    }
}

/// Waits for what somebody does who is polled beside it.
async fn until(mut done: impl FnMut() -> bool) {
    poll_fn(|context| match done() {
        true => Poll::Ready(()),
        false => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

/// A registry in memory, and two that are as those of two processes over its parts.
struct Two {
    fixture: Fixture,
    timer: ByClock,
    one: Registry,
    other: Registry,
}

impl Two {
    async fn new() -> Self {
        let fixture = Fixture::new();
        let build = || {
            Registry::builder()
                .metadata(Arc::clone(&fixture.metadata) as _)
                .blobs(Arc::clone(&fixture.blobs) as _)
                .random(SystemRandom)
                .policy(AllowAll)
                .spawner(InlineSpawner)
                .build()
        };
        let (one, other) = (build().await.unwrap(), build().await.unwrap());
        let timer = ByClock {
            clock: fixture.clock.clone(),
            sleeps: Arc::default(),
        };
        Self {
            fixture,
            timer,
            one,
            other,
        }
    }

    async fn attempt(&self, registry: &Registry) -> Result<Option<()>> {
        registry.in_turn(TURN, &self.timer, ready(Ok(()))).await
    }

    /// Takes the work away, as another does where this one's lease has ended.
    async fn steal(&self) {
        self.fixture.clock.advance(LEASE);
        let lease = Lease {
            work: TURN.work,
            holder: "thief",
        };
        let taken = self.fixture.metadata.take_lease(lease, LEASE).await;
        assert!(taken.unwrap());
    }
}

#[test]
fn while_one_is_at_work_and_for_a_pause_nobody_else_is() {
    run(async {
        let two = Two::new().await;
        let work = async {
            assert_eq!(two.attempt(&two.other).await.unwrap(), None);
            Ok(7)
        };
        let done = two.one.in_turn(TURN, &two.timer, work).await.unwrap();
        assert_eq!(done, Some(7));
        for registry in [&two.one, &two.other] {
            assert_eq!(two.attempt(registry).await.unwrap(), None, "a pause");
        }
        two.fixture.clock.advance(PAUSE);
        assert_eq!(two.attempt(&two.other).await.unwrap(), Some(()));
    });
}

/// Work of five leases' time, in which another tries as often.
#[test]
fn who_is_at_work_for_long_keeps_its_turn() {
    run(async {
        let two = Two::new().await;
        let (sleeps, clock) = (&two.timer.sleeps, &two.fixture.clock);
        let work = async {
            for turn in 1..=15 {
                until(|| sleeps.load(Ordering::Relaxed) == turn).await;
                clock.advance(LEASE / 3);
                assert_eq!(two.attempt(&two.other).await.unwrap(), None);
            }
            Ok(())
        };
        let done = two.one.in_turn(TURN, &two.timer, work).await.unwrap();
        assert_eq!(done, Some(()));
    });
}

#[test]
fn the_turn_of_one_that_was_killed_passes_on_after_the_leases_time() {
    run(async {
        let two = Two::new().await;
        let mut killed = Box::pin(two.one.in_turn(TURN, &two.timer, pending::<Result<()>>()));
        let begun = poll_fn(|context| Poll::Ready(killed.as_mut().poll(context).is_pending()));
        assert!(begun.await);
        drop(killed);
        assert_eq!(two.attempt(&two.other).await.unwrap(), None);
        two.fixture.clock.advance(LEASE);
        assert_eq!(two.attempt(&two.other).await.unwrap(), Some(()));
    });
}

#[test]
fn who_has_lost_its_turn_stops() {
    run(async {
        let two = Two::new().await;
        let work = two.one.in_turn(TURN, &two.timer, pending::<Result<()>>());
        let (stopped, ()) = join(work, async {
            until(|| two.timer.sleeps.load(Ordering::Relaxed) == 1).await;
            two.steal().await;
        })
        .await;
        assert_eq!(stopped.unwrap(), None);
        let lease = Lease {
            work: TURN.work,
            holder: "thief",
        };
        let renewed = two.fixture.metadata.take_lease(lease, LEASE).await;
        assert!(renewed.unwrap(), "who lost it has ended another's lease");
    });
}

#[test]
fn what_failed_another_may_try_at_once() {
    run(async {
        let two = Two::new().await;
        let failed = ready(Err::<(), _>(Error::Full));
        let failed = two.one.in_turn(TURN, &two.timer, failed).await;
        assert!(matches!(failed, Err(Error::Full)));
        assert_eq!(two.attempt(&two.other).await.unwrap(), Some(()));
    });
}

#[test]
fn a_round_that_is_another_processes_is_counted_as_left() {
    run(async {
        let two = Two::new().await;
        let round = async |registry: &Registry| -> Option<CollectReport> {
            let round = registry.collect_in_turn(TURN, Budget::UNBOUNDED, &two.timer);
            round.await.unwrap()
        };
        assert!(round(&two.one).await.is_some());
        assert!(round(&two.other).await.is_none());
        let figures = |registry: &Registry| {
            let figures = registry.figures().collector;
            (figures.rounds, figures.left)
        };
        assert_eq!(figures(&two.one), (1, 0));
        assert_eq!(figures(&two.other), (0, 1));
    });
}
