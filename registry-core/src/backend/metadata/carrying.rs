//! Rows as they are, for a registry that moves from one backend to another.
//!
//! The other commands say what a client does, and date and count it. A registry that moves keeps its times and
//! counts, so what is carried are rows, and neither backend needs to know of which kind the other one is. Writing all of
//! it as commands was the alternative: every one of them would need a way to say when it really happened.

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    access::MetadataError,
    content::{BlobContent, ReferenceRow},
    inspection::KeptContent,
    repositories::{NamespaceRecord, RepositoryRecord},
};
use crate::{
    clock::Timestamp, descriptor::Descriptor, digest::Digest, media_type::MediaType,
    name::RepositoryName, tag::Tag,
};

/// A kind of row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowKind {
    /// Namespaces, by name.
    Namespaces,
    /// Repositories, by name.
    Repositories,
    /// Contents, by digest.
    Contents,
    /// Blobs of repositories, by repository and digest.
    Links,
    /// Manifests, by repository and digest.
    Manifests,
    /// Tags, by repository and tag.
    Tags,
}

impl RowKind {
    /// All of them; each stands behind those that it rests on.
    pub const ALL: [Self; 6] = [
        Self::Namespaces,
        Self::Repositories,
        Self::Contents,
        Self::Links,
        Self::Manifests,
        Self::Tags,
    ];

    /// What they are called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Namespaces => "namespaces",
            Self::Repositories => "repositories",
            Self::Contents => "contents",
            Self::Links => "links",
            Self::Manifests => "manifests",
            Self::Tags => "tags",
        }
    }
}

/// What a row is found by, among those of its kind. The empty one stands before all.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    /// A name, or the digest of a content.
    pub place: String,
    /// A digest or a tag there.
    pub item: String,
}

/// A manifest with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarriedManifest {
    /// Where it is.
    pub repository: RepositoryName,
    /// Its digest.
    pub digest: Digest,
    /// Its type, as pushed.
    pub media_type: MediaType,
    /// Exactly the bytes pushed.
    pub bytes: Bytes,
    /// The manifest it is about.
    pub subject: Option<Digest>,
    /// How referrers of that subject show it.
    pub descriptor: Descriptor,
    /// When it first arrived.
    pub created: Timestamp,
    /// What it refers to, each thing once, by kind and digest.
    pub references: Vec<ReferenceRow>,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A namespace.
    Namespace(NamespaceRecord),
    /// A repository.
    Repository {
        /// Itself.
        record: RepositoryRecord,
        /// Its pulls.
        pulls: u64,
    },
    /// A content.
    Content(KeptContent),
    /// A blob of a repository.
    Link {
        /// Where.
        repository: RepositoryName,
        /// Which.
        digest: Digest,
    },
    /// A manifest.
    Manifest(Box<CarriedManifest>),
    /// A tag.
    Tag {
        /// Where.
        repository: RepositoryName,
        /// Its name.
        tag: Tag,
        /// The manifest it points at.
        digest: Digest,
        /// Its pulls.
        pulls: u64,
    },
}

impl Row {
    /// What it is found by.
    #[must_use]
    pub fn key(&self) -> RowKey {
        let (place, item) = match self {
            Self::Namespace(record) => (record.name.as_str(), ""),
            Self::Repository { record, .. } => (record.name.as_str(), ""),
            Self::Content(content) => (content.digest.as_str(), ""),
            Self::Link { repository, digest } => (repository.as_str(), digest.as_str()),
            Self::Manifest(manifest) => (manifest.repository.as_str(), manifest.digest.as_str()),
            Self::Tag {
                repository, tag, ..
            } => (repository.as_str(), tag.as_str()),
        };
        RowKey {
            place: place.to_owned(),
            item: item.to_owned(),
        }
    }

    /// Whether both say the same. Objects have other keys in other stores, so those are not compared.
    #[must_use]
    pub fn says(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Content(one), Self::Content(other)) => {
                let bytes = match (&one.content, &other.content) {
                    (BlobContent::Object(_), BlobContent::Object(_)) => true,
                    (one, other) => one == other,
                };
                let rest = |kept: &KeptContent| (kept.digest.clone(), kept.size, kept.quarantined);
                bytes && rest(one) == rest(other)
            }
            _ => self == other,
        }
    }
}

/// Rows carried from one backend to another.
///
/// 1. *All of it, in order.* `rows` goes by the keys of its kind in byte order, strictly after `after`, at most
///    `limit`; none that was there throughout is missed.
/// 2. *As it is said.* A row that was put is read back as it was put, its times and counts among it, whatever was
///    there under its key. What the collector had marked is not marked.
/// 3. *Only upon what it rests on.* A link or a tag whose repository or manifest is not there is not put, nor a
///    repository without its namespace; the next walk finds it missing.
/// 4. *All or nothing.* Rows of one call are put, or dropped, together.
/// 5. *No object is lost.* The object of a content that is dropped, or replaced by another one, is given up:
///    `doomed` lists it. One whose content is out of sight is kept aside from then on.
/// 6. *Places stay.* Nothing drops namespaces and repositories.
///
/// It is for a backend that nobody else writes to.
#[async_trait]
pub trait Carry: Send + Sync {
    /// A page of rows.
    async fn rows(
        &self,
        kind: RowKind,
        after: &RowKey,
        limit: usize,
    ) -> Result<Vec<Row>, MetadataError>;

    /// Puts rows of any kinds, in this order.
    async fn put_rows(&self, rows: &[Row]) -> Result<(), MetadataError>;

    /// Drops rows of a kind.
    async fn drop_rows(&self, kind: RowKind, keys: &[RowKey]) -> Result<(), MetadataError>;
}
