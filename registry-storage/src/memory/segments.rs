//! Bytes in pieces: what was appended is kept as it came and handed out again without a copy.
//!
//! One growing buffer per object was the alternative; it copies everything at least once, more often
//! while it grows, and a commit would have to copy it again to give the spare room back.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;

/// A sequence of bytes, kept as pieces.
///
/// - No piece is empty.
/// - `ends[i]` is the offset at which piece `i` ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Segments {
    pieces: Vec<Bytes>,
    ends: Vec<u64>,
}

impl Segments {
    /// How many bytes there are.
    pub(super) fn len(&self) -> u64 {
        self.ends.last().copied().unwrap_or_default()
    }

    /// The pieces in their order.
    pub(super) fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// Adds bytes at the end.
    pub(super) fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.ends.push(self.len() + piece.len() as u64);
            self.pieces.push(piece);
        }
    }

    /// Takes the first `length` bytes away, or all where there are fewer.
    pub(super) fn take_front(&mut self, length: u64) -> Self {
        let (mut front, mut back) = (Self::default(), Self::default());
        for mut piece in std::mem::take(&mut self.pieces) {
            let missing = (length - front.len()).min(piece.len() as u64);
            front.push(piece.split_to(missing as usize));
            back.push(piece);
        }
        *self = back;
        front
    }

    /// The bytes of a range that lies within, found without walking over what is before it.
    pub(super) fn slices(
        self: Arc<Self>,
        range: Range<u64>,
    ) -> impl Iterator<Item = Bytes> + Send + 'static {
        let first = self.ends.partition_point(|end| *end <= range.start);
        (first..).map_while(move |index| self.overlap(index, &range))
    }

    /// What of a piece lies in the range.
    fn overlap(&self, index: usize, range: &Range<u64>) -> Option<Bytes> {
        let piece = self.pieces.get(index)?;
        let end = self.ends[index];
        let start = end - piece.len() as u64;
        let from = range.start.max(start) - start;
        let to = range.end.min(end).checked_sub(start).filter(|to| *to > 0)?;
        Some(piece.slice(from as usize..to as usize))
    }
}

impl Extend<Bytes> for Segments {
    fn extend<I: IntoIterator<Item = Bytes>>(&mut self, pieces: I) {
        pieces.into_iter().for_each(|piece| self.push(piece));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments() -> Segments {
        let mut segments = Segments::default();
        segments.extend(["ab", "", "cde", "f"].map(Bytes::from));
        segments
    }

    fn text(pieces: impl IntoIterator<Item = Bytes>) -> Vec<u8> {
        pieces.into_iter().flatten().collect()
    }

    #[test]
    fn every_range_yields_exactly_its_bytes() {
        let all = b"abcdef";
        for start in 0..all.len() {
            for end in start + 1..=all.len() {
                let slices = Arc::new(segments()).slices(start as u64..end as u64);
                assert_eq!(text(slices), all[start..end], "{start}..{end}");
            }
        }
    }

    #[test]
    fn nothing_is_a_range_of_nothing() {
        let nothing = Arc::new(Segments::default());
        assert_eq!(nothing.len(), 0);
        assert_eq!(nothing.slices(0..0).count(), 0);
    }

    #[test]
    fn the_front_and_what_remains_are_the_whole() {
        for length in 0..8 {
            let mut back = segments();
            let front = back.take_front(length);
            assert_eq!(front.len(), length.min(6), "{length}");
            let mut whole = text(front.pieces().to_vec());
            whole.extend(text(back.pieces().to_vec()));
            assert_eq!(whole, b"abcdef", "{length}");
        }
    }

    #[test]
    fn slices_share_the_bytes_appended() {
        let piece = Bytes::from(vec![7; 64]);
        let mut segments = Segments::default();
        segments.push(piece.clone());
        let slice = Arc::new(segments).slices(8..16).next().unwrap();
        assert_eq!(slice.as_ptr(), piece[8..].as_ptr());
    }
}
