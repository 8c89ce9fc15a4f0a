//! Blobs, manifests, tags and referrers of a repository.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    access::{Checked, MetadataError, Origin, Scope},
    repositories::CreateRule,
    uploads::SessionEnd,
};
use crate::{
    backend::blob_store::ObjectKey, clock::Timestamp, descriptor::Descriptor, digest::Digest,
    media_type::MediaType, name::RepositoryName, policy::VisibleSet, raw_descriptor::RawDescriptor,
    reference::Reference, tag::Tag,
};

/// Where a blob's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobContent {
    /// Here.
    Inline(Bytes),
    /// In the store.
    Object(ObjectKey),
}

/// A blob of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobRecord {
    /// Its length.
    pub size: u64,
    /// Where its bytes are.
    pub content: BlobContent,
    /// Whether the collector has condemned it: to answer that it exists, renew it first.
    pub condemned: bool,
}

/// A manifest of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRecord {
    /// Its digest.
    pub digest: Digest,
    /// Its type, as pushed.
    pub media_type: MediaType,
    /// Exactly the bytes pushed.
    pub bytes: Bytes,
    /// When it first arrived here.
    pub created: Timestamp,
    /// Whether the collector has condemned it: to answer that it exists, renew it first.
    pub condemned: bool,
}

/// How long after it began a writer may name an object. An upload that takes longer than this in one request may be
/// refused at its end.
pub const NAMED_WITHIN: Duration = Duration::from_hours(7 * 24);

/// Stores a blob and links it to a repository.
#[derive(Clone, Debug)]
pub struct PutBlob<'a> {
    /// Where to.
    pub scope: Scope<'a>,
    /// Its digest, verified.
    pub digest: &'a Digest,
    /// Its length.
    pub size: u64,
    /// Its bytes.
    pub content: BlobContent,
    /// The backend's time at some moment before the object was completed. Where that is longer ago than
    /// [`NAMED_WITHIN`] a backend may refuse to name the object, for it may have forgotten that it gave it up.
    pub since: Timestamp,
    /// The upload session that this ends, if there was one.
    pub session: Option<SessionEnd<'a>>,
    /// What may be made besides.
    pub create: CreateRule,
    /// Who does it.
    pub origin: Origin<'a>,
}

/// What came of storing a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutBlobOutcome {
    /// It is linked, and the content given is the content kept.
    Stored,
    /// It is linked to content that was there before. What was given is not referred to and may go.
    Deduplicated,
    /// The namespace or the repository does not exist and may not be made.
    RepositoryAbsent,
    /// The session belongs to a newer writer, was cancelled, or ended with another digest.
    SessionLost,
    /// The store's object is already given up by the collector, or might be: upload again.
    ObjectGone,
}

/// Links a blob of one repository to another.
#[derive(Clone, Debug)]
pub struct MountBlob<'a> {
    /// Where it is, and the facts on which reading it was allowed.
    pub from: Scope<'a>,
    /// Where to.
    pub to: Scope<'a>,
    /// Which.
    pub digest: &'a Digest,
    /// What may be made besides.
    pub create: CreateRule,
    /// Who does it.
    pub origin: Origin<'a>,
}

/// What came of mounting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountBlobOutcome {
    /// It is linked; also when it was before.
    Mounted {
        /// Its length.
        size: u64,
    },
    /// It is not in the repository it was to come from.
    SourceAbsent,
    /// The namespace or the repository does not exist and may not be made.
    RepositoryAbsent,
}

/// Deletes a blob from a repository.
#[derive(Clone, Copy, Debug)]
pub struct DeleteBlob<'a> {
    /// Where.
    pub scope: Scope<'a>,
    /// Which.
    pub digest: &'a Digest,
    /// Who does it.
    pub origin: Origin<'a>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeleteBlobOutcome {
    /// It is gone from this repository.
    Deleted,
    /// It was not there.
    Absent,
    /// This manifest requires it.
    Required {
        /// The manifest.
        by: Digest,
    },
}

/// What a manifest refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReferenceTarget {
    /// A blob.
    Blob,
    /// Another manifest.
    Manifest,
}

/// One reference of a manifest. A subject is no reference: it has a field of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceRow {
    /// What kind of thing is referred to.
    pub target: ReferenceTarget,
    /// Which.
    pub digest: Digest,
    /// Whether it must exist, and then cannot be deleted while this manifest is there.
    pub required: bool,
}

