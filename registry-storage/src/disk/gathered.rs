//! Bytes that wait until there are enough of them to go to the disk.

use bytes::{Bytes, BytesMut};

/// Pieces shorter than this are copied together: each would cost more than its copy.
const SHORT: usize = 16 << 10;

/// Pieces in order.
#[derive(Default)]
pub(super) struct Gathered {
    pieces: Vec<Bytes>,
    short: BytesMut,
    length: usize,
}

impl Gathered {
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.length += bytes.len();
        if bytes.len() < SHORT {
            self.short.extend_from_slice(&bytes);
        } else {
            self.end_short();
            self.pieces.push(bytes);
        }
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// All of them; none remain.
    pub(super) fn take(&mut self) -> Vec<Bytes> {
        self.end_short();
        self.length = 0;
        std::mem::take(&mut self.pieces)
    }

    fn end_short(&mut self) {
        if !self.short.is_empty() {
            self.pieces.push(self.short.split().freeze());
        }
    }
}
