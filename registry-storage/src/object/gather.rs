//! The bytes of a part as they come, copied into [blocks](super::block).

use std::sync::Arc;

use bytes::Bytes;
use object_store::PutPayload;
use registry_core::backend::Tail;

use super::block::{Block, Blocks};

/// Bytes that wait for more, or to be sent.
pub(super) struct Gather {
    blocks: Arc<Blocks>,
    full: Vec<Bytes>,
    last: Option<Block>,
    length: u64,
}

impl Gather {
    pub(super) fn new(blocks: Arc<Blocks>) -> Self {
        Self {
            blocks,
            full: Vec::new(),
            last: None,
            length: 0,
        }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes at the end.
    pub(super) fn push(&mut self, mut bytes: Bytes) {
        self.length += bytes.len() as u64;
        while !bytes.is_empty() {
            let last = self.last.get_or_insert_with(|| self.blocks.lend());
            last.fill(&mut bytes);
            if last.is_full() {
                self.close();
            }
        }
    }

    /// All of it. Of what is in full blocks there is no copy.
    pub(super) fn tail(&self) -> Tail {
        self.beginning(self.length)
    }

    /// The first so many bytes of it.
    pub(super) fn beginning(&self, length: u64) -> Tail {
        let mut missing = length as usize;
        let last = self
            .last
            .iter()
            .map(|last| Bytes::copy_from_slice(last.as_ref()));
        let pieces = self.full.iter().cloned().chain(last);
        let cut = pieces.map(|mut piece| {
            let cut = piece.split_to(missing.min(piece.len()));
            missing -= cut.len();
            cut
        });
        cut.collect()
    }

    /// All of it, taken out.
    pub(super) fn take(&mut self) -> PutPayload {
        self.close();
        self.length = 0;
        self.full.drain(..).collect()
    }

    fn close(&mut self) {
        self.full.extend(self.last.take().map(Block::into_bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::block::BLOCK, *};

    #[test]
    fn pieces_of_any_length_are_the_bytes_that_came() {
        let lengths = [1, 0, BLOCK - 1, BLOCK, 3, BLOCK, 2 * BLOCK, 1, 1];
        let mut gather = Gather::new(Arc::default());
        let mut all = Vec::new();
        for (mark, length) in (0..).zip(lengths) {
            let piece = vec![mark; length];
            all.extend_from_slice(&piece);
            gather.push(piece.into());
            assert_eq!(gather.tail().after(0), all);
        }
        assert_eq!(gather.length(), all.len() as u64);
        assert_eq!(gather.beginning(1 + BLOCK as u64).after(0), all[..=BLOCK]);
        assert_eq!(Bytes::from(gather.take()), all);
        assert_eq!((gather.length(), gather.tail().len()), (0, 0));
    }

    #[test]
    fn hazard_34_no_piece_is_held_that_came() {
        let mut gather = Gather::new(Arc::default());
        for length in [1, BLOCK / 2, BLOCK, 3 * BLOCK] {
            let piece = Bytes::from(vec![7; length]);
            gather.push(piece.clone());
            assert!(piece.is_unique(), "a piece of {length}");
        }
    }

    #[test]
    fn hazard_34_bytes_that_come_one_by_one_make_few_pieces() {
        let mut gather = Gather::new(Arc::default());
        for _ in 0..4 * BLOCK {
            gather.push(Bytes::from_static(b"x"));
        }
        assert_eq!(gather.take().iter().count(), 4);
    }
}