/// When a tag may be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagCondition {
    /// Always.
    Any,
    /// Where there is no such tag.
    Absent,
    /// Where it points to this.
    Is(Digest),
    /// Where there is no such tag, or it points where it would be moved.
    Unmoved,
}

impl TagCondition {
    /// Whether a tag that points to `current` may be pointed to `to`, or be removed.
    pub fn holds(&self, current: Option<&Digest>, to: Option<&Digest>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => current.is_none(),
            Self::Is(digest) => current == Some(digest),
            Self::Unmoved => current.is_none() || current == to,
        }
    }
}

/// A tag to be pointed at the manifest stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagMove {
    /// The tag.
    pub tag: Tag,
    /// When.
    pub condition: TagCondition,
}

/// Stores a manifest, its references and its tags.
#[derive(Clone, Debug)]
pub struct PutManifest<'a> {
    /// Where to.
    pub scope: Scope<'a>,
    /// Its digest, verified.
    pub digest: &'a Digest,
    /// Its type.
    pub media_type: &'a MediaType,
    /// Its bytes.
    pub bytes: Bytes,
    /// The manifest it is about.
    pub subject: Option<&'a Digest>,
    /// How referrers of that subject show it.
    pub descriptor: &'a Descriptor,
    /// What it refers to.
    pub references: &'a [ReferenceRow],
    /// Tags to point at it; all or none are moved.
    pub tags: &'a [TagMove],
    /// What may be made besides.
    pub create: CreateRule,
    /// Who does it.
    pub origin: Origin<'a>,
}

/// What came of storing a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutManifestOutcome {
    /// It is there, and all tags point at it.
    Stored,
    /// These required references do not exist in the repository.
    Missing(Vec<Digest>),
    /// This tag does not meet its condition.
    TagConflict {
        /// The tag.
        tag: Tag,
        /// Where it points.
        current: Option<Digest>,
    },
    /// The namespace or the repository does not exist and may not be made.
    RepositoryAbsent,
}

/// Removes a tag.
#[derive(Clone, Debug)]
pub struct DeleteTag<'a> {
    /// Where.
    pub scope: Scope<'a>,
    /// Which.
    pub tag: &'a Tag,
    /// When.
    pub condition: TagCondition,
    /// Who does it.
    pub origin: Origin<'a>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeleteTagOutcome {
    /// It is gone.
    Deleted {
        /// Where it pointed.
        digest: Digest,
    },
    /// It was not there.
    Absent,
    /// It does not meet the condition.
    Conflict {
        /// Where it points.
        current: Digest,
    },
}

/// Removes a manifest and every tag that points at it.
#[derive(Clone, Copy, Debug)]
pub struct DeleteManifest<'a> {
    /// Where.
    pub scope: Scope<'a>,
    /// Which.
    pub digest: &'a Digest,
    /// Who does it.
    pub origin: Origin<'a>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeleteManifestOutcome {
    /// It is gone.
    Deleted {
        /// The tags that went with it.
        untagged: Vec<Tag>,
    },
    /// It was not there.
    Absent,
    /// This manifest requires it.
    Required {
        /// The manifest.
        by: Digest,
    },
}

/// A page of what refers to a subject.
#[derive(Clone, Copy, Debug)]
pub struct ReferrersPage<'a> {
    /// The subject, which need not exist.
    pub subject: &'a Digest,
    /// Only those of this artifact type.
    pub artifact_type: Option<&'a str>,
    /// Digests strictly after this text, in byte order.
    pub after: Option<&'a str>,
    /// At most so many.
    pub limit: usize,
}

/// What is about to be said to exist.
#[derive(Clone, Copy, Debug)]
pub struct Renewal<'a> {
    /// Where.
    pub repository: &'a RepositoryName,
    /// What kind of thing.
    pub target: ReferenceTarget,
    /// Which.
    pub digest: &'a Digest,
}

