//! Blobs: contents, and the links of repositories to them.

use registry_core::{
    Digest, Event, RepositoryName,
    backend::{
        BlobContent, BlobRecord, DeleteBlob, DeleteBlobOutcome, MetadataError, MetadataErrorKind,
        MountBlob, MountBlobOutcome, ObjectKey, PutBlob, PutBlobOutcome, ReferenceTarget,
    },
};

use crate::memory::metadata::{
    names::Names,
    objects::Aside,
    rows::{Row, RowName},
    state::State,
    uploads::Ending,
};

/// What serves a digest, for every repository that links it.
#[derive(Debug)]
pub(in super::super) struct Content {
    pub(in super::super) row: Row,
    pub(in super::super) size: u64,
    pub(in super::super) content: BlobContent,
    /// Its bytes are wrong; it does not exist for anybody who reads.
    pub(in super::super) quarantined: bool,
    /// The repositories that link it.
    pub(in super::super) links: Names,
}

impl Content {
    pub(in super::super) fn object(&self) -> Option<&ObjectKey> {
        match &self.content {
            BlobContent::Object(key) => Some(key),
            BlobContent::Inline(_) => None,
        }
    }
}

/// A repository's link to a content.
#[derive(Debug)]
pub(in super::super) struct Link {
    pub(in super::super) row: Row,
}

impl State {
    pub(super) fn blob(&self, name: &RepositoryName, digest: &Digest) -> Option<BlobRecord> {
        let link = self.repositories.get(name)?.blobs.get(digest)?;
        let content = self.sound(digest)?;
        Some(BlobRecord {
            size: content.size,
            content: content.content.clone(),
            condemned: link.row.is_condemned(),
        })
    }

    /// The content of a digest, if its bytes are not known to be wrong.
    pub(in super::super) fn sound(&self, digest: &Digest) -> Option<&Content> {
        self.contents
            .get(digest)
            .filter(|content| !content.quarantined)
    }

    pub(super) fn put_blob(
        &mut self,
        command: PutBlob<'_>,
    ) -> Result<PutBlobOutcome, MetadataError> {
        if let Some(refusal) = self.refusal(&command)? {
            return Ok(refusal);
        }
        let (name, digest) = (command.scope.repository, command.digest);
        self.make(name, command.create, command.origin);
        let stored = self.keep(digest, command.size, command.content);
        if let Some(session) = command.session {
            self.finish_session(session, digest);
        }
        if self.link(name, digest) {
            let (repository, digest) = (name.clone(), digest.clone());
            let size = command.size;
            self.record(
                command.origin,
                Event::BlobPushed {
                    repository,
                    digest,
                    size,
                },
            );
        }
        Ok(match stored {
            true => PutBlobOutcome::Stored,
            false => PutBlobOutcome::Deduplicated,
        })
    }

    /// Why a blob may not be put, if anything stands against it.
    fn refusal(&self, command: &PutBlob<'_>) -> Result<Option<PutBlobOutcome>, MetadataError> {
        let (name, digest) = (command.scope.repository, command.digest);
        let ending = command.session.map(|end| self.sessions.ending(end, digest));
        let refusal = if ending == Some(Ending::Lost) {
            Some(PutBlobOutcome::SessionLost)
        } else if self.is_gone(digest, &command.content)? {
            Some(PutBlobOutcome::ObjectGone)
        } else if !self.admits(name, command.create) {
            Some(PutBlobOutcome::RepositoryAbsent)
        } else {
            None
        };
        Ok(refusal)
    }

    /// Whether the object of a content was given up, or is going to be.
    fn is_gone(&self, digest: &Digest, content: &BlobContent) -> Result<bool, MetadataError> {
        let BlobContent::Object(key) = content else {
            return Ok(false);
        };
        match self.objects.served(key) {
            Some(served) if served != digest => Err(serves_another(key, served)),
            Some(_) => Ok(self.sound(digest).is_none()),
            None => Ok(self.objects.is_gone(key)),
        }
    }

    /// Keeps a content, and answers whether it is the one given that is kept.
    fn keep(&mut self, digest: &Digest, size: u64, content: BlobContent) -> bool {
        match self.contents.get_mut(digest) {
            Some(kept) if !kept.quarantined => {
                self.rows.revive(&mut kept.row);
                // An object has one write, so this very command has been here before.
                return matches!(content, BlobContent::Object(_)) && kept.content == content;
            }
            Some(wrong) => {
                self.rows.revive(&mut wrong.row);
                wrong.quarantined = false;
                wrong.size = size;
                let wrong = std::mem::replace(&mut wrong.content, content.clone());
                self.leave_aside(&wrong);
            }
            None => self.add_content(digest, size, content.clone()),
        }
        if let BlobContent::Object(key) = content {
            self.objects.serve(key, digest.clone());
        }
        true
    }

