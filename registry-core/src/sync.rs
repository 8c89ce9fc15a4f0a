//! Locks and flags, exchanged for instrumented ones where a test explores schedules
//! (`RUSTFLAGS="--cfg shuttle" cargo test -p registry-core --lib schedules`).

#[cfg(not(shuttle))]
pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError, atomic};

#[cfg(shuttle)]
pub(crate) use {
    shuttle::sync::{Mutex, MutexGuard, atomic},
    std::sync::PoisonError,
};
