//! What the store notes in a checkpoint.
//!
//! ```text
//! notes ::= "1" count:u32 chance:u32 offset:u64       big-endian
//! ```

use bytes::{BufMut, Bytes, BytesMut};
use registry_core::backend::{StoreCheckpoint, StoreError};

use super::{error::bad_checkpoint, resumes::Turn};

const VERSION: u8 = b'1';
const LENGTH: usize = 17;

/// Whose checkpoint it is, and at which offset, so that no other offset is taken on trust.
pub(super) struct Notes {
    pub(super) turn: Turn,
    offset: u64,
}

impl Notes {
    pub(super) fn new(turn: Turn, offset: u64) -> Self {
        Self { turn, offset }
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(LENGTH);
        bytes.put_u8(VERSION);
        bytes.put_u32(self.turn.count);
        bytes.put_u32(self.turn.chance);
        bytes.put_u64(self.offset);
        bytes.freeze()
    }

    pub(super) fn read(from: &StoreCheckpoint) -> Result<Self, StoreError> {
        let notes = Self::parse(&from.state).filter(|notes| notes.offset == from.offset);
        notes.ok_or_else(|| bad_checkpoint(&from.key, "was not written by this store"))
    }

    fn parse(state: &[u8]) -> Option<Self> {
        let (version, rest) = state.split_first()?;
        let (count, rest) = rest.split_first_chunk()?;
        let (chance, rest) = rest.split_first_chunk()?;
        let turn = Turn {
            count: u32::from_be_bytes(*count),
            chance: u32::from_be_bytes(*chance),
        };
        let offset = u64::from_be_bytes(rest.try_into().ok()?);
        (*version == VERSION).then_some(Self { turn, offset })
    }
}
