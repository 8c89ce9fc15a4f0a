//! Whose turn it is to read everything again.
//!
//! Two runs at once would each keep their place over the other's. So one that somebody asks for takes the turn
//! from the one that goes on by itself, which ends before its next step and is taken up again from its place;
//! and where somebody has asked already, whoever asks is told so. To queue was the alternative: a run in the
//! background is slow on purpose, and may take days.

use std::sync::Arc;

use crate::{
    engine::Inner,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The turns that a registry has given.
#[derive(Default)]
pub(in crate::engine) struct Turns(Mutex<Given>);

#[derive(Default)]
struct Given {
    last: u64,
    holder: Option<Holder>,
}

struct Holder {
    number: u64,
    gives_way: bool,
}

impl Given {
    fn is_held_by(&self, number: u64) -> bool {
        let holder = self.holder.as_ref();
        holder.is_some_and(|holder| holder.number == number)
    }
}

/// A turn, until it is dropped or taken.
pub(super) struct Turn {
    inner: Arc<Inner>,
    number: u64,
}

impl Turns {
    /// Whether somebody has it.
    pub(in crate::engine) fn is_taken(&self) -> bool {
        self.lock().holder.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Given> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Takes it, unless somebody has it who need not give way to this one.
    pub(super) fn take(inner: &Arc<Inner>, gives_way: bool) -> Option<Self> {
        let mut given = inner.scrubs.lock();
        let stays = |holder: &Holder| gives_way || !holder.gives_way;
        if given.holder.as_ref().is_some_and(stays) {
            return None;
        }
        given.last += 1;
        let number = given.last;
        given.holder = Some(Holder { number, gives_way });
        let inner = Arc::clone(inner);
        Some(Self { inner, number })
    }

    /// Whether somebody took it.
    pub(super) fn is_over(&self) -> bool {
        !self.inner.scrubs.lock().is_held_by(self.number)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut given = self.inner.scrubs.lock();
        if given.is_held_by(self.number) {
            given.holder = None;
        }
    }
}
