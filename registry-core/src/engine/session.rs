//! Who writes to which upload in this process.
//!
//! Epochs in the metadata keep two processes apart. Within one process more is possible: a newer
//! request tells the older writer to stop and waits until it has kept what it got. So a client
//! whose connection died unnoticed goes on from its last byte instead of an old checkpoint.

use std::{collections::HashMap, sync::Arc};

use futures_channel::oneshot;
use futures_util::future::{FutureExt, Shared};

use crate::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    upload_id::UploadId,
};

/// The uploads being written.
#[derive(Default)]
pub(super) struct Sessions {
    writers: Mutex<HashMap<UploadId, Writer>>,
}

struct Writer {
    stop: Option<oneshot::Sender<()>>,
    released: Shared<oneshot::Receiver<()>>,
    saving: Arc<AtomicBool>,
}

/// The right to write to an upload in this process, until dropped.
pub(super) struct SessionGuard {
    sessions: Arc<Sessions>,
    id: UploadId,
    stop: oneshot::Receiver<()>,
    saving: Arc<AtomicBool>,
    release: Option<oneshot::Sender<()>>,
}

impl Sessions {
    /// Becomes the writer; an older one is stopped and awaited.
    pub(super) async fn take_over(self: &Arc<Self>, id: &UploadId) -> SessionGuard {
        loop {
            match self.enter(id) {
                Ok(guard) => return guard,
                // The older writer always lets go, by dropping its guard.
                Err(released) => {
                    let _ = released.await;
                }
            }
        }
    }

    /// Waits for a writer that is keeping what it got, and for no other.
    pub(super) async fn settled(&self, id: &UploadId) {
        let saving = self.lock().get(id).and_then(|writer| {
            writer
                .saving
                .load(Ordering::Acquire)
                .then(|| writer.released.clone())
        });
        if let Some(released) = saving {
            let _ = released.await;
        }
    }

    fn enter(
        self: &Arc<Self>,
        id: &UploadId,
    ) -> Result<SessionGuard, Shared<oneshot::Receiver<()>>> {
        let mut writers = self.lock();
        if let Some(older) = writers.get_mut(id) {
            older.stop = None;
            return Err(older.released.clone());
        }
        let (stop_sender, stop) = oneshot::channel();
        let (release, released) = oneshot::channel();
        let saving = Arc::new(AtomicBool::new(false));
        let writer = Writer {
            stop: Some(stop_sender),
            released: released.shared(),
            saving: Arc::clone(&saving),
        };
        writers.insert(id.clone(), writer);
        let (sessions, id) = (Arc::clone(self), id.clone());
        Ok(SessionGuard {
            sessions,
            id,
            stop,
            saving,
            release: Some(release),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UploadId, Writer>> {
        self.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionGuard {
    /// Resolves when a newer request wants the session.
    pub(super) fn stopped(&mut self) -> &mut oneshot::Receiver<()> {
        &mut self.stop
    }

    /// Says that the writer only keeps what it got from here on.
    pub(super) fn saving(&self) {
        self.saving.store(true, Ordering::Release);
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.sessions.lock().remove(&self.id);
        drop(self.release.take());
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Waker},
    };

    use super::*;

    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }

    fn id() -> UploadId {
        UploadId::parse("session").unwrap()
    }

    #[test]
    fn a_newer_writer_stops_the_older_and_waits_for_it() {
        let (sessions, id) = (Arc::new(Sessions::default()), id());
        let mut older = now(sessions.take_over(&id)).unwrap();
        assert!(now(older.stopped()).is_none());
        let mut newer = pin!(sessions.take_over(&id));
        assert!(now(newer.as_mut()).is_none());
        assert!(now(older.stopped()).is_some());
        assert!(now(newer.as_mut()).is_none());
        drop(older);
        assert!(now(newer.as_mut()).is_some());
    }

    #[test]
    fn a_waiting_writer_that_gives_up_leaves_nothing_behind() {
        let sessions = Arc::new(Sessions::default());
        let older = now(sessions.take_over(&id())).unwrap();
        assert!(now(sessions.take_over(&id())).is_none());
        drop(older);
        assert!(sessions.lock().is_empty());
        assert!(now(sessions.take_over(&id())).is_some());
        assert!(sessions.lock().is_empty());
    }

    #[test]
    fn status_waits_only_for_a_writer_that_is_saving() {
        let sessions = Arc::new(Sessions::default());
        let guard = now(sessions.take_over(&id())).unwrap();
        assert!(now(sessions.settled(&id())).is_some());
        guard.saving();
        assert!(now(sessions.settled(&id())).is_none());
        drop(guard);
        assert!(now(sessions.settled(&id())).is_some());
    }
}

#[cfg(all(test, shuttle))]
mod schedules {
    use shuttle::{
        check_pct, check_random,
        future::{block_on, spawn},
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    /// Every writer in turn is alone while it writes, and each gets its turn or gives way.
    fn writers_take_turns() {
        let sessions = Arc::new(Sessions::default());
        let writing = Arc::new(AtomicUsize::new(0));
        let id = UploadId::parse("session").unwrap();
        let writers: Vec<_> = (0..3)
            .map(|_| {
                let (sessions, writing) = (Arc::clone(&sessions), Arc::clone(&writing));
                let id = id.clone();
                spawn(async move {
                    let mut guard = sessions.take_over(&id).await;
                    assert_eq!(
                        writing.fetch_add(1, Ordering::SeqCst),
                        0,
                        "two writers at once"
                    );
                    shuttle::future::yield_now().await;
                    let _ = guard.stopped().now_or_never();
                    guard.saving();
                    shuttle::future::yield_now().await;
                    assert_eq!(writing.fetch_sub(1, Ordering::SeqCst), 1);
                    drop(guard);
                })
            })
            .collect();
        let waiting = {
            let (sessions, id) = (Arc::clone(&sessions), id.clone());
            spawn(async move { sessions.settled(&id).await })
        };
        let abandoned = {
            let (sessions, id) = (Arc::clone(&sessions), id.clone());
            spawn(async move { drop(sessions.take_over(&id).now_or_never()) })
        };
        block_on(async move {
            for task in writers.into_iter().chain([waiting, abandoned]) {
                task.await.unwrap();
            }
            assert!(sessions.lock().is_empty(), "a session stays claimed");
        });
    }

    #[test]
    fn writers_take_turns_under_random_schedules() {
        check_random(writers_take_turns, 5_000);
    }

    #[test]
    fn writers_take_turns_under_adversarial_schedules() {
        check_pct(writers_take_turns, 5_000, 3);
    }
}
