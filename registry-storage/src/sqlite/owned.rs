//! Commands that own what they say.
//!
//! A command goes to the thread that writes, and runs there also when its caller has gone away; so it
//! cannot borrow. Names and digests are reference counts, and their clones cost nothing to speak of.

use bytes::Bytes;
use registry_core::{
    Descriptor, Digest, MediaType, RepositoryName, Tag, UploadId,
    backend::{self, BlobContent, CreateRule, FactsVersion, ReferenceRow, TagCondition, TagMove},
};

/// A [`backend::Scope`].
pub(super) struct Scope {
    pub(super) repository: RepositoryName,
    pub(super) facts: FactsVersion,
}

impl From<backend::Scope<'_>> for Scope {
    fn from(scope: backend::Scope<'_>) -> Self {
        Self {
            repository: scope.repository.clone(),
            facts: scope.facts,
        }
    }
}

/// A [`backend::Origin`].
pub(super) struct Origin {
    pub(super) actor: Option<String>,
    pub(super) record: bool,
}

impl From<backend::Origin<'_>> for Origin {
    fn from(origin: backend::Origin<'_>) -> Self {
        Self {
            actor: origin.actor.map(str::to_owned),
            record: origin.record,
        }
    }
}

/// A [`backend::SessionKey`].
pub(super) struct Session {
    pub(super) repository: RepositoryName,
    pub(super) id: UploadId,
}

impl From<backend::SessionKey<'_>> for Session {
    fn from(session: backend::SessionKey<'_>) -> Self {
        Self {
            repository: session.repository.clone(),
            id: session.id.clone(),
        }
    }
}

/// A [`backend::SessionEnd`].
pub(super) struct SessionEnd {
    pub(super) session: Session,
    pub(super) epoch: u64,
}

impl From<backend::SessionEnd<'_>> for SessionEnd {
    fn from(end: backend::SessionEnd<'_>) -> Self {
        Self {
            session: end.session.into(),
            epoch: end.epoch,
        }
    }
}

/// A [`backend::PutBlob`].
pub(super) struct PutBlob {
    pub(super) scope: Scope,
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) content: BlobContent,
    pub(super) session: Option<SessionEnd>,
    pub(super) create: CreateRule,
    pub(super) origin: Origin,
}

impl From<backend::PutBlob<'_>> for PutBlob {
    fn from(command: backend::PutBlob<'_>) -> Self {
        Self {
            scope: command.scope.into(),
            digest: command.digest.clone(),
            size: command.size,
            content: command.content,
            session: command.session.map(SessionEnd::from),
            create: command.create,
            origin: command.origin.into(),
        }
    }
}

/// A [`backend::MountBlob`].
pub(super) struct MountBlob {
    pub(super) from: Scope,
    pub(super) to: Scope,
    pub(super) digest: Digest,
    pub(super) create: CreateRule,
    pub(super) origin: Origin,
}

impl From<backend::MountBlob<'_>> for MountBlob {
    fn from(command: backend::MountBlob<'_>) -> Self {
        Self {
            from: command.from.into(),
            to: command.to.into(),
            digest: command.digest.clone(),
            create: command.create,
            origin: command.origin.into(),
        }
    }
}

/// A [`backend::DeleteBlob`] or a [`backend::DeleteManifest`].
pub(super) struct DeleteContent {
    pub(super) scope: Scope,
    pub(super) digest: Digest,
    pub(super) origin: Origin,
}

impl From<backend::DeleteBlob<'_>> for DeleteContent {
    fn from(command: backend::DeleteBlob<'_>) -> Self {
        Self {
            scope: command.scope.into(),
            digest: command.digest.clone(),
            origin: command.origin.into(),
        }
    }
}

impl From<backend::DeleteManifest<'_>> for DeleteContent {
    fn from(command: backend::DeleteManifest<'_>) -> Self {
        Self {
            scope: command.scope.into(),
            digest: command.digest.clone(),
            origin: command.origin.into(),
        }
    }
}

/// A [`backend::PutManifest`].
pub(super) struct PutManifest {
    pub(super) scope: Scope,
    pub(super) digest: Digest,
    pub(super) media_type: MediaType,
    pub(super) bytes: Bytes,
    pub(super) subject: Option<Digest>,
    pub(super) descriptor: Descriptor,
    pub(super) references: Vec<ReferenceRow>,
    pub(super) tags: Vec<TagMove>,
    pub(super) create: CreateRule,
    pub(super) origin: Origin,
}

impl From<backend::PutManifest<'_>> for PutManifest {
    fn from(command: backend::PutManifest<'_>) -> Self {
        Self {
            scope: command.scope.into(),
            digest: command.digest.clone(),
            media_type: command.media_type.clone(),
            bytes: command.bytes,
            subject: command.subject.cloned(),
            descriptor: command.descriptor.clone(),
            references: command.references.to_vec(),
            tags: command.tags.to_vec(),
            create: command.create,
            origin: command.origin.into(),
        }
    }
}

/// A [`backend::DeleteTag`].
pub(super) struct DeleteTag {
    pub(super) scope: Scope,
    pub(super) tag: Tag,
    pub(super) condition: TagCondition,
    pub(super) origin: Origin,
}

impl From<backend::DeleteTag<'_>> for DeleteTag {
    fn from(command: backend::DeleteTag<'_>) -> Self {
        Self {
            scope: command.scope.into(),
            tag: command.tag.clone(),
            condition: command.condition,
            origin: command.origin.into(),
        }
    }
}
