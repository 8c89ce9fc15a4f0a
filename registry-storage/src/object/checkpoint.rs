//! What the store notes in a checkpoint.
//!
//! ```text
//! notes ::= "1" write:32 bytes  part_size:u64  count:u32  (length:u32 id)*  tail       big-endian
//! ```
//!
//! Every part has the write's part size; what is shorter is the checkpoint's tail. It is read from the end of the
//! notes too, where metadata may keep it. The id of the multipart upload stands in the checkpoint's key; it has no
//! parts where it has only just begun.

use std::iter;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use object_store::multipart::PartId;
use registry_core::backend::{StoreCheckpoint, StoreError, Tail};

use super::{error::bad_checkpoint, key::Write};
use crate::unique::Unique;

const VERSION: u8 = b'1';

/// The digits of a write's name.
const NAME: usize = 32;

/// How a write stood.
pub(super) struct Notes {
    pub(super) unique: Unique,
    pub(super) part_size: u64,
    pub(super) parts: Vec<PartId>,
    pub(super) tail: Tail,
}

impl Notes {
    /// All but the tail.
    pub(super) fn to_bytes(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(64);
        bytes.put_u8(VERSION);
        bytes.put_slice(self.unique.as_str().as_bytes());
        bytes.put_u64(self.part_size);
        bytes.put_u32(self.parts.len() as u32);
        for part in &self.parts {
            bytes.put_u32(part.content_id.len() as u32);
            bytes.put_slice(part.content_id.as_bytes());
        }
        bytes.freeze()
    }

    /// The notes of a checkpoint of this write, if they agree with what else the checkpoint says.
    pub(super) fn read(from: &StoreCheckpoint, write: &Write) -> Result<Self, StoreError> {
        let notes = Self::parse(from.state.clone(), &from.tail);
        let notes = notes.filter(|notes| notes.agree(from, write));
        notes.ok_or_else(|| bad_checkpoint(&from.key))
    }

    fn agree(&self, from: &StoreCheckpoint, write: &Write) -> bool {
        let parts = self.part_size.checked_mul(self.parts.len() as u64);
        let offset = parts.and_then(|parts| parts.checked_add(self.tail.len()));
        self.part_size > 0
            && offset == Some(from.offset)
            && self.unique == write.unique
            && (self.parts.is_empty() || write.upload.is_some())
    }

    fn parse(mut state: Bytes, tail: &Tail) -> Option<Self> {
        if state.try_get_u8().ok()? != VERSION {
            return None;
        }
        let unique = Unique::parse(&text(&mut state, NAME)?)?;
        let part_size = state.try_get_u64().ok()?;
        let count = state.try_get_u32().ok()?;
        let mut parts = Vec::new();
        for _ in 0..count {
            let length = state.try_get_u32().ok()? as usize;
            let content_id = text(&mut state, length)?;
            parts.push(PartId { content_id });
        }
        Some(Self {
            unique,
            part_size,
            parts,
            tail: iter::once(state).chain(tail.pieces().cloned()).collect(),
        })
    }
}

fn text(state: &mut Bytes, length: usize) -> Option<String> {
    if state.len() < length {
        return None;
    }
    String::from_utf8(state.split_to(length).into()).ok()
}

#[cfg(test)]
mod tests {
    use registry_core::backend::ObjectKey;

    use super::*;

    fn checkpoint(ids: &[&str], tail: &'static [u8]) -> (StoreCheckpoint, Write) {
        let unique = Unique::new(&|bytes: &mut [u8]| bytes.fill(7));
        let content_ids = ids.iter().map(|id| (*id).to_owned());
        let notes = Notes {
            unique: unique.clone(),
            part_size: 10,
            parts: content_ids
                .map(|content_id| PartId { content_id })
                .collect(),
            tail: Tail::from_iter([Bytes::from_static(tail)]),
        };
        let from = StoreCheckpoint {
            key: ObjectKey::new("key"),
            offset: 10 * ids.len() as u64 + tail.len() as u64,
            state: notes.to_bytes(),
            tail: notes.tail,
        };
        let upload = (!ids.is_empty()).then(|| "id".to_owned());
        (from, Write { unique, upload })
    }

    /// The same, kept by metadata that put the tail at the end of the notes.
    fn in_notes(from: StoreCheckpoint) -> StoreCheckpoint {
        StoreCheckpoint {
            state: [&*from.state, &from.tail.after(0)].concat().into(),
            tail: Tail::default(),
            ..from
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let ids: [&[&str]; 3] = [&[], &["\"a\""], &["a", "", "<ETag>\u{e9}</ETag>"]];
        for ids in ids {
            for tail in [&b""[..], b"tail"] {
                let (from, write) = checkpoint(ids, tail);
                for from in [from.clone(), in_notes(from)] {
                    let notes = Notes::read(&from, &write).unwrap();
                    let found: Vec<_> = notes.parts.iter().map(|part| &part.content_id).collect();
                    assert_eq!(found, ids);
                    assert_eq!((notes.part_size, &*notes.tail.after(0)), (10, tail));
                }
            }
        }
    }

    #[test]
    fn what_was_cut_off_is_refused() {
        let (from, write) = checkpoint(&["a", "bc"], b"tail");
        for from in [from.clone(), in_notes(from)] {
            for length in 0..from.state.len() {
                let state = from.state.slice(..length);
                let cut = StoreCheckpoint {
                    state,
                    ..from.clone()
                };
                assert!(Notes::read(&cut, &write).is_err(), "{length}");
            }
        }
    }

    #[test]
    fn a_tail_that_is_not_all_there_is_refused() {
        let (from, write) = checkpoint(&["a", "bc"], b"tail");
        for found in ["", "tai", "tails"] {
            let tail = Tail::from_iter([Bytes::from(found)]);
            let spoilt = StoreCheckpoint {
                tail,
                ..from.clone()
            };
            assert!(Notes::read(&spoilt, &write).is_err(), "{found}");
        }
    }

    #[test]
    fn the_notes_of_another_write_are_refused() {
        let (from, write) = checkpoint(&["a"], b"tail");
        let other = Write {
            unique: Unique::new(&|bytes: &mut [u8]| bytes.fill(8)),
            upload: write.upload.clone(),
        };
        let short = Write {
            unique: write.unique.clone(),
            upload: None,
        };
        let (begun, _) = checkpoint(&[], b"tail");
        let later = StoreCheckpoint {
            offset: from.offset + 1,
            ..from.clone()
        };
        assert!(Notes::read(&from, &other).is_err());
        assert!(Notes::read(&from, &short).is_err());
        assert!(Notes::read(&begun, &write).is_ok());
        assert!(Notes::read(&later, &write).is_err());
        assert!(Notes::read(&from, &write).is_ok());
    }
}
