//! Bytes that wait until there are enough of them to go to the disk.
//!
//! They are copied together, so that the memory that a connection reads into is free to be read into
//! again, and lie in memory as they will lie in the file: what begins a block of the file begins a block
//! of memory, from which [the disk takes it](super::direct) by itself.

use bytes::Bytes;

/// What blocks of memory and of a file are multiples of.
pub(super) const ALIGNMENT: usize = 4096;

/// Bytes of one place of a file.
pub(super) struct Block {
    /// What lies before the start is nothing.
    memory: Vec<u8>,
    start: usize,
    room: usize,
}

impl Block {
    /// An empty one for what follows an offset, up to a multiple of a size. Memory is taken from an
    /// earlier one, if it is as large.
    pub(super) fn at(offset: u64, size: usize, earlier: Option<Self>) -> Self {
        let capacity = size + 2 * ALIGNMENT;
        let earlier = earlier.map(|block| block.memory);
        let mut memory = earlier
            .filter(|memory| memory.capacity() == capacity)
            .unwrap_or_else(|| Vec::with_capacity(capacity));
        memory.clear();
        let start = memory.as_ptr().align_offset(ALIGNMENT) + below(offset, ALIGNMENT);
        memory.resize(start, 0);
        let room = size - below(offset, size);
        Self {
            memory,
            start,
            room,
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
    use super::*;

    fn full(offset: u64, size: usize, earlier: Option<Block>) -> Block {
        let mut block = Block::at(offset, size, earlier);
        let mut bytes = Bytes::from(vec![7; 2 * size]);
        block.take(&mut bytes);
        assert!(block.is_full());
        assert_eq!(block.bytes().len() + bytes.len(), 2 * size);
        block
    }

    #[test]
    fn a_block_ends_at_a_multiple_of_its_size_and_lies_in_memory_as_in_the_file() {
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
            let block = full(offset, 65_536, None);
            assert_eq!((offset + block.bytes().len() as u64) % 65_536, 0);
            assert_eq!(block.bytes().as_ptr().addr() as u64 % 4096, offset % 4096);
        }
    }

    #[test]
    fn memory_is_used_again_where_it_has_the_size() {
        let first = full(10, 65_536, None);
        let memory = first.memory.as_ptr();
        let second = full(65_536, 65_536, Some(first));
        assert_eq!(second.memory.as_ptr(), memory);
        let smaller = full(131_072, 32_768, Some(second));
        assert!(smaller.memory.capacity() < 65_536);
    }

    #[test]
    fn bytes_that_come_piece_by_piece_are_in_order() {
        let mut block = Block::at(4000, 8192, None);
        for piece in [&b"some "[..], b"", b"bytes"] {
            block.take(&mut Bytes::from_static(piece));
        }
        assert_eq!(block.bytes(), b"some bytes");
        assert!(!block.is_full());
    }
}
