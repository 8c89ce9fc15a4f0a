//! SIGHUP, which says that the configuration is to be read again.
//!
//! It is taken from the start of the process to its end, also while nobody can follow it: what was said
//! meanwhile holds once somebody can.

use std::io;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{Mutex, Notify},
};

/// Those that were not followed yet. Several are one.
pub(crate) struct Hangups {
    signal: Mutex<Signal>,
    told: Notify,
}

impl Hangups {
    /// From here on one does not end the process.
    pub(crate) fn take() -> io::Result<Self> {
        Ok(Self {
            signal: Mutex::new(signal(SignalKind::hangup())?),
            told: Notify::new(),
        })
    }

    /// The next one. Dropped before its end, it has taken none.
    pub(crate) async fn next(&self) {
        let mut signal = self.signal.lock().await;
        tokio::select! {
            _ = signal.recv() => {}
            () = self.told.notified() => {}
        }
    }

    /// One that was meant for this process and reached another, or could not be followed.
    pub(crate) fn tell(&self) {
        self.told.notify_one();
    }
}
