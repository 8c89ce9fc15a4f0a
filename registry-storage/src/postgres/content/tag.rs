//! Tags.

use std::collections::BTreeMap;

use registry_core::{
    Digest, Event, RepositoryName, Tag,
    backend::{DeleteTag, DeleteTagOutcome, Origin, PutManifest, TagMove},
};

use super::{Outcome, done, refused, stale};
use crate::postgres::{error::Failure, listings::Listing, transaction::Transaction, value::text};

pub(super) const TAGS: Listing = Listing {
    sql: "SELECT n.version, r.version, page.tag
        FROM (SELECT 1) one
        LEFT JOIN namespaces n ON n.name = $1
        LEFT JOIN repositories r ON r.name = $2
        LEFT JOIN LATERAL (SELECT tag FROM tags WHERE repository = r.id AND tag > $3
            ORDER BY tag LIMIT $4) page ON true
        ORDER BY page.tag",
    key: "tag",
};

/// Where a tag points.
#[derive(Clone)]
pub(super) struct Pointer {
    manifest: i64,
    digest: Digest,
}

/// Where tags point that are locked; none where a tag is not there.
pub(super) type Pointers<'a> = BTreeMap<&'a str, Option<Pointer>>;

impl Transaction<'_> {
    /// Locks a tag and answers where it points.
    async fn pointer(&self, repository: i64, tag: &str) -> Result<Option<Pointer>, Failure> {
        let lock = "SELECT manifest FROM tags WHERE repository = $1 AND tag = $2 FOR UPDATE";
        let Some(row) = self.one(lock, &[repository.into(), tag.into()]).await? else {
            return Ok(None);
        };
        let manifest: i64 = row.try_get(0)?;
        let sql = "SELECT digest FROM manifests WHERE id = $1";
        let row = self.one(sql, &[manifest.into()]).await?;
        let row = row.ok_or_else(|| Failure::Unreadable(format!("{tag} points nowhere")))?;
        let digest = text(&row, 0)?;
        Ok(Some(Pointer { manifest, digest }))
    }

    /// Locks tags in the order of their names.
    pub(super) async fn pointers<'a>(
        &self,
        repository: i64,
        moves: &'a [TagMove],
    ) -> Result<Pointers<'a>, Failure> {
        let mut pointers: Pointers<'a> =
            moves.iter().map(|step| (step.tag.as_str(), None)).collect();
        for (tag, pointer) in &mut pointers {
            *pointer = self.pointer(repository, tag).await?;
        }
        Ok(pointers)
    }

    /// Points a tag at the manifest that was stored. False where another has made the tag meanwhile.
    pub(super) async fn tag(
        &self,
        command: &PutManifest<'_>,
        repository: i64,
        (tag, before): (&Tag, Option<&Pointer>),
        manifest: i64,
    ) -> Result<bool, Failure> {
        if before.is_some_and(|before| before.manifest == manifest) {
            return Ok(true);
        }
        let sql = match before {
            None => {
                "INSERT INTO tags (repository, tag, manifest) VALUES ($1, $2, $3)
                ON CONFLICT DO NOTHING"
            }
            Some(_) => "UPDATE tags SET manifest = $3 WHERE repository = $1 AND tag = $2",
        };
        let params = [repository.into(), tag.as_str().into(), manifest.into()];
        if self.run(sql, &params).await? == 0 {
            return Ok(false);
        }
        let tagged = || Event::Tagged {
            repository: command.scope.repository.clone(),
            tag: tag.clone(),
            from: before.map(|before| before.digest.clone()),
            to: command.digest.clone(),
        };
        self.record(command.origin, tagged).await?;
        Ok(true)
    }

    pub(super) async fn delete_tag(&self, command: &DeleteTag<'_>) -> Outcome<DeleteTagOutcome> {
        let Some(place) = self.current(command.scope).await? else {
            return Ok(stale());
        };
        let Some(repository) = place.id() else {
            return Ok(refused(DeleteTagOutcome::Absent));
        };
        let (tag, condition) = (command.tag, &command.condition);
        let Some(Pointer { digest, .. }) = self.pointer(repository, tag.as_str()).await? else {
            return Ok(refused(DeleteTagOutcome::Absent));
        };
        if !condition.holds(Some(&digest), None) {
            return Ok(refused(DeleteTagOutcome::Conflict { current: digest }));
        }
        let sql = "DELETE FROM tags WHERE repository = $1 AND tag = $2";
        self.run(sql, &[repository.into(), tag.as_str().into()])
            .await?;
        self.untagged(
            repository,
            command.scope.repository,
            tag,
            &digest,
            command.origin,
        )
        .await?;
        Ok(done(DeleteTagOutcome::Deleted { digest }))
    }

    /// What ends with a tag.
    pub(super) async fn untagged(
        &self,
        repository: i64,
        name: &RepositoryName,
        tag: &Tag,
        digest: &Digest,
        origin: Origin<'_>,
    ) -> Result<(), Failure> {
        self.forget_pulls(repository, tag).await?;
        let untagged = || Event::Untagged {
            repository: name.clone(),
            tag: tag.clone(),
            digest: digest.clone(),
        };
        self.record(origin, untagged).await
    }
}

/// The first of these moves that may not be made, and where its tag points.
pub(super) fn conflict(
    moves: &[TagMove],
    pointers: &Pointers<'_>,
    to: &Digest,
) -> Option<(Tag, Option<Digest>)> {
    moves.iter().find_map(|step| {
        let pointer = pointers.get(step.tag.as_str()).and_then(Option::as_ref);
        let current = pointer.map(|pointer| &pointer.digest);
        let stands = step.condition.holds(current, Some(to));
        (!stands).then(|| (step.tag.clone(), current.cloned()))
    })
}
