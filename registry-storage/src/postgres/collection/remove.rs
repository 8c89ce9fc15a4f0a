//! Removing: rows are locked by their marks first, skipping what others have locked; what of them is dead is
//! asked in a second statement, and what is not loses its mark.

use registry_core::{
    Event,
    backend::{Origin, Removed},
};

use super::{Keys, dead_content, dead_link, dead_manifest};
use crate::postgres::{
    error::Failure,
    transaction::{End, Transaction},
    value::{bits, limit, text},
};

const MARKED_MANIFESTS: &str = "SELECT id FROM manifests WHERE pass <= $1
    ORDER BY pass, repository, digest LIMIT $2 FOR UPDATE SKIP LOCKED";

const MARKED_LINKS: &str = "SELECT repository, digest FROM links WHERE pass <= $1
    ORDER BY pass, repository, digest LIMIT $2 FOR UPDATE SKIP LOCKED";

const MARKED_CONTENTS: &str = "SELECT digest FROM contents WHERE pass <= $1
    ORDER BY pass, digest LIMIT $2 FOR UPDATE SKIP LOCKED";

const ANY_MARKED: &str = "SELECT 1 WHERE coalesce(
    (SELECT pass FROM manifests WHERE pass <= $1 ORDER BY pass LIMIT 1),
    (SELECT pass FROM links WHERE pass <= $1 ORDER BY pass LIMIT 1),
    (SELECT pass FROM contents WHERE pass <= $1 ORDER BY pass LIMIT 1)) IS NOT NULL";

const REMOVE_MANIFESTS: &str = concat!(
    "DELETE FROM manifests m USING unnest($1) AS marked (id), repositories r, namespaces n
    WHERE m.id = marked.id AND m.pass <= $2 AND r.id = m.repository AND n.name = r.namespace AND ",
    dead_manifest!(),
    " RETURNING m.id, r.name, m.digest"
);

const REMOVE_LINKS: &str = concat!(
    "DELETE FROM links l USING unnest($1, $2) AS marked (repository, digest)
    WHERE l.repository = marked.repository AND l.digest = marked.digest AND l.pass <= $3 AND ",
    dead_link!()
);

/// An object that is kept aside stays so.
const REMOVE_CONTENTS: &str = concat!(
    "DELETE FROM contents c USING unnest($1) AS marked (digest)
    WHERE c.digest = marked.digest AND c.pass <= $2 AND ",
    dead_content!(),
    " RETURNING c.size, CASE WHEN NOT c.quarantined THEN c.object END"
);

const ACQUIT_MANIFESTS: &str = "UPDATE manifests SET pass = NULL WHERE id = ANY ($1)";

const ACQUIT_LINKS: &str = "UPDATE links l SET pass = NULL
    FROM unnest($1, $2) AS marked (repository, digest)
    WHERE l.repository = marked.repository AND l.digest = marked.digest";

const ACQUIT_CONTENTS: &str = "UPDATE contents SET pass = NULL WHERE digest = ANY ($1)";

impl Transaction<'_> {
    /// Removes what the passes up to `ripe` have marked and what is dead still.
    pub(super) async fn remove(
        &self,
        ripe: i64,
        most: usize,
        origin: Origin<'_>,
    ) -> Result<End<Removed>, Failure> {
        let mut removed = Removed::default();
        let mut left = most;
        left -= self
            .remove_manifests(ripe, left, &mut removed, origin)
            .await?;
        left -= self.remove_links(ripe, left, &mut removed).await?;
        left -= self.remove_contents(ripe, left, &mut removed).await?;
        // Where not so many were found, whatever is left was locked, and is for another time.
        removed.more = left == 0 && self.any(ANY_MARKED, &[ripe.into()]).await?;
        Ok(End::Commit(removed))
    }

    /// Looks at so many, and answers how many those were.
    async fn remove_manifests(
        &self,
        ripe: i64,
        most: usize,
        removed: &mut Removed,
        origin: Origin<'_>,
    ) -> Result<usize, Failure> {
        let params = [ripe.into(), limit(most).into()];
        let marked = self.rows(MARKED_MANIFESTS, &params).await?;
        let marked: Result<Vec<i64>, _> = marked.iter().map(|row| row.try_get(0)).collect();
        let marked = marked?;
        if marked.is_empty() {
            return Ok(0);
        }
        let params = [marked.clone().into(), ripe.into()];
        let dead = self.rows(REMOVE_MANIFESTS, &params).await?;
        let (mut ids, mut deleted) = (Vec::<i64>::new(), Vec::new());
        for row in &dead {
            ids.push(row.try_get(0)?);
            deleted.push(Event::ManifestDeleted {
                repository: text(row, 1)?,
                digest: text(row, 2)?,
            });
        }
        let looked_at = marked.len();
        removed.manifests += ids.len() as u64;
        if ids.len() < looked_at {
            self.run(ACQUIT_MANIFESTS, &[marked.into()]).await?;
        }
        if !ids.is_empty() {
            let sql = "DELETE FROM manifest_references WHERE manifest = ANY ($1)";
            self.run(sql, &[ids.into()]).await?;
            self.record_all(origin, &deleted).await?;
        }
        Ok(looked_at)
    }

    async fn remove_links(
        &self,
        ripe: i64,
        most: usize,
        removed: &mut Removed,
    ) -> Result<usize, Failure> {
        let params = [ripe.into(), limit(most).into()];
        let marked = Keys::read(&self.rows(MARKED_LINKS, &params).await?)?;
        if marked.len() == 0 {
            return Ok(0);
        }
        let keys = || (marked.repositories.clone(), marked.digests());
        let (repositories, digests) = keys();
        let params = [repositories.into(), digests.into(), ripe.into()];
        let dead = self.run(REMOVE_LINKS, &params).await?;
        removed.blobs += dead;
        if dead < marked.len() as u64 {
            let (repositories, digests) = keys();
            self.run(ACQUIT_LINKS, &[repositories.into(), digests.into()])
                .await?;
        }
        Ok(marked.len())
    }

    async fn remove_contents(
        &self,
        ripe: i64,
        most: usize,
        removed: &mut Removed,
    ) -> Result<usize, Failure> {
        let params = [ripe.into(), limit(most).into()];
        let rows = self.rows(MARKED_CONTENTS, &params).await?;
        let marked: Result<Vec<&str>, _> = rows.iter().map(|row| row.try_get(0)).collect();
        let marked = marked?;
        if marked.is_empty() {
            return Ok(0);
        }
        let params = [marked.clone().into(), ripe.into()];
        let dead = self.rows(REMOVE_CONTENTS, &params).await?;
        let mut objects = Vec::new();
        for row in &dead {
            removed.contents += 1;
            removed.bytes += bits(row, 0)?;
            objects.extend(row.try_get::<_, Option<&str>>(1)?);
        }
        self.give_up(&objects).await?;
        if dead.len() < marked.len() {
            self.run(ACQUIT_CONTENTS, &[marked.clone().into()]).await?;
        }
        Ok(marked.len())
    }
}
