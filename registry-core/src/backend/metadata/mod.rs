//! The traits of the metadata backend.
//!
//! Their methods are the engine's operations, not accesses to tables: a command with its conditions
//! goes in, an outcome comes out, in one transaction. So nothing that was checked can change before
//! it is relied upon, and a backend is free in how it keeps things.
//!
//! The hardest backend in mind is PostgreSQL under READ COMMITTED with many processes: no guarantee
//! here asks for serialisable snapshots, and none needs a lock on a row that repositories share.
//!
//! Guarantees of every method of every trait here:
//!
//! 1. *All or nothing.* A command that answers anything but its success leaves nothing behind; one
//!    whose call was dropped has happened wholly or not at all.
//! 2. *Seen at once.* What a command did is seen by every later call, on every process.
//! 3. *Checked in the same statement.* A command given a [`Scope`] compares its facts where it reads or
//!    writes the content, and answers [`Checked::Stale`] where they differ, having done nothing.
//! 4. *An error says what is left.* [`MetadataErrorKind::Unavailable`] and `Full` mean that nothing
//!    happened; `Unknown` means that it may have.
//! 5. *Time is the backend's.* Every stored time comes from the transaction's clock, which never goes
//!    backwards within the backend; callers only pass durations.

mod access;
mod carrying;
mod changes;
mod collection;
mod content;
mod inspection;
mod leases;
mod repositories;
mod uploads;

use async_trait::async_trait;

pub use access::{
    Checked, Facts, FactsVersion, MetadataError, MetadataErrorKind, NamespaceFacts, Origin,
    RepositoryFacts, Scope,
};
pub use carrying::{CarriedManifest, Carry, Row, RowKey, RowKind};
pub use changes::{Changes, PullCount, Pulls};
pub use collection::{Collection, Condemned, Doomed, Removed, UnknownObject};
pub use content::{
    BlobContent, BlobRecord, Content, DeleteBlob, DeleteBlobOutcome, DeleteManifest,
    DeleteManifestOutcome, DeleteTag, DeleteTagOutcome, ManifestRecord, MountBlob,
    MountBlobOutcome, NAMED_WITHIN, PutBlob, PutBlobOutcome, PutManifest, PutManifestOutcome,
    ReferenceRow, ReferenceTarget, ReferrersPage, Renewal, TagCondition, TagMove,
};
pub use inspection::{Inspection, KeptContent, KeptManifest, Quarantined, Totals};
pub use leases::{Lease, Leases};
pub use repositories::{
    CreateNamespace, CreateOutcome, CreateRule, ListRepositories, NamespaceRecord,
    NamespaceSettings, Repositories, RepositoryRecord, UpdateOutcome,
};
pub use uploads::{
    ClaimOutcome, PartialContent, SessionEnd, SessionKey, TailChange, UploadCheckpoint,
    UploadState, Uploads, WriteCheckpoint, WriteOutcome,
};

/// A registry's identity and its own secret, made once and shared by every process.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Names this registry for ever.
    pub registry: [u8; 16],
    /// Signs upload sessions and seals cursors.
    pub secret: crate::Secret<[u8; 32]>,
}

impl Identity {
    /// One that no registry has.
    pub fn fresh(random: &dyn crate::Random) -> Self {
        let (mut registry, mut secret) = ([0; 16], [0; 32]);
        random.fill(&mut registry);
        random.fill(&mut secret);
        let secret = crate::Secret::new(secret);
        Self { registry, secret }
    }
}

/// Everything that is not large content. See the parts for their guarantees.
#[async_trait]
pub trait Metadata:
    Repositories + Content + Uploads + Collection + Inspection + Changes + Pulls + Leases
{
    /// The identity kept here; where there is none yet, this one from now on. All processes get the
    /// same answer.
    async fn identity(&self, proposed: Identity) -> Result<Identity, MetadataError>;
}
