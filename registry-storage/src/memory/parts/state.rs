//! What a checkpoint notes of a write in parts.

use bytes::Bytes;

/// The parts so far in their order, and the tail behind them.
///
/// As bytes: the ids in decimal, separated by blanks, then `+` and the tail's where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WriteState {
    pub(super) parts: Vec<u64>,
    pub(super) tail: Option<u64>,
}

impl WriteState {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (parts, tail) = match text.split_once('+') {
            Some((parts, tail)) => (parts, Some(tail.parse().ok()?)),
            None => (text, None),
        };
        let ids = parts.split_ascii_whitespace().map(str::parse);
        let parts = ids.collect::<Result<_, _>>().ok()?;
        Some(Self { parts, tail })
    }

    pub(super) fn write(&self) -> Bytes {
        let ids: Vec<_> = self.parts.iter().map(u64::to_string).collect();
        let tail = self.tail.map(|id| format!("+{id}")).unwrap_or_default();
        format!("{}{tail}", ids.join(" ")).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for parts in [vec![], vec![7], vec![1, 20, 3]] {
            for tail in [None, Some(9)] {
                let parts = parts.clone();
                let state = WriteState { parts, tail };
                assert_eq!(WriteState::read(&state.write()), Some(state));
            }
        }
    }

    #[test]
    fn what_was_not_written_is_refused() {
        for bytes in ["x", "1,2", "1+", "1+2+3", "-1"] {
            assert_eq!(WriteState::read(bytes.as_bytes()), None, "{bytes}");
        }
    }
}
