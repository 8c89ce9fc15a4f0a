//! W3C Trace Context: of which trace a request is part.

use std::num::{NonZeroU64, NonZeroU128};

/// What a caller's `traceparent` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parent {
    /// The trace.
    pub(super) trace: NonZeroU128,
    /// The caller's span.
    pub(super) span: NonZeroU64,
    /// Whether the caller records it.
    pub(super) sampled: bool,
}

impl Parent {
    /// Reads a header's value; nothing where it is not as it must be, as the specification wants it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let version = hex(parts.next()?, 2)?;
        let trace = hex(parts.next()?, 32)?;
        let span = hex(parts.next()?, 16)?;
        let flags = hex(parts.next()?, 2)?;
        // Later versions may say more, and this one must not.
        if version == 0xff || (version == 0 && parts.next().is_some()) {
            return None;
        }
        Some(Self {
            trace: NonZeroU128::new(trace)?,
            span: NonZeroU64::new(u64::try_from(span).ok()?)?,
            sampled: flags & 1 == 1,
        })
    }
}

fn hex(digits: &str, length: usize) -> Option<u128> {
    let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let whole = digits.len() == length && digits.bytes().all(lower);
    whole.then(|| u128::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_read_and_anything_else_is_none() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = Parent::parse(text).unwrap();
        assert_eq!(
            parent.trace.get(),
            0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736
        );
        assert_eq!(parent.span.get(), 0x00f0_67aa_0ba9_02b7);
        assert!(parent.sampled);
        assert!(!Parent::parse(&text.replace("-01", "-00")).unwrap().sampled);
        assert!(Parent::parse(&text.replacen("00", "01", 1).replace("-01", "-01-more")).is_some());
        for wrong in [
            String::new(),
            text.to_uppercase(),
            text.replacen("00-", "ff-", 1),
            format!("{text}-more"),
            text.replace("00f067aa0ba902b7", "0000000000000000"),
            text.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            text.replace("4736", "47é"),
            text.replace("b7-01", "b7-+1"),
        ] {
            assert_eq!(Parent::parse(&wrong), None, "{wrong}");
        }
    }
}
