//! Room for what was announced.
//!
//! Whoever says how much will come is told at once where there is no room for it beside what others have
//! announced and not sent yet. Taking the blocks of the disk (`fallocate`) was the alternative: then a few
//! bytes of a request would take all of a disk from everybody, and what a client leaves behind half sent
//! would keep its blocks for as long as it can be resumed. An announcement ends with its writer, and says
//! nothing to small content.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use registry_core::backend::{StoreError, StoreErrorKind};

use super::{probe::space, root::Root};

/// Left free by what is announced: even to take something away the database must write.
const RESERVE: u64 = 8 << 20;

/// What all writers have announced.
#[derive(Default)]
pub(super) struct Room(Mutex<u64>);

/// What a writer has announced and not written, until it is dropped.
pub(super) struct Announced {
    room: Arc<Room>,
    left: u64,
}

impl Room {
    /// Sets so many bytes aside, if there is room. This blocks.
    pub(super) fn announce(
        self: &Arc<Self>,
        root: &Root,
        bytes: u64,
    ) -> Result<Announced, StoreError> {
        let mut announced = self.lock();
        let wanted = announced.saturating_add(bytes);
        let available = space(root)?.available;
        if wanted.saturating_add(RESERVE) > available {
            let message = format!(
                "{available} bytes are free, too few for {bytes} more beside {announced} that were announced"
            );
            return Err(StoreError::new(StoreErrorKind::Full, message));
        }
        *announced = wanted;
        let room = Arc::clone(self);
        Ok(Announced { room, left: bytes })
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Announced {
    /// So many bytes have come: the disk counts them from now on.
    pub(super) fn came(&mut self, bytes: u64) {
        let came = bytes.min(self.left);
        self.left -= came;
        *self.room.lock() -= came;
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.came(self.left);
    }
}

#[cfg(test)]
mod tests {
    use registry_core::Random;

    use super::*;
    use crate::{Durability, SystemRandom, disk::ops};

    #[test]
    fn what_is_announced_is_set_aside_until_it_came_or_its_writer_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let steps = ops::of(Durability::Relaxed);
        let root = Root::open(directory.path().join("store"), steps, random).unwrap();
        let room = Arc::new(Room::default());
        let mut first = room.announce(&root, 1000).unwrap();
        let second = room.announce(&root, 500).unwrap();
        assert_eq!(*room.lock(), 1500);
        for much in [u64::MAX, space(&root).unwrap().total] {
            let refused = room.announce(&root, much).err().unwrap();
            assert_eq!(refused.kind, StoreErrorKind::Full, "{refused}");
        }
        first.came(600);
        assert_eq!(*room.lock(), 900);
        first.came(600);
        assert_eq!(*room.lock(), 500);
        drop((first, second));
        assert_eq!(*room.lock(), 0);
    }
}
