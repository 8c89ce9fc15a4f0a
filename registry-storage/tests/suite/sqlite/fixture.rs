//! A database of a test's own, and steps that tests share.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use registry_core::{
    Clock, Descriptor, Digest, MediaType, Reference, RepositoryName, Tag, Timestamp,
    backend::{
        BlobContent, Checked, Content, CreateRule, ManifestRecord, MetadataError,
        NamespaceSettings, ObjectKey, Origin, PutBlob, PutBlobOutcome, PutManifest,
        PutManifestOutcome, Repositories, Scope, TagCondition, TagMove,
    },
};
use registry_storage::{
    Durability, ManualClock,
    sqlite::{SqliteMetadata, SqliteOpenError},
};
use tempfile::TempDir;

const NEW: CreateRule = CreateRule {
    namespace: Some(NamespaceSettings {
        visibility: registry_core::Visibility::Private,
        collect_untagged: false,
    }),
    repository: true,
};

const ORIGIN: Origin<'static> = Origin {
    actor: Some("alice"),
    record: true,
};

/// A directory for one database, gone with the test.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.directory.path().join("metadata.db")
    }

    /// A file that SQLite keeps beside the database.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        self.directory.path().join(format!("metadata.db-{suffix}"))
    }

    pub(crate) fn open(&self) -> SqliteMetadata {
        open(&self.database()).unwrap()
    }

    pub(crate) fn open_with(&self, clock: impl Clock + 'static) -> SqliteMetadata {
        SqliteMetadata::open(self.database(), Arc::new(clock), Durability::Strict).unwrap()
    }

    /// Why it is not opened.
    pub(crate) fn refusal(&self) -> String {
        open(&self.database()).unwrap_err().to_string()
    }
}

fn open(path: &Path) -> Result<SqliteMetadata, SqliteOpenError> {
    SqliteMetadata::open(path, Arc::new(ManualClock::default()), Durability::Strict)
}

/// A repository as a client uses it.
pub(crate) struct Client<'m> {
    metadata: &'m SqliteMetadata,
    name: RepositoryName,
}

impl<'m> Client<'m> {
    pub(crate) fn new(metadata: &'m SqliteMetadata, name: &str) -> Self {
        Self {
            metadata,
            name: name.parse().unwrap(),
        }
    }

    async fn ask<T>(
        &self,
        ask: impl AsyncFn(Scope<'_>) -> Result<Checked<T>, MetadataError>,
    ) -> Result<T, MetadataError> {
        loop {
            let facts = self.metadata.facts(&self.name).await?.version;
            let repository = &self.name;
            if let Checked::Current(answer) = ask(Scope { repository, facts }).await? {
                return Ok(answer);
            }
        }
    }

    /// Pushes a manifest of these bytes and tags it.
    pub(crate) async fn push(&self, bytes: &str, tag: &str) {
        let (digest, tags) = (Digest::sha256(bytes.as_bytes()), moves(tag));
        let put = async |scope: Scope<'_>| {
            let command = PutManifest {
                scope,
                digest: &digest,
                media_type: &MediaType::OCI_MANIFEST,
                bytes: Bytes::copy_from_slice(bytes.as_bytes()),
                subject: None,
                descriptor: &Descriptor::of(MediaType::OCI_MANIFEST, bytes.as_bytes()),
                references: &[],
                tags: &tags,
                create: NEW,
                origin: ORIGIN,
            };
            self.metadata.put_manifest(command).await
        };
        assert_eq!(self.ask(put).await.unwrap(), PutManifestOutcome::Stored);
    }

    /// Stores a blob in an object.
    pub(crate) async fn put(
        &self,
        bytes: &str,
        object: &str,
    ) -> Result<PutBlobOutcome, MetadataError> {
        let digest = Digest::sha256(bytes.as_bytes());
        let put = async |scope: Scope<'_>| {
            let command = PutBlob {
                scope,
                digest: &digest,
                size: bytes.len() as u64,
                content: BlobContent::Object(ObjectKey::new(object)),
                since: Timestamp::default(),
                session: None,
                create: NEW,
                origin: ORIGIN,
            };
            self.metadata.put_blob(command).await
        };
        self.ask(put).await
    }

    pub(crate) async fn tagged(&self, tag: &str) -> Option<ManifestRecord> {
        let reference = Reference::Tag(tag.parse().unwrap());
        let read = async |scope: Scope<'_>| self.metadata.manifest(scope, &reference).await;
        self.ask(read).await.unwrap()
    }

    pub(crate) async fn tags(&self) -> Vec<Tag> {
        let read = async |scope: Scope<'_>| self.metadata.tags(scope, None, usize::MAX).await;
        self.ask(read).await.unwrap()
    }
}

fn moves(tag: &str) -> [TagMove; 1] {
    [TagMove {
        tag: tag.parse().unwrap(),
        condition: TagCondition::Any,
    }]
}
