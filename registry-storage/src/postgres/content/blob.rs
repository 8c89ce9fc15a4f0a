//! Blobs of repositories.

use bytes::Bytes;
use registry_core::{
    Event,
    backend::{
        BlobContent, BlobRecord, DeleteBlob, DeleteBlobOutcome, ObjectKey, PutBlob, PutBlobOutcome,
        ReferenceTarget,
    },
};
use tokio_postgres::Row;

use super::{Outcome, done, kept::Kept, refused, stale};
use crate::postgres::{error::Failure, transaction::Transaction, value::bits};

pub(super) const BLOB: &str = "SELECT n.version, r.version,
        c.size, c.object, c.inline, l.pass IS NOT NULL
    FROM (SELECT 1) one
    LEFT JOIN namespaces n ON n.name = $1
    LEFT JOIN repositories r ON r.name = $2
    LEFT JOIN links l ON l.repository = r.id AND l.digest = $3
    LEFT JOIN contents c ON c.digest = l.digest AND NOT c.quarantined";

pub(super) fn record(row: &Row) -> Result<Option<BlobRecord>, Failure> {
    if row.try_get::<_, Option<i64>>(2)?.is_none() {
        return Ok(None);
    }
    Ok(Some(BlobRecord {
        size: bits(row, 2)?,
        content: match row.try_get::<_, Option<&str>>(3)? {
            Some(key) => BlobContent::Object(ObjectKey::new(key)),
            None => BlobContent::Inline(Bytes::copy_from_slice(row.try_get(4)?)),
        },
        condemned: row.try_get(5)?,
    }))
}

impl Transaction<'_> {
    pub(super) async fn put_blob(&self, command: &PutBlob<'_>) -> Outcome<PutBlobOutcome> {
        let Some(place) = self.current(command.scope).await? else {
            return Ok(stale());
        };
        let (name, digest) = (command.scope.repository, command.digest);
        if let Some(end) = &command.session
            && !self.end_session(end, digest).await?
        {
            return Ok(refused(PutBlobOutcome::SessionLost));
        }
        if !place.admits(command.create) {
            return Ok(refused(PutBlobOutcome::RepositoryAbsent));
        }
        let made = self
            .make(name, &place, command.create, command.origin)
            .await?;
        let Some(repository) = made else {
            return Ok(stale());
        };
        let outcome = match self.keep(command).await? {
            Kept::Gone => return Ok(refused(PutBlobOutcome::ObjectGone)),
            Kept::Given => PutBlobOutcome::Stored,
            Kept::Other => PutBlobOutcome::Deduplicated,
        };
        if self.link(repository, name, digest).await? {
            let pushed = || Event::BlobPushed {
                repository: name.clone(),
                digest: digest.clone(),
                size: command.size,
            };
            self.record(command.origin, pushed).await?;
        }
        Ok(done(outcome))
    }

    /// Locks first; who requires it is asked in a second statement, which sees all that the lock waited for.
    pub(super) async fn delete_blob(&self, command: DeleteBlob<'_>) -> Outcome<DeleteBlobOutcome> {
        let Some(place) = self.current(command.scope).await? else {
            return Ok(stale());
        };
        let Some(repository) = place.id() else {
            return Ok(refused(DeleteBlobOutcome::Absent));
        };
        let link = [repository.into(), command.digest.as_str().into()];
        let lock = "SELECT 1 FROM links WHERE repository = $1 AND digest = $2 FOR UPDATE";
        if !self.any(lock, &link).await? {
            return Ok(refused(DeleteBlobOutcome::Absent));
        }
        let target = ReferenceTarget::Blob;
        if let Some(by) = self.requiring(repository, target, command.digest).await? {
            return Ok(refused(DeleteBlobOutcome::Required { by }));
        }
        let delete = "DELETE FROM links WHERE repository = $1 AND digest = $2";
        self.run(delete, &link).await?;
        let deleted = || Event::BlobDeleted {
            repository: command.scope.repository.clone(),
            digest: command.digest.clone(),
        };
        self.record(command.origin, deleted).await?;
        Ok(done(DeleteBlobOutcome::Deleted))
    }
}
