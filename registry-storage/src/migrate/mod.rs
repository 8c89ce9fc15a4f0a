//! A registry that moves from one pair of backends to another, whichever those are.
//!
//! Both sides are walked along side by side, in the order of their keys: what the new side lacks is carried there, what
//! the old one has no more is dropped. A walk that was interrupted is simply begun again: what is there already is
//! seen and passed over, so nothing is noted down of how far it came. While the old side goes on serving, walks leave less
//! and less; once nobody writes to it any more, the last one leaves nothing.
//!
//! Following the changes as they are made was the alternative. It needs a walk all the same, for all that was
//! there before, and every change would have to be kept until it was followed; two walks that find nothing to do cost a
//! read of the metadata of both sides.

mod content;
mod error;
mod pairs;
mod round;
mod under_way;

use std::sync::Arc;

use registry_core::{
    Algorithms,
    backend::{BlobStore, Carry, RowKind},
};

pub use self::error::MigrateError;
use self::pairs::{Pair, Pairs};

/// A registry's metadata and its large content.
#[derive(Clone)]
pub struct Side {
    /// Its rows.
    pub rows: Arc<dyn Carry>,
    /// Its objects.
    pub blobs: Arc<dyn BlobStore>,
}

/// How thoroughly it is made sure that an object has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// It is there with its length. Its bytes were hashed on their way.
    Present,
    /// It is read, and its bytes are hashed.
    Read,
}

/// A move from one side to another.
pub struct Migration {
    /// The side that has everything.
    pub from: Side,
    /// The side that shall have it.
    pub to: Side,
    /// How many objects are on their way at once.
    pub parallel: usize,
    /// How objects are looked at once they have arrived.
    pub verification: Verification,
    /// What digests are computed with.
    pub algorithms: Algorithms,
}

/// When a round takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The first one: objects that an earlier run has left are looked at as if they had just arrived.
    First,
    /// The old side is written to meanwhile.
    Meanwhile,
    /// Nobody writes to the old side any more: all that it says must be there.
    Last,
}

/// What a round did, or has done up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Contents that were looked at.
    pub contents: u64,
    /// Objects that were carried.
    pub carried: u64,
    /// Bytes of those.
    pub carried_bytes: u64,
    /// Objects that had been there before.
    pub already: u64,
    /// Rows that were put.
    pub put: u64,
    /// Rows that were dropped.
    pub dropped: u64,
}

impl Round {
    /// How many rows it changed.
    #[must_use]
    pub fn changed(&self) -> u64 {
        self.put + self.dropped
    }
}

/// Whom a round tells how far it is.
pub type TellRound<'a> = &'a (dyn Fn(&Round) + Send + Sync);

/// How the two sides compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many rows of each kind the old side has, in the order of [`RowKind::ALL`].
    pub rows: [u64; RowKind::ALL.len()],
    /// How many rows differ, or are on one side only.
    pub different: u64,
    /// The first of them.
    pub first: Option<String>,
}

impl Migration {
    /// Compares all rows of both sides, and changes nothing.
    ///
    /// # Errors
    /// Where a side cannot be read.
    pub async fn compare(&self) -> Result<Comparison, MigrateError> {
        let mut comparison = Comparison::default();
        for (kind, count) in RowKind::ALL.into_iter().zip(0..) {
            let mut pairs = Pairs::new(self, kind);
            while let Some(pair) = pairs.next().await? {
                comparison.rows[count] += u64::from(pair.from.is_some());
                if !pair.agrees() {
                    comparison.different += 1;
                    comparison.first.get_or_insert_with(|| pair.named(kind));
                }
            }
        }
        Ok(comparison)
    }
}

impl Pair {
    /// Whether both sides say the same.
    fn agrees(&self) -> bool {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => from.says(to),
            _ => false,
        }
    }

    fn named(&self, kind: RowKind) -> String {
        let key = self.from.as_ref().or(self.to.as_ref());
        let key = key
            .map(registry_core::backend::Row::key)
            .unwrap_or_default();
        format!("{}: {} {}", kind.name(), key.place, key.item)
    }
}
