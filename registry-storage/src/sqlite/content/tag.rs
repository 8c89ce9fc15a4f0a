//! Tags.

use registry_core::{
    Digest, Event, RepositoryName, Tag,
    backend::{Checked, DeleteTagOutcome, TagCondition, TagMove},
};

use crate::sqlite::{
    error::Failure,
    owned::{DeleteTag, Origin, PutManifest},
    transaction::Transaction,
    value::{Text, limit},
    view::View,
};

impl View<'_> {
    pub(super) fn tags(
        &self,
        repository: i64,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Tag>, Failure> {
        // Every tag comes after the empty text.
        let params = (repository, after.unwrap_or_default(), limit(most));
        self.all(TAGS, params, |row| Ok(row.get::<_, Text<_>>(0)?.0))
    }

    /// The tags that point at a manifest.
    pub(super) fn tags_of(&self, manifest: i64) -> Result<Vec<Tag>, Failure> {
        self.all(TAGS_OF, [manifest], |row| Ok(row.get::<_, Text<_>>(0)?.0))
    }

    /// Where a tag points: the manifest's id and its digest.
    fn tagged(&self, repository: i64, tag: &Tag) -> Result<Option<(i64, Digest)>, Failure> {
        let sql = "SELECT m.id, m.digest FROM tags t JOIN manifests m ON m.id = t.manifest
            WHERE t.repository = ?1 AND t.tag = ?2";
        self.one(sql, (repository, tag.as_str()), |row| {
            Ok((row.get(0)?, row.get::<_, Text<_>>(1)?.0))
        })
    }

    /// The first of these moves that may not be made, and where its tag points.
    pub(super) fn conflict(
        &self,
        repository: Option<i64>,
        moves: &[TagMove],
        to: &Digest,
    ) -> Result<Option<(Tag, Option<Digest>)>, Failure> {
        for step in moves {
            if step.condition == TagCondition::Any {
                continue;
            }
            let current = match repository {
                Some(repository) => self.tagged(repository, &step.tag)?,
                None => None,
            };
            let current = current.map(|(_, digest)| digest);
            if !step.condition.holds(current.as_ref(), Some(to)) {
                return Ok(Some((step.tag.clone(), current)));
            }
        }
        Ok(None)
    }
}

pub(in crate::sqlite) const TAGS: &str = "SELECT tag FROM tags
    WHERE repository = ?1 AND tag > ?2 ORDER BY tag LIMIT ?3";

pub(in crate::sqlite) const TAGS_OF: &str = "SELECT tag FROM tags WHERE manifest = ?1 ORDER BY tag";

impl Transaction<'_> {
    /// Points a tag at the manifest that was stored.
    pub(super) fn tag(
        &mut self,
        command: &PutManifest,
        repository: i64,
        tag: &Tag,
        manifest: i64,
    ) -> Result<(), Failure> {
        let before = self.tagged(repository, tag)?;
        if before.as_ref().is_some_and(|(id, _)| *id == manifest) {
            return Ok(());
        }
        let sql = "INSERT INTO tags (repository, tag, manifest) VALUES (?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET manifest = excluded.manifest";
        self.run(sql, (repository, tag.as_str(), manifest))?;
        self.record(&command.origin, || Event::Tagged {
            repository: command.scope.repository.clone(),
            tag: tag.clone(),
            from: before.map(|(_, digest)| digest),
            to: command.digest.clone(),
        })
    }

    pub(super) fn delete_tag(
        &mut self,
        command: &DeleteTag,
    ) -> Result<Checked<DeleteTagOutcome>, Failure> {
        let Some(place) = self.current(&command.scope)? else {
            return Ok(Checked::Stale);
        };
        let Some(repository) = place.id() else {
            return Ok(Checked::Current(DeleteTagOutcome::Absent));
        };
        let outcome = match self.tagged(repository, &command.tag)? {
            None => DeleteTagOutcome::Absent,
            Some((_, current)) if !command.condition.holds(Some(&current), None) => {
                DeleteTagOutcome::Conflict { current }
            }
            Some((_, digest)) => self.untag(command, repository, digest)?,
        };
        Ok(Checked::Current(outcome))
    }

    fn untag(
        &mut self,
        command: &DeleteTag,
        repository: i64,
        digest: Digest,
    ) -> Result<DeleteTagOutcome, Failure> {
        let (tag, origin) = (&command.tag, &command.origin);
        let sql = "DELETE FROM tags WHERE repository = ?1 AND tag = ?2";
        self.run(sql, (repository, tag.as_str()))?;
        self.record_untagged(&command.scope.repository, tag, &digest, origin)?;
        Ok(DeleteTagOutcome::Deleted { digest })
    }

    pub(super) fn record_untagged(
        &mut self,
        name: &RepositoryName,
        tag: &Tag,
        digest: &Digest,
        origin: &Origin,
    ) -> Result<(), Failure> {
        self.record(origin, || Event::Untagged {
            repository: name.clone(),
            tag: tag.clone(),
            digest: digest.clone(),
        })
    }
}
