//! Mounting a blob of one repository in another.

use registry_core::{
    Digest, Event,
    backend::{MountBlob, MountBlobOutcome},
};

use super::{Outcome, done, refused, stale};
use crate::postgres::{error::Failure, transaction::Transaction, value::bits};

const SOURCE: &str = "SELECT c.size, l.pass IS NOT NULL, c.pass IS NOT NULL
    FROM links l JOIN contents c ON c.digest = l.digest AND NOT c.quarantined
    WHERE l.repository = $1 AND l.digest = $2";

const REVIVE_SOURCE: &str = "UPDATE links SET pass = NULL
    WHERE repository = $1 AND digest = $2 AND pass IS NOT NULL";

impl Transaction<'_> {
    pub(super) async fn mount_blob(&self, command: &MountBlob<'_>) -> Outcome<MountBlobOutcome> {
        let from = self.current(command.from).await?;
        let to = self.current(command.to).await?;
        let (Some(from), Some(to)) = (from, to) else {
            return Ok(stale());
        };
        let (name, digest) = (command.to.repository, command.digest);
        let Some(source) = from.id() else {
            return Ok(refused(MountBlobOutcome::SourceAbsent));
        };
        let Some(size) = self.source(source, digest).await? else {
            return Ok(refused(MountBlobOutcome::SourceAbsent));
        };
        if !to.admits(command.create) {
            return Ok(refused(MountBlobOutcome::RepositoryAbsent));
        }
        let Some(repository) = self.make(name, &to, command.create, command.origin).await? else {
            return Ok(stale());
        };
        if self.link(repository, name, digest).await? {
            let mounted = || Event::BlobMounted {
                repository: name.clone(),
                digest: digest.clone(),
                from: command.from.repository.clone(),
            };
            self.record(command.origin, mounted).await?;
        }
        Ok(done(MountBlobOutcome::Mounted { size }))
    }

    /// The size of a blob that a repository has, and goes on having.
    async fn source(&self, repository: i64, digest: &Digest) -> Result<Option<u64>, Failure> {
        let link = [repository.into(), digest.as_str().into()];
        loop {
            let Some(row) = self.one(SOURCE, &link).await? else {
                return Ok(None);
            };
            let (link_marked, content_marked): (bool, bool) = (row.try_get(1)?, row.try_get(2)?);
            let content_stays = !content_marked || self.revive_content(digest).await?;
            let link_stays = !link_marked || self.run(REVIVE_SOURCE, &link).await? > 0;
            // Otherwise it went, or somebody else has revived it: the next statement says.
            if content_stays && link_stays {
                return Ok(Some(bits(&row, 0)?));
            }
        }
    }
}
