//! Frames: what is appended at once, and found again in whatever is left of a file.
//!
//! A frame begins with eight bytes that a reader looks for where something is wrong. Its checksum is the
//! beginning of a SHA-256, for which the engine has fast code already, and covers the sequence number as
//! well, so that a frame that was written to another place is not taken for one of this place.

use std::{io, ops::Range};

use bytes::Bytes;
use registry_core::Algorithms;

use super::{Entry, Head};

const MAGIC: &[u8; 8] = b"RegJrnl\n";

/// The magic, the length, the sequence number, and the checksum.
const PREFIX: usize = 8 + 4 + 8 + 8;

/// Hex digits of a digest that are the checksum.
const CHECKSUM_DIGITS: usize = 16;

/// What was appended at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// One more than that of the frame before.
    pub(crate) sequence: u64,
    pub(crate) head: Head,
    pub(crate) entries: Vec<Entry>,
}

/// Bytes that are no frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) at: Range<usize>,
    /// Whether nothing follows, as where a write was cut off.
    pub(crate) tail: bool,
}

/// What is found in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Frame(Frame),
    Damage(Damage),
}

impl Frame {
    /// The frame as bytes.
    pub(crate) fn encode(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; PREFIX];
        put(&mut bytes, &serde_json::to_vec(&self.head)?);
        for entry in &self.entries {
            put(&mut bytes, &serde_json::to_vec(&entry.record)?);
            put(&mut bytes, &entry.bytes);
        }
        let payload = &bytes[PREFIX..];
        let mut prefix = Vec::with_capacity(PREFIX);
        prefix.extend_from_slice(MAGIC);
        prefix.extend_from_slice(&length(payload).to_le_bytes());
        prefix.extend_from_slice(&self.sequence.to_le_bytes());
        prefix.extend_from_slice(&checksum(self.sequence, payload)?.to_le_bytes());
        bytes[..PREFIX].copy_from_slice(&prefix);
        Ok(bytes)
    }

    /// The frame at the beginning of these bytes, and where it ends.
    fn decode(bytes: &Bytes) -> Option<(Self, usize)> {
        let prefix = bytes.get(..PREFIX)?.strip_prefix(MAGIC)?;
        let (length, prefix) = prefix.split_first_chunk()?;
        let (sequence, prefix) = prefix.split_first_chunk()?;
        let (sum, _) = prefix.split_first_chunk()?;
        let end = PREFIX.checked_add(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        let sequence = u64::from_le_bytes(*sequence);
        let payload = bytes.get(PREFIX..end)?;
        if checksum(sequence, payload).ok()? != u64::from_le_bytes(*sum) {
            return None;
        }
        let mut payload = bytes.slice(PREFIX..end);
        let head = serde_json::from_slice(&take(&mut payload)?).ok()?;
        let mut entries = Vec::new();
        while !payload.is_empty() {
            entries.push(Entry {
                record: serde_json::from_slice(&take(&mut payload)?).ok()?,
                bytes: take(&mut payload)?,
            });
        }
        let frame = Self {
            sequence,
            head,
            entries,
        };
        Some((frame, end))
    }
}

/// What there is in a segment, one after the other.
pub(crate) fn scan(segment: Bytes) -> impl Iterator<Item = Found> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at == segment.len() {
            return None;
        }
        let begin = at;
        if let Some((frame, length)) = Frame::decode(&segment.slice(begin..)) {
            at += length;
            return Some(Found::Frame(frame));
        }
        at = next(&segment, begin + 1);
        Some(Found::Damage(Damage {
            at: begin..at,
            tail: at == segment.len(),
        }))
    })
}

/// Where the next frame begins that is whole, or the end.
fn next(segment: &Bytes, from: usize) -> usize {
    let candidates = segment[from..]
        .windows(MAGIC.len())
        .enumerate()
        .filter(|(_, window)| window == MAGIC)
        .map(|(offset, _)| from + offset);
    let mut whole = candidates.filter(|&at| Frame::decode(&segment.slice(at..)).is_some());
    whole.next().unwrap_or(segment.len())
}

fn put(payload: &mut Vec<u8>, part: &[u8]) {
    payload.extend_from_slice(&length(part).to_le_bytes());
    payload.extend_from_slice(part);
}

fn take(payload: &mut Bytes) -> Option<Bytes> {
    let (length, rest) = payload.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    if rest.len() < length {
        return None;
    }
    let mut part = payload.split_to(4 + length);
    Some(part.split_off(4))
}

/// Nothing comes near: a frame has as many records as fit into a few MiB, and each is bounded.
fn length(part: &[u8]) -> u32 {
    u32::try_from(part.len()).unwrap_or(u32::MAX)
}

fn checksum(sequence: u64, payload: &[u8]) -> io::Result<u64> {
    let algorithms = Algorithms::standard();
    let sha256 = algorithms.get("sha256").map(|sha256| sha256.hasher());
    let mut hasher = sha256.ok_or(io::ErrorKind::Unsupported)?;
    hasher.update(&sequence.to_le_bytes());
    hasher.update(payload);
    let digest = hasher.finish();
    let digits = digest.encoded().get(..CHECKSUM_DIGITS).unwrap_or_default();
    u64::from_str_radix(digits, 16).map_err(io::Error::other)
}
