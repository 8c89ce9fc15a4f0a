//! Blobs: contents, and the links of repositories to them.

use bytes::Bytes;
use registry_core::{
    Digest, Event, RepositoryName,
    backend::{
        BlobContent, BlobRecord, Checked, DeleteBlobOutcome, MountBlobOutcome, ObjectKey,
        PutBlobOutcome, ReferenceTarget, Scope,
    },
};
use rusqlite::Row;

use super::{checked, versions};
use crate::canonical::{is_bare, namespace_of};
use crate::sqlite::{
    error::Failure,
    facts::Place,
    owned::{DeleteContent, MountBlob, PutBlob},
    seen::{Rows, Versioned},
    transaction::Transaction,
    uploads::Ending,
    value::{Bits, Millis},
    view::View,
};

/// What serves a digest.
struct Kept {
    id: i64,
    content: BlobContent,
    quarantined: bool,
    condemned: bool,
}

impl View<'_> {
    pub(super) fn blob(
        &self,
        scope: Scope<'_>,
        digest: &Digest,
    ) -> Result<Checked<Option<BlobRecord>>, Failure> {
        let name = scope.repository;
        let seen = self.seen.map(|seen| &seen.blobs);
        let key = || (name.clone(), digest.clone());
        let found = Rows::get(seen, key, || self.find_blob(name, digest))?;
        Ok(checked(scope, found))
    }

    fn find_blob(
        &self,
        name: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<Versioned<BlobRecord>>, Failure> {
        let sql = "SELECT n.version, r.version, c.size, c.object, c.inline, l.pass IS NOT NULL
            FROM namespaces n
            LEFT JOIN repositories r ON r.name = ?2
            LEFT JOIN links l ON l.repository = r.id AND l.digest = ?3
            LEFT JOIN contents c ON c.digest = l.digest AND c.quarantined = 0
            WHERE n.name = ?1";
        let params = (namespace_of(name), name.as_str(), digest.as_str());
        self.one(sql, params, |row| Ok((versions(row)?, blob(row)?)))
    }

    fn kept(&self, digest: &Digest) -> Result<Option<Kept>, Failure> {
        let sql = "SELECT id, quarantined, pass IS NOT NULL, object, inline
            FROM contents WHERE digest = ?1";
        self.one(sql, [digest.as_str()], |row| {
            Ok(Kept {
                id: row.get(0)?,
                quarantined: row.get(1)?,
                condemned: row.get(2)?,
                content: content(row, 3)?,
            })
        })
    }

    /// The size of a blob that a repository has.
    fn size(&self, repository: i64, digest: &Digest) -> Result<Option<u64>, Failure> {
        let sql = "SELECT c.size FROM links l
            JOIN contents c ON c.digest = l.digest AND c.quarantined = 0
            WHERE l.repository = ?1 AND l.digest = ?2";
        let size = self.one(sql, (repository, digest.as_str()), |row| row.get(0))?;
        Ok(size.map(|Bits(size)| size))
    }
}

fn blob(row: &Row<'_>) -> rusqlite::Result<Option<BlobRecord>> {
    let Some(Bits(size)) = row.get(2)? else {
        return Ok(None);
    };
    Ok(Some(BlobRecord {
        size,
        content: content(row, 3)?,
        condemned: row.get(5)?,
    }))
}

/// The columns `object` and `inline`.
fn content(row: &Row<'_>, column: usize) -> rusqlite::Result<BlobContent> {
    if let Some(key) = row.get_ref(column)?.as_str_or_null()? {
        return Ok(BlobContent::Object(ObjectKey::new(key)));
    }
    let bytes = row.get_ref(column + 1)?.as_blob()?;
    Ok(BlobContent::Inline(Bytes::copy_from_slice(bytes)))
}