    fn add_content(&mut self, digest: &Digest, size: u64, content: BlobContent) {
        let row = self.rows.add(RowName::Content(digest.clone()));
        let content = Content {
            row,
            size,
            content,
            quarantined: false,
            links: Names::default(),
        };
        self.contents.insert(digest.clone(), content);
    }

    fn give_up(&mut self, content: BlobContent) {
        if let BlobContent::Object(key) = content {
            self.objects.doom(key);
        }
    }

    /// What is kept aside serves nothing any more.
    fn leave_aside(&mut self, content: &BlobContent) {
        if let BlobContent::Object(key) = content {
            self.objects.end_service(key);
        }
    }

    /// Links a content that is kept, and answers whether it was not linked before.
    fn link(&mut self, name: &RepositoryName, digest: &Digest) -> bool {
        let Some(repository) = self.repositories.get_mut(name) else {
            return false;
        };
        if let Some(link) = repository.blobs.get_mut(digest) {
            self.rows.revive(&mut link.row);
            return false;
        }
        let row = self.rows.add(RowName::Blob(name.clone(), digest.clone()));
        repository.blobs.insert(digest.clone(), Link { row });
        if let Some(content) = self.contents.get_mut(digest) {
            self.rows.revive(&mut content.row);
            content.links.insert(name.clone());
        }
        true
    }

    pub(super) fn mount_blob(&mut self, command: &MountBlob<'_>) -> MountBlobOutcome {
        let (from, to, digest) = (
            command.from.repository,
            command.to.repository,
            command.digest,
        );
        let Some(source) = self.blob(from, digest) else {
            return MountBlobOutcome::SourceAbsent;
        };
        if !self.admits(to, command.create) {
            return MountBlobOutcome::RepositoryAbsent;
        }
        self.make(to, command.create, command.origin);
        self.revive(from, ReferenceTarget::Blob, digest);
        if self.link(to, digest) {
            let (repository, from) = (to.clone(), from.clone());
            let digest = digest.clone();
            self.record(
                command.origin,
                Event::BlobMounted {
                    repository,
                    digest,
                    from,
                },
            );
        }
        MountBlobOutcome::Mounted { size: source.size }
    }

    pub(super) fn delete_blob(&mut self, command: &DeleteBlob<'_>) -> DeleteBlobOutcome {
        let (name, digest) = (command.scope.repository, command.digest);
        let repository = self.repositories.get(name);
        if !repository.is_some_and(|repository| repository.blobs.contains_key(digest)) {
            return DeleteBlobOutcome::Absent;
        }
        if let Some(by) = self.requiring(name, ReferenceTarget::Blob, digest) {
            return DeleteBlobOutcome::Required { by };
        }
        self.drop_link(name, digest);
        let (repository, digest) = (name.clone(), digest.clone());
        self.record(command.origin, Event::BlobDeleted { repository, digest });
        DeleteBlobOutcome::Deleted
    }

    /// Removes a link; the content stays.
    pub(in super::super) fn drop_link(&mut self, name: &RepositoryName, digest: &Digest) {
        let repository = self.repositories.get_mut(name);
        if let Some(link) = repository.and_then(|repository| repository.blobs.remove(digest)) {
            self.rows.drop(link.row);
        }
        if let Some(content) = self.contents.get_mut(digest) {
            content.links.remove(name);
        }
    }

    /// Removes a content, gives its object up, and answers its size.
    pub(in super::super) fn drop_content(&mut self, digest: &Digest) -> u64 {
        let Some(content) = self.contents.remove(digest) else {
            return 0;
        };
        self.rows.drop(content.row);
        match content.quarantined {
            true => self.leave_aside(&content.content),
            false => self.give_up(content.content),
        }
        content.size
    }

    pub(super) fn quarantine(&mut self, digest: &Digest, object: Option<&ObjectKey>) -> bool {
        let content = self.contents.get_mut(digest);
        let served = content.filter(|content| !content.quarantined && object == content.object());
        let Some(content) = served else {
            return false;
        };
        content.quarantined = true;
        if let Some(object) = object {
            let aside = Aside {
                digest: digest.clone(),
                size: content.size,
                since: self.now,
            };
            self.objects.keep_aside(object.clone(), aside);
        }
        true
    }
}

fn serves_another(key: &ObjectKey, digest: &Digest) -> MetadataError {
    let message = format!("the object {key} serves {digest} already");
    MetadataError::new(MetadataErrorKind::Unavailable, message)
}
