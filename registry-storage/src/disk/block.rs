//! Bytes that wait until there are enough of them to go to the disk.
//!
//! They are copied together, so that the memory that a connection reads into is free to be read into
//! again, and lie in memory as they will lie in the file: what begins a block of the file begins a block
//! of memory, from which [the disk takes it](super::direct) by itself.

use bytes::Bytes;

use super::grant::Grant;

/// What blocks of memory and of a file are multiples of.
pub(super) const ALIGNMENT: usize = 4096;

/// Bytes of one place of a file.
pub(super) struct Block {
    /// What lies before the start is nothing.
    memory: Vec<u8>,
    start: usize,
    room: usize,
    grant: Grant,
}

impl Block {
    /// An empty one for what follows an offset, up to a multiple of what is granted.
    pub(super) fn at(offset: u64, grant: Grant) -> Self {
        Self::within(Vec::new(), offset, grant)
    }

    /// An empty one for what follows another offset. Its memory is that of this one, if as much is granted
    /// again.
    pub(super) fn again_at(self, offset: u64) -> Self {
        Self::within(self.memory, offset, self.grant.renewed())
    }

    /// An empty one beside this one.
    pub(super) fn another_at(&self, offset: u64) -> Self {
        Self::at(offset, self.grant.another())
    }

    fn within(mut memory: Vec<u8>, offset: u64, grant: Grant) -> Self {
        let size = grant.bytes();
        let capacity = size + 2 * ALIGNMENT;
        if memory.capacity() != capacity {
            drop(memory);
            memory = Vec::with_capacity(capacity);
        }
        memory.clear();
        let start = memory.as_ptr().align_offset(ALIGNMENT) + below(offset, ALIGNMENT);
        memory.resize(start, 0);
        let room = size - below(offset, size);
        Self {
            memory,
            start,
            room,
            grant,
        }
    }

    /// Takes of the bytes what there is room for, and says how many.
    pub(super) fn take(&mut self, bytes: &mut Bytes) -> usize {
        let taken = bytes.len().min(self.room - self.bytes().len());
        self.memory.extend_from_slice(&bytes.split_to(taken));
        taken
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes().len() == self.room
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.memory[self.start..]
    }
}

/// How far an offset is behind a multiple of a size.
fn below(offset: u64, size: usize) -> usize {
    (offset % size as u64) as usize
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{super::grant::Budget, *};

    fn fill(block: &mut Block) {
        let mut bytes = Bytes::from(vec![7; 4 << 20]);
        let taken = block.take(&mut bytes);
        assert!(block.is_full());
        assert_eq!(block.bytes().len(), taken);
        assert_eq!(bytes.len() + taken, 4 << 20);
    }

    #[test]
    fn a_block_ends_at_a_multiple_of_its_size_and_lies_in_memory_as_in_the_file() {
        let budget = Arc::<Budget>::default();
        for offset in [
            0,
            1,
            4095,
            4096,
            5000,
            65_535,
            65_536,
            1 << 40,
            (1 << 40) + 1,
        ] {
            let mut block = Block::at(offset, budget.grant());
            fill(&mut block);
            assert_eq!((offset + block.bytes().len() as u64) % (1 << 20), 0);
            assert_eq!(block.bytes().as_ptr().addr() as u64 % 4096, offset % 4096);
        }
    }

    #[test]
    fn memory_is_used_again_where_as_much_is_granted() {
        let budget = Arc::<Budget>::default();
        let mut first = Block::at(10, budget.grant());
        fill(&mut first);
        let (memory, room) = (first.memory.as_ptr(), first.room);
        let again = first.again_at(10 + room as u64);
        assert_eq!(again.memory.as_ptr(), memory);
        assert!(again.bytes().is_empty());
        let others: Vec<_> = (0..100).map(|_| budget.grant()).collect();
        let smaller = again.again_at(1 << 20);
        assert!(smaller.memory.capacity() < 1 << 20);
        drop(others);
    }

    #[test]
    fn bytes_that_come_piece_by_piece_are_in_order() {
        let mut block = Block::at(4000, Arc::<Budget>::default().grant());
        for piece in [&b"some "[..], b"", b"bytes"] {
            block.take(&mut Bytes::from_static(piece));
        }
        assert_eq!(block.bytes(), b"some bytes");
        assert!(!block.is_full());
    }
}
