//! The memory that gathered bytes lie in: blocks of one length, which are used again.
//!
//! What a connection reads comes in pieces of a buffer that is larger than they are, and is held by each of
//! them. Kept as they came, the pieces of a part took twice its bytes, in as many places as there are
//! threads, and a client that sends little by little could make that many times as much. So bytes are
//! copied, the connection reads into the same buffer again, and a part takes its length.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::{Buf, Bytes};

/// The length of each.
pub(super) const BLOCK: usize = 64 << 10;

/// Where blocks come from and go back to. There are never more than were in use at one time, and no
/// more are kept than are in use.
#[derive(Default)]
pub(super) struct Blocks {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    free: Vec<Vec<u8>>,
    lent: usize,
}

/// One of them, which goes back when it is dropped.
pub(super) struct Block {
    memory: Vec<u8>,
    of: Arc<Blocks>,
}

impl Blocks {
    pub(super) fn lend(self: &Arc<Self>) -> Block {
        let mut kept = self.kept();
        kept.lent += 1;
        let memory = kept.free.pop();
        drop(kept);
        Block {
            memory: memory.unwrap_or_else(|| Vec::with_capacity(BLOCK)),
            of: Arc::clone(self),
        }
    }

    fn take_back(&self, mut memory: Vec<u8>) {
        memory.clear();
        let mut kept = self.kept();
        kept.lent -= 1;
        let most = kept.lent;
        kept.free.push(memory);
        let rest = kept.free.len().min(most);
        let given_back = kept.free.split_off(rest);
        drop(kept);
        drop(given_back);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Block {
    /// Takes of the bytes what there is room for.
    pub(super) fn fill(&mut self, bytes: &mut Bytes) {
        let length = bytes.len().min(BLOCK - self.memory.len());
        self.memory.extend_from_slice(&bytes[..length]);
        bytes.advance(length);
    }

    pub(super) fn is_full(&self) -> bool {
        self.memory.len() == BLOCK
    }

    pub(super) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.memory
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.of.take_back(mem::take(&mut self.memory));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hazard_34_there_are_no_more_blocks_than_were_in_use_at_once() {
        let blocks = Arc::new(Blocks::default());
        let places = |lent: &[Block]| -> Vec<_> {
            let mut places: Vec<_> = lent.iter().map(|block| block.memory.as_ptr()).collect();
            places.sort_unstable();
            places
        };
        let mut lent: Vec<_> = (0..4).map(|_| blocks.lend()).collect();
        let first = places(&lent);
        lent.drain(..2);
        lent.extend([blocks.lend(), blocks.lend()]);
        assert_eq!(places(&lent), first);
    }

    #[test]
    fn no_more_is_kept_than_is_in_use() {
        let blocks = Arc::new(Blocks::default());
        let mut lent: Vec<_> = (0..5).map(|_| blocks.lend()).collect();
        for (in_use, free) in [(4, 1), (3, 2), (2, 2), (1, 1), (0, 0)] {
            lent.pop();
            assert_eq!(lent.len(), in_use);
            assert_eq!(blocks.kept().free.len(), free, "{in_use} are in use");
        }
    }

    #[test]
    fn a_block_comes_back_empty() {
        let blocks = Arc::new(Blocks::default());
        let other = blocks.lend();
        let mut block = blocks.lend();
        block.fill(&mut Bytes::from(vec![7; BLOCK + 1]));
        assert!(block.is_full());
        let bytes = block.into_bytes();
        assert_eq!(bytes, vec![7; BLOCK]);
        drop(bytes);
        assert_eq!(blocks.lend().as_ref(), b"");
        drop(other);
    }
}
