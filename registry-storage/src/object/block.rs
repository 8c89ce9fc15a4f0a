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

/// So many are kept for each that is in use. Parts that arrive at once give all of theirs back, and others
/// need as many a moment later. Given to the allocator meanwhile, and taken from it by other threads, they
/// left holes in one of its arenas while another grew.
const KEPT: usize = 16;

/// Where blocks come from and go back to. There are never more than were in use at one time.
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
        let most = KEPT * kept.lent;
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
    fn few_are_kept_where_few_are_in_use_and_none_where_none_is() {
        let blocks = Arc::new(Blocks::default());
        let mut lent: Vec<_> = (0..2 * KEPT + 4).map(|_| blocks.lend()).collect();
        let free = |lent: &mut Vec<_>, in_use| {
            lent.truncate(in_use);
            blocks.kept().free.len()
        };
        assert_eq!(free(&mut lent, 4), 2 * KEPT, "all that came back");
        assert_eq!(free(&mut lent, 2), 2 * KEPT);
        assert_eq!(free(&mut lent, 1), KEPT);
        assert_eq!(free(&mut lent, 0), 0);
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
