//! Resting on tokio.

use std::time::Duration;

use async_trait::async_trait;
use registry_core::{Clock, SystemClock, Timer, Timestamp};

/// The system's clock and tokio's sleep, for work within a [`Budget`](registry_core::Budget).
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTimer;

impl Clock for TokioTimer {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }
}

#[async_trait]
impl Timer for TokioTimer {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
