//! The bytes of a part as they come: kept in the pieces that came, without a copy.
//!
//! A client may send its bytes one by one, and what a piece costs beside its bytes would then be more
//! than them; so small ones are copied together.

use bytes::{Bytes, BytesMut};
use object_store::PutPayload;

/// What is smaller is copied.
const SMALL: usize = 4 << 10;

/// Into blocks of so many bytes.
const BLOCK: usize = 64 << 10;

/// Bytes that wait for more, or to be sent.
#[derive(Default)]
pub(super) struct Gather {
    pieces: Vec<Bytes>,
    small: BytesMut,
    length: u64,
}

impl Gather {
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes at the end.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.length += bytes.len() as u64;
        if bytes.len() >= SMALL {
            self.close();
            self.pieces.push(bytes);
            return;
        }
        if self.small.capacity() - self.small.len() < bytes.len() {
            self.close();
            self.small.reserve(BLOCK);
        }
        self.small.extend_from_slice(&bytes);
    }

    /// All of it, in one piece.
    pub(super) fn copied(&self) -> Bytes {
        self.beginning(self.length)
    }

    /// The first so many bytes of it, in one piece.
    pub(super) fn beginning(&self, length: u64) -> Bytes {
        let length = length.min(self.length) as usize;
        let mut bytes = BytesMut::with_capacity(length);
        let pieces = self.pieces.iter().map(|piece| &piece[..]);
        for piece in pieces.chain([&self.small[..]]) {
            let missing = length - bytes.len();
            bytes.extend_from_slice(&piece[..missing.min(piece.len())]);
        }
        bytes.freeze()
    }

    /// All of it, taken out.
    pub(super) fn take(&mut self) -> PutPayload {
        self.close();
        self.length = 0;
        self.pieces.drain(..).collect()
    }

    fn close(&mut self) {
        if !self.small.is_empty() {
            self.pieces.push(self.small.split().freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_are_the_bytes_that_came() {
        let lengths = [1, 0, SMALL - 1, SMALL, 3, SMALL, 2 * BLOCK, 1, 1];
        let mut gather = Gather::default();
        let mut all = Vec::new();
        for (mark, length) in (0..).zip(lengths) {
            let piece = vec![mark; length];
            all.extend_from_slice(&piece);
            gather.push(piece.into());
        }
        assert_eq!(gather.length(), all.len() as u64);
        assert_eq!(gather.copied(), all);
        assert_eq!(Bytes::from(gather.take()), all);
        assert_eq!((gather.length(), gather.copied().len()), (0, 0));
    }

    #[test]
    fn a_large_piece_is_not_copied() {
        let piece = Bytes::from(vec![7; SMALL]);
        let mut gather = Gather::default();
        gather.push(piece.clone());
        assert_eq!(Bytes::from(gather.take()).as_ptr(), piece.as_ptr());
    }

    #[test]
    fn hazard_34_bytes_that_come_one_by_one_make_few_pieces() {
        let mut gather = Gather::default();
        for _ in 0..4 * BLOCK {
            gather.push(Bytes::from_static(b"x"));
        }
        assert!(gather.take().iter().count() <= 5);
    }
}
