//! What goes wrong, and when.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use crate::wrap::operation::Operation;

/// Something that goes wrong, or slowly.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing happens, and the backend says that it cannot be done now.
    Unavailable,
    /// Nothing happens, and the backend says that it has no room. Fits writes.
    Full,
    /// Nothing happens, and the backend cannot say whether it did. Fits writes.
    LostRequest,
    /// It happens, and the backend cannot say whether it did. Fits writes.
    LostAnswer,
    /// The call is not ready that many times, and then happens.
    Pending(u32),
    /// The call happens, and its answer is not ready that many times.
    LateAnswer(u32),
    /// The call happens when the wait is over.
    Wait(Wait),
    /// An object ends after that many of the bytes asked for, as if it had no more. Fits `read`.
    ShortRead(u64),
    /// Reading fails after that many of the bytes asked for. Fits `read`.
    CutRead(u64),
    /// The first byte read is not the one written. Fits `read`.
    WrongBytes,
    /// Only that many bytes are appended, and the backend cannot say how many. Fits `append`.
    TornWrite(usize),
}

impl Fault {
    /// Waits for a future made anew for each call: a sleep, or a gate that a test opens.
    pub fn wait<F: Future<Output = ()> + Send + 'static>(
        future: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        Self::Wait(Wait(Arc::new(move || Box::pin(future()))))
    }

    /// Whether it can befall that operation.
    #[must_use]
    pub fn fits(&self, operation: Operation) -> bool {
        match self {
            Self::Unavailable | Self::Pending(_) | Self::LateAnswer(_) | Self::Wait(_) => true,
            Self::Full | Self::LostRequest | Self::LostAnswer => operation.is_write(),
            Self::ShortRead(_) | Self::CutRead(_) | Self::WrongBytes => {
                operation == Operation::Read
            }
            Self::TornWrite(_) => operation == Operation::Append,
        }
    }
}

/// Makes what a call waits for. See [`Fault::wait`].
#[derive(Clone)]
pub struct Wait(Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>);

impl Wait {
    pub(super) fn begin(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0()
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wait")
    }
}

/// Which of the calls that a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The nth from when the rule was given, counted from 1.
    Nth(u64),
    /// Every nth; each call where that is 1.
    Every(u64),
}

impl When {
    pub(super) fn is(self, call: u64) -> bool {
        match self {
            Self::Nth(n) => call == n,
            Self::Every(n) => call.is_multiple_of(n),
        }
    }
}
