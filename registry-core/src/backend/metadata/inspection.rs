//! What is walked along to see whether all is well.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{access::MetadataError, content::BlobContent};
use crate::{backend::blob_store::ObjectKey, digest::Digest, name::RepositoryName};

/// A content, whichever repositories link it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptContent {
    /// Its digest.
    pub digest: Digest,
    /// Its length.
    pub size: u64,
    /// Where its bytes are.
    pub content: BlobContent,
    /// Whether it is out of sight because its bytes are wrong.
    pub quarantined: bool,
}

/// A manifest, and what it lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptManifest {
    /// Where it is.
    pub repository: RepositoryName,
    /// Its digest.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: Bytes,
    /// What it requires and the repository does not have, or not in sight.
    pub missing: Vec<Digest>,
}

/// An object whose bytes are wrong, kept aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its key.
    pub object: ObjectKey,
    /// The digest that it was to serve.
    pub digest: Digest,
    /// The length that it was to have.
    pub size: u64,
    /// For how long it has been kept aside.
    pub age: Duration,
    /// Whether other content serves the digest now, or none needs to.
    pub replaced: bool,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Namespaces.
    pub namespaces: u64,
    /// Repositories.
    pub repositories: u64,
    /// Tags.
    pub tags: u64,
    /// Manifests, counted in each repository.
    pub manifests: u64,
    /// Bytes of those.
    pub manifest_bytes: u64,
    /// Blobs, counted in each repository.
    pub blobs: u64,
    /// Bytes of those.
    pub blob_bytes: u64,
    /// Contents, each counted once.
    pub contents: u64,
    /// Bytes of those.
    pub content_bytes: u64,
    /// Upload sessions that may go on.
    pub uploads: u64,
    /// Rows that the collector has marked.
    pub condemned: u64,
    /// Objects given up and not deleted yet.
    pub doomed: u64,
    /// Objects kept aside because their bytes are wrong.
    pub quarantined: u64,
}

/// Seeing to it that all is well.
///
/// 1. *All of it, in order.* `contents` goes by digest, `manifests` by repository and digest, `quarantined`
///    by object, in byte order, strictly after `after`, at most `limit`; none that was there throughout is
///    missed.
/// 2. *What is missing.* A manifest comes with those of its required references that a push could not rely
///    on.
/// 3. *Kept aside.* An object that is quarantined is listed by `quarantined` from the same transaction on,
///    whatever becomes of its digest; it is not unknown, is never given up otherwise, and no command
///    can name it again.
///    `quarantined_within` counts those kept aside for less than a time.
/// 4. *Released.* `release` gives up, at most `limit` at once, those that have been kept aside for so long
///    and whose digest something else serves, or nothing any more: `doomed` then lists them.
/// 5. *A note is kept.* `scrub_note` answers what `keep_scrub_note` kept last, in any process.
/// 6. *Counted at one moment.* `totals` counts what there is at one moment.
#[async_trait]
pub trait Inspection: Send + Sync {
    /// A page of contents.
    async fn contents(
        &self,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<KeptContent>, MetadataError>;

    /// A page of manifests.
    async fn manifests(
        &self,
        after: Option<(&RepositoryName, &Digest)>,
        limit: usize,
    ) -> Result<Vec<KeptManifest>, MetadataError>;

    /// A page of what is kept aside.
    async fn quarantined(
        &self,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<Quarantined>, MetadataError>;

    /// How many were put aside within the last so much time.
    async fn quarantined_within(&self, time: Duration) -> Result<u64, MetadataError>;

    /// Gives up what was kept aside for so long, and answers how many that were.
    async fn release(&self, aside: Duration, limit: usize) -> Result<u64, MetadataError>;

    /// How far reading everything again has come.
    async fn scrub_note(&self) -> Result<Option<String>, MetadataError>;

    /// Keeps how far it has come.
    async fn keep_scrub_note(&self, note: &str) -> Result<(), MetadataError>;

    /// How much there is. It may look at all of it.
    async fn totals(&self) -> Result<Totals, MetadataError>;
}