/// Blobs, manifests, tags and referrers.
///
/// 1. *By repository.* Content is found only in the repository it was put into or mounted to,
///    whatever other repositories hold the same digest; deleting it there leaves it elsewhere.
/// 2. *A manifest is one transaction.* Its bytes, its references, all its tags and the changes become
///    visible together or not at all; a refusal leaves every tag where it was.
/// 3. *Required means there.* `put_manifest` stores only where every required reference exists in the
///    repository, and what is required cannot be deleted; of a push and a delete that race, one is
///    refused.
/// 4. *Tags move in commit order.* The last transaction to commit decides where a tag points,
///    whatever any clock says. A condition is compared in the transaction that moves the tag.
/// 5. *Exact bytes.* Manifests and inline blobs read back byte for byte with the type pushed. A manifest
///    stored again keeps its first `created` and takes the new media type.
/// 6. *Listing by key.* `tags` and `referrers` go in byte order, strictly after `after`, at most `limit`;
///    a deleted cursor does no harm; none that was there throughout is missed.
/// 7. *Referrers.* Every manifest in the repository with that subject, whether the subject exists or not.
/// 8. *Relying on a row revives it.* A command that relies on a condemned row (a put of the same blob
///    or manifest, a tag, a reference, a mount, a renewal) clears its condemnation in its own
///    transaction; where the row is gone, it treats it as absent. See [`Collection`](super::Collection).
/// 9. *One content per digest.* The first content put for a digest serves all repositories until it
///    is removed or quarantined; a later put is `Deduplicated`. Content that is quarantined does not
///    exist for any reader, and the next put replaces it. Its object is kept aside
///    ([`Inspection`](super::Inspection)).
/// 10. *A refused object is free.* After `Deduplicated` or any refusal the object given in the command
///     is named by nothing. After an `Unknown` error it may be.
/// 11. *A session ends once.* `put_blob` with a session commits only for its newest epoch and only
///     once; the session then remembers the digest.
#[async_trait]
pub trait Content: Send + Sync {
    /// A blob of the repository.
    async fn blob(
        &self,
        scope: Scope<'_>,
        digest: &Digest,
    ) -> Result<Checked<Option<BlobRecord>>, MetadataError>;

    /// A manifest of the repository, by tag or digest.
    async fn manifest(
        &self,
        scope: Scope<'_>,
        reference: &Reference,
    ) -> Result<Checked<Option<ManifestRecord>>, MetadataError>;

    /// A page of tags.
    async fn tags(
        &self,
        scope: Scope<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Checked<Vec<Tag>>, MetadataError>;

    /// A page of referrers, as descriptors.
    async fn referrers(
        &self,
        scope: Scope<'_>,
        page: ReferrersPage<'_>,
    ) -> Result<Checked<Vec<RawDescriptor>>, MetadataError>;

    /// Repositories that hold this blob, in byte order after `after`, at most `limit`, of those in the
    /// set: candidates for a mount that names no source.
    async fn holders(
        &self,
        digest: &Digest,
        visible: Option<&VisibleSet>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<RepositoryName>, MetadataError>;

    /// Clears the condemnation of something that an answer will say exists. False where it is gone.
    async fn renew(&self, renewal: Renewal<'_>) -> Result<bool, MetadataError>;

    /// Stores a blob.
    async fn put_blob(
        &self,
        command: PutBlob<'_>,
    ) -> Result<Checked<PutBlobOutcome>, MetadataError>;

    /// Mounts a blob.
    async fn mount_blob(
        &self,
        command: MountBlob<'_>,
    ) -> Result<Checked<MountBlobOutcome>, MetadataError>;

    /// Deletes a blob.
    async fn delete_blob(
        &self,
        command: DeleteBlob<'_>,
    ) -> Result<Checked<DeleteBlobOutcome>, MetadataError>;

    /// Stores a manifest.
    async fn put_manifest(
        &self,
        command: PutManifest<'_>,
    ) -> Result<Checked<PutManifestOutcome>, MetadataError>;

    /// Removes a tag.
    async fn delete_tag(
        &self,
        command: DeleteTag<'_>,
    ) -> Result<Checked<DeleteTagOutcome>, MetadataError>;

    /// Removes a manifest.
    async fn delete_manifest(
        &self,
        command: DeleteManifest<'_>,
    ) -> Result<Checked<DeleteManifestOutcome>, MetadataError>;

    /// Takes content whose bytes are wrong out of sight, in every repository, if this is still the
    /// object that serves the digest; none stands for bytes that are kept here.
    async fn quarantine(
        &self,
        digest: &Digest,
        object: Option<&ObjectKey>,
    ) -> Result<bool, MetadataError>;
}
