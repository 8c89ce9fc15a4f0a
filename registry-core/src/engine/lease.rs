//! Work that one process at a time does, of those that share a registry.

use std::{fmt::Write, pin::pin, time::Duration};

use futures_util::future::{Either, select};

use super::{Registry, Result, budget::Timer};
use crate::backend::Lease;

/// How processes take turns at some work.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Which work.
    pub work: &'static str,
    /// For how long a process that died still has it. Who is at work says so three times as often.
    pub lease: Duration,
    /// How long nobody does it after it was done.
    pub pause: Duration,
}

impl Registry {
    /// Does some work, unless another process is at it or it was done a short while ago: then it is `None`, as
    /// it is where the turn was lost meanwhile, and the work stopped where it was.
    ///
    /// The turn saves work and keeps nothing safe: what is done must be right also where two do it.
    ///
    /// # Errors
    /// Those of the work, and where the metadata does not answer.
    pub async fn in_turn<T>(
        &self,
        turn: Turn,
        timer: &dyn Timer,
        work: impl Future<Output = Result<T>>,
    ) -> Result<Option<T>> {
        let metadata = &self.inner.metadata;
        let lease = Lease {
            work: turn.work,
            holder: self.holder(),
        };
        if !metadata.take_lease(lease, turn.lease).await? {
            return Ok(None);
        }
        let renewed = pin!(self.renew(lease, turn.lease, timer));
        let done = match select(pin!(work), renewed).await {
            Either::Left((done, _)) => done,
            Either::Right(_) => return Ok(None),
        };
        let pause = match done {
            Ok(_) => turn.pause,
            Err(_) => Duration::ZERO,
        };
        // Where that fails, the lease ends by itself.
        drop(metadata.end_lease(lease, pause).await);
        done.map(Some)
    }

    /// Renews a lease until it is found to be another's.
    async fn renew(&self, lease: Lease<'_>, time: Duration, timer: &dyn Timer) {
        loop {
            timer.sleep(time / 3).await;
            if matches!(self.inner.metadata.take_lease(lease, time).await, Ok(false)) {
                return;
            }
        }
    }

    /// The name of this process, or of this registry within it.
    fn holder(&self) -> &str {
        self.inner.holder.get_or_init(|| {
            let mut bytes = [0; 16];
            self.inner.random.fill(&mut bytes);
            bytes.iter().fold(String::new(), |mut name, byte| {
                let _ = write!(name, "{byte:02x}");
                name
            })
        })
    }
}
