//! What the collector needs.
//!
//! The protocol, and why it is safe, stands in ARCHITECTURE.md under "Collection".

use std::time::Duration;

use async_trait::async_trait;

use super::access::{MetadataError, Origin};
use crate::backend::blob_store::ObjectKey;

/// What a step of condemning did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Condemned {
    /// Blobs of repositories.
    pub blobs: u64,
    /// Manifests.
    pub manifests: u64,
    /// Contents that no repository links.
    pub contents: u64,
    /// Whether rows of this pass remain to be looked at.
    pub more: bool,
}

/// What a step of removing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Blobs of repositories.
    pub blobs: u64,
    /// Manifests.
    pub manifests: u64,
    /// Contents that no repository linked.
    pub contents: u64,
    /// Bytes of those contents.
    pub bytes: u64,
    /// Whether more could be removed now.
    pub more: bool,
}

impl Condemned {
    /// How many rows.
    pub fn rows(&self) -> u64 {
        self.blobs + self.manifests + self.contents
    }
}

impl Removed {
    /// How many rows.
    pub fn rows(&self) -> u64 {
        self.blobs + self.manifests + self.contents
    }
}

/// An object of the store that the backend has given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doomed {
    /// Its key, which no command can name again.
    pub key: ObjectKey,
}

/// An object of the store that nothing here names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownObject {
    /// Its key.
    pub key: ObjectKey,
    /// For how long it has been known to be unknown.
    pub age: Duration,
}

/// Collection, in passes.
///
/// A row is *dead* when nothing keeps it: a blob of a repository that no manifest there refers to; a
/// manifest that has no tag, that no manifest there refers to, whose subject is absent, and whose
/// namespace collects untagged manifests; a content that no repository links.
///
/// 1. *Condemning.* `condemn` looks at up to `limit` rows and marks the dead ones, not marked yet, with
///    the current pass. It never changes anything else, and marks no row whose own transaction is open.
/// 2. *Sealing.* `seal` ends the current pass after every `condemn` of it has committed.
/// 3. *Removing.* `remove` takes away, at most `limit` at once, rows that are still marked with a sealed
///    pass and that are still dead. It does so only when every transaction that was open when the pass
///    was sealed has ended, and `grace` has passed since that was seen: one of them may not have seen
///    the mark, and answered at its end. Of rows that live it clears such a mark.
/// 4. *Revived rows stay.* A row whose mark was cleared, by whatever relied on it, is not removed unless it
///    is condemned again in a later pass.
/// 5. *Handing over.* A removed content's object is listed by `doomed` from the same transaction on, until
///    `forget_doomed`; its key can never again be named by a `put_blob`. A backend may forget the key
///    when no command can come any more that is [young enough](super::NAMED_WITHIN) to name it.
/// 6. *Unknown objects.* `unknown` answers which of these keys no content, no open session and no doomed row
///    names, and remembers since when. `doom` makes those doomed that are unknown still and have been
///    for `grace`; with no grace they need not have been seen before. `forget_unknown` remembers of all but
///    these keys nothing: they are as if they had not been asked about.
/// 7. *Resumable.* Every step may be repeated, dropped, or run by several processes at once.
/// 8. *Held.* After `hold_orphans(true)`, and until `hold_orphans(false)`, `doom` with a grace gives nothing
///    up, in any process and after any restart; objects are unknown, and age, as ever. What was
///    refused is still given up at once.
/// 9. *In the way of nobody.* No step holds a lock that a push, a mount or a read waits for longer than
///    the step's own statement on the rows it marks or removes.
#[async_trait]
pub trait Collection: Send + Sync {
    /// Marks dead rows.
    async fn condemn(&self, limit: usize) -> Result<Condemned, MetadataError>;

    /// Ends the pass.
    async fn seal(&self) -> Result<(), MetadataError>;

    /// Removes what stayed dead.
    async fn remove(
        &self,
        grace: Duration,
        limit: usize,
        origin: Origin<'_>,
    ) -> Result<Removed, MetadataError>;

    /// Objects to delete from the store, at most `limit`.
    async fn doomed(&self, limit: usize) -> Result<Vec<Doomed>, MetadataError>;

    /// These are deleted.
    async fn forget_doomed(&self, keys: &[ObjectKey]) -> Result<(), MetadataError>;

    /// Which of these nothing names.
    async fn unknown(&self, keys: &[ObjectKey]) -> Result<Vec<UnknownObject>, MetadataError>;

    /// Gives up those of these that have been unknown for the grace period.
    async fn doom(&self, keys: &[ObjectKey], grace: Duration) -> Result<u64, MetadataError>;

    /// Forgets since when keys were unknown, but for these: a walk through the store has met no others, so
    /// the others are there no more.
    async fn forget_unknown(&self, but: &[ObjectKey]) -> Result<(), MetadataError>;

    /// Keeps objects that nothing names, or no longer: for a database that was restored, which does not
    /// know what is newer than it.
    async fn hold_orphans(&self, held: bool) -> Result<(), MetadataError>;

    /// Whether they are kept.
    async fn orphans_held(&self) -> Result<bool, MetadataError>;
}
