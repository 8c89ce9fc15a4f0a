//! Bytes that a store does not take yet, because they are no whole part.

use bytes::{Bytes, BytesMut};

/// Bytes in pieces, as they were gathered: a copy of it copies none of them.
#[derive(Clone, Debug, Default)]
pub struct Tail(Vec<Bytes>);

impl Tail {
    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.iter().map(|piece| piece.len() as u64).sum()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Bytes::is_empty)
    }

    /// The pieces, in their order.
    pub fn pieces(&self) -> impl Iterator<Item = &Bytes> {
        self.0.iter()
    }

    /// All but the first so many bytes, in one piece.
    #[must_use]
    pub fn after(&self, first: u64) -> Bytes {
        let mut skip = usize::try_from(first).unwrap_or(usize::MAX);
        let length = self.len().saturating_sub(first);
        let mut rest = BytesMut::with_capacity(usize::try_from(length).unwrap_or(0));
        for piece in &self.0 {
            let skipped = skip.min(piece.len());
            rest.extend_from_slice(&piece[skipped..]);
            skip -= skipped;
        }
        rest.freeze()
    }
}

impl FromIterator<Bytes> for Tail {
    fn from_iter<I: IntoIterator<Item = Bytes>>(pieces: I) -> Self {
        Self(pieces.into_iter().collect())
    }
}

/// The same bytes, however they are cut.
impl PartialEq for Tail {
    fn eq(&self, other: &Self) -> bool {
        let bytes = |tail: &Self| tail.0.clone().into_iter().flatten();
        self.len() == other.len() && bytes(self).eq(bytes(other))
    }
}

impl Eq for Tail {}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(pieces: &[&'static str]) -> Tail {
        pieces.iter().map(|piece| Bytes::from(*piece)).collect()
    }

    #[test]
    fn it_is_its_bytes_however_they_are_cut() {
        let cut = tail(&["", "ab", "c", "", "def"]);
        assert_eq!(cut, tail(&["abcdef"]));
        assert_ne!(cut, tail(&["abcdeg"]));
        assert_ne!(cut, tail(&["abcde"]));
        assert_eq!((cut.len(), cut.is_empty()), (6, false));
        assert_eq!(tail(&["", ""]), Tail::default());
        assert!(tail(&["", ""]).is_empty());
    }

    #[test]
    fn what_is_after_a_place_is_the_rest_of_it() {
        let whole = "abcdef";
        let cut = tail(&["ab", "", "c", "def"]);
        for (first, rest) in (0..8).map(|first| (first, whole.get(first..).unwrap_or_default())) {
            assert_eq!(cut.after(first as u64), rest, "after {first}");
        }
        assert_eq!(cut.after(u64::MAX), "");
    }
}
