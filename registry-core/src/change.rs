//! What happened, for whoever wants to be told.
//!
//! A change is a row written in the transaction that made it, so none is lost and none is told that
//! did not happen. It is told at least once: whoever listens keeps the last [`Change::id`] seen.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    digest::Digest,
    media_type::MediaType,
    name::{Namespace, RepositoryName},
    tag::Tag,
};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Grows along every tag and every digest; unique in the registry.
    pub id: u64,
    /// When its transaction ran, by the metadata backend's time.
    pub at: Timestamp,
    /// The account that did it; none for an anonymous caller and for the registry itself.
    pub actor: Option<String>,
    /// What it was.
    pub event: Event,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A namespace was created.
    NamespaceCreated {
        /// Its name.
        namespace: Namespace,
        /// Whether everybody may read it.
        visibility: Visibility,
    },
    /// A namespace became public or private.
    NamespaceVisibilityChanged {
        /// Its name.
        namespace: Namespace,
        /// What it is now.
        visibility: Visibility,
    },
    /// A repository was created.
    RepositoryCreated {
        /// Its name.
        repository: RepositoryName,
    },
    /// A repository set its own visibility, or gave it up for its namespace's.
    RepositoryVisibilityChanged {
        /// Its name.
        repository: RepositoryName,
        /// Its own setting; none where it inherits.
        visibility: Option<Visibility>,
    },
    /// A blob was uploaded.
    BlobPushed {
        /// Where to.
        repository: RepositoryName,
        /// The blob.
        digest: Digest,
        /// Its bytes.
        size: u64,
    },
    /// A blob was mounted from another repository.
    BlobMounted {
        /// Where to.
        repository: RepositoryName,
        /// The blob.
        digest: Digest,
        /// Where from.
        from: RepositoryName,
    },
    /// A blob was deleted by a caller.
    BlobDeleted {
        /// Where from.
        repository: RepositoryName,
        /// The blob.
        digest: Digest,
    },
    /// A manifest was stored that was not there before.
    ManifestPushed {
        /// Where to.
        repository: RepositoryName,
        /// The manifest.
        digest: Digest,
        /// Its type.
        media_type: MediaType,
    },
    /// A manifest was deleted by a caller or collected.
    ManifestDeleted {
        /// Where from.
        repository: RepositoryName,
        /// The manifest.
        digest: Digest,
    },
    /// A tag was set or moved.
    Tagged {
        /// Where.
        repository: RepositoryName,
        /// The tag.
        tag: Tag,
        /// Where it pointed before.
        from: Option<Digest>,
        /// Where it points now.
        to: Digest,
    },
    /// A tag was removed.
    Untagged {
        /// Where.
        repository: RepositoryName,
        /// The tag.
        tag: Tag,
        /// Where it pointed.
        digest: Digest,
    },
}

/// Who may read: everybody, or those with a right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Those with a right.
    #[default]
    Private,
}

/// Takes changes as they are told.
#[async_trait]
pub trait ChangeSink: Send + Sync {
    /// Takes one change. An error has it told again, before anything later.
    async fn deliver(&self, change: &Change) -> Result<(), DeliverError>;
}

/// A sink could not take a change now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the change could not be delivered: {0}")]
pub struct DeliverError(pub String);