impl Transaction<'_> {
    pub(super) fn put_blob(
        &mut self,
        command: &PutBlob,
    ) -> Result<Checked<PutBlobOutcome>, Failure> {
        let Some(place) = self.current(&command.scope)? else {
            return Ok(Checked::Stale);
        };
        let outcome = match self.refusal(command, &place)? {
            Some(refusal) => refusal,
            None => self.store_blob(command, &place)?,
        };
        Ok(Checked::Current(outcome))
    }

    /// Why a blob may not be put, if anything stands against it.
    fn refusal(&self, command: &PutBlob, place: &Place) -> Result<Option<PutBlobOutcome>, Failure> {
        let digest = &command.digest;
        if let Some(end) = &command.session
            && self.ending(end, digest)? == Ending::Lost
        {
            return Ok(Some(PutBlobOutcome::SessionLost));
        }
        if self.content_is_gone(digest, &command.content)? {
            return Ok(Some(PutBlobOutcome::ObjectGone));
        }
        Ok((!place.admits(command.create)).then_some(PutBlobOutcome::RepositoryAbsent))
    }

    /// Whether the object of a content was given up, or is going to be.
    fn content_is_gone(&self, digest: &Digest, content: &BlobContent) -> Result<bool, Failure> {
        let BlobContent::Object(key) = content else {
            return Ok(false);
        };
        match self.served(key)? {
            Some((served, quarantined)) if served == *digest => Ok(quarantined),
            Some((digest, _)) => Err(Failure::ServesAnother {
                key: key.clone(),
                digest,
            }),
            None => self.is_gone(key),
        }
    }

    /// Stores what nothing stands against.
    fn store_blob(&mut self, command: &PutBlob, place: &Place) -> Result<PutBlobOutcome, Failure> {
        let (name, digest) = (&command.scope.repository, &command.digest);
        let repository = self.make(name, place, command.create, &command.origin)?;
        let stored = self.keep(digest, command.size, &command.content)?;
        if let Some(end) = &command.session {
            self.finish_session(end, digest)?;
        }
        if self.link(repository, name, digest)? {
            self.record(&command.origin, || Event::BlobPushed {
                repository: name.clone(),
                digest: digest.clone(),
                size: command.size,
            })?;
        }
        Ok(match stored {
            true => PutBlobOutcome::Stored,
            false => PutBlobOutcome::Deduplicated,
        })
    }

    /// Keeps a content, and answers whether it is the one given that is kept.
    fn keep(&self, digest: &Digest, size: u64, content: &BlobContent) -> Result<bool, Failure> {
        match self.kept(digest)? {
            Some(kept) if !kept.quarantined => {
                if kept.condemned {
                    self.run("UPDATE contents SET pass = NULL WHERE id = ?1", [kept.id])?;
                }
                // An object has one write, so this very command has been here before.
                return Ok(matches!(content, BlobContent::Object(_)) && kept.content == *content);
            }
            Some(wrong) => self.replace(&wrong, size, content)?,
            None => self.add_content(digest, size, content)?,
        }
        if let BlobContent::Object(key) = content {
            self.make_known(key)?;
        }
        Ok(true)
    }

    fn add_content(
        &self,
        digest: &Digest,
        size: u64,
        content: &BlobContent,
    ) -> Result<(), Failure> {
        let sql = "INSERT INTO contents (digest, size, object, inline) VALUES (?1, ?2, ?3, ?4)";
        let (object, inline) = columns(content);
        self.run(sql, (digest.as_str(), Bits(size), object, inline))?;
        Ok(())
    }

    /// Has a content serve in the place of one in quarantine, whose object is kept aside.
    fn replace(&self, wrong: &Kept, size: u64, content: &BlobContent) -> Result<(), Failure> {
        let sql = "UPDATE contents
            SET size = ?2, object = ?3, inline = ?4, quarantined = 0, pass = NULL WHERE id = ?1";
        let (object, inline) = columns(content);
        self.run(sql, (wrong.id, Bits(size), object, inline))?;
        Ok(())
    }

    /// Links a content that is kept, and answers whether it was not linked before.
    fn link(
        &self,
        repository: i64,
        name: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, Failure> {
        let sql = "INSERT INTO links (repository, digest, bare, holder) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT DO NOTHING";
        let params = (repository, digest.as_str(), is_bare(name), name.as_str());
        if self.run(sql, params)? == 0 {
            self.revive(repository, ReferenceTarget::Blob, digest)?;
            return Ok(false);
        }
        let sql = "UPDATE contents SET pass = NULL WHERE digest = ?1 AND pass IS NOT NULL";
        self.run(sql, [digest.as_str()])?;
        Ok(true)
    }

    pub(super) fn mount_blob(
        &mut self,
        command: &MountBlob,
    ) -> Result<Checked<MountBlobOutcome>, Failure> {
        let (from, to) = (self.current(&command.from)?, self.current(&command.to)?);
        let (Some(from), Some(to)) = (from, to) else {
            return Ok(Checked::Stale);
        };
        self.mount(command, &from, &to).map(Checked::Current)
    }

    fn mount(
        &mut self,
        command: &MountBlob,
        from: &Place,
        to: &Place,
    ) -> Result<MountBlobOutcome, Failure> {
        let (name, digest) = (&command.to.repository, &command.digest);
        let Some(source) = from.id() else {
            return Ok(MountBlobOutcome::SourceAbsent);
        };
        let Some(size) = self.size(source, digest)? else {
            return Ok(MountBlobOutcome::SourceAbsent);
        };
        if !to.admits(command.create) {
            return Ok(MountBlobOutcome::RepositoryAbsent);
        }
        let repository = self.make(name, to, command.create, &command.origin)?;
        self.revive(source, ReferenceTarget::Blob, digest)?;
        if self.link(repository, name, digest)? {
            self.record(&command.origin, || Event::BlobMounted {
                repository: name.clone(),
                digest: digest.clone(),
                from: command.from.repository.clone(),
            })?;
        }
        Ok(MountBlobOutcome::Mounted { size })
    }

    pub(super) fn delete_blob(
        &mut self,
        command: &DeleteContent,
    ) -> Result<Checked<DeleteBlobOutcome>, Failure> {
        let Some(place) = self.current(&command.scope)? else {
            return Ok(Checked::Stale);
        };
        let Some(repository) = place.id() else {
            return Ok(Checked::Current(DeleteBlobOutcome::Absent));
        };
        let outcome = self.delete_blob_of(repository, command)?;
        Ok(Checked::Current(outcome))
    }

    fn delete_blob_of(
        &mut self,
        repository: i64,
        command: &DeleteContent,
    ) -> Result<DeleteBlobOutcome, Failure> {
        let digest = &command.digest;
        if let Some(by) = self.requiring(repository, ReferenceTarget::Blob, digest)?
            && self.is_linked(repository, digest)?
        {
            return Ok(DeleteBlobOutcome::Required { by });
        }
        if !self.drop_link(repository, digest)? {
            return Ok(DeleteBlobOutcome::Absent);
        }
        self.record(&command.origin, || Event::BlobDeleted {
            repository: command.scope.repository.clone(),
            digest: digest.clone(),
        })?;
        Ok(DeleteBlobOutcome::Deleted)
    }

    fn is_linked(&self, repository: i64, digest: &Digest) -> Result<bool, Failure> {
        let sql = "SELECT 1 FROM links WHERE repository = ?1 AND digest = ?2";
        self.any(sql, (repository, digest.as_str()))
    }

    /// Removes a link, and answers whether there was one; the content stays.
    pub(in crate::sqlite) fn drop_link(
        &self,
        repository: i64,
        digest: &Digest,
    ) -> Result<bool, Failure> {
        let sql = "DELETE FROM links WHERE repository = ?1 AND digest = ?2";
        Ok(self.run(sql, (repository, digest.as_str()))? > 0)
    }

    /// Removes a content, gives its object up unless it is kept aside, and answers its size.
    pub(in crate::sqlite) fn drop_content(&self, digest: &Digest) -> Result<u64, Failure> {
        let sql = "DELETE FROM contents WHERE digest = ?1
            RETURNING size, iif(quarantined, NULL, object)";
        let dropped = self.one(sql, [digest.as_str()], |row| {
            let key = row.get_ref(1)?.as_str_or_null()?.map(ObjectKey::new);
            Ok((row.get::<_, Bits>(0)?.0, key))
        })?;
        let Some((size, key)) = dropped else {
            return Ok(0);
        };
        if let Some(key) = key {
            self.give_up(&key)?;
        }
        Ok(size)
    }

    /// Takes a content out of sight and keeps its object aside.
    pub(super) fn quarantine(
        &self,
        digest: &Digest,
        object: Option<&ObjectKey>,
    ) -> Result<bool, Failure> {
        let object = object.map(ObjectKey::as_str);
        let sql = "UPDATE contents SET quarantined = 1
            WHERE digest = ?1 AND object IS ?2 AND quarantined = 0";
        if self.run(sql, (digest.as_str(), object))? == 0 {
            return Ok(false);
        }
        let sql = "INSERT INTO quarantine (object, digest, size, since)
            SELECT object, digest, size, ?2 FROM contents
            WHERE digest = ?1 AND object IS NOT NULL";
        self.run(sql, (digest.as_str(), Millis(self.now)))?;
        Ok(true)
    }
}

/// A content as the columns `object` and `inline`.
fn columns(content: &BlobContent) -> (Option<&str>, Option<&[u8]>) {
    match content {
        BlobContent::Object(key) => (Some(key.as_str()), None),
        BlobContent::Inline(bytes) => (None, Some(bytes)),
    }
}
