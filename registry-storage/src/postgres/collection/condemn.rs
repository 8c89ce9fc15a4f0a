//! Condemning: a walk along the keys of links, manifests and contents, which goes on where it stopped.

use registry_core::backend::Condemned;

use super::{Keys, STEP, dead_content, dead_link, dead_manifest};
use crate::postgres::{
    error::Failure,
    transaction::{End, Transaction},
    value::limit,
};

/// How far the current pass has come.
struct Walk {
    pass: i64,
    kind: i16,
    repository: i64,
    digest: String,
}

/// The kinds of row, in the order of the walk.
const LINKS: i16 = 0;
const MANIFESTS: i16 = 1;
const END: i16 = 3;

/// It holds the pass to the end of the transaction, from before the snapshot that marks.
const WALK: &str = "UPDATE collector SET pass = pass
    RETURNING pass, walk_kind, walk_repository, walk_digest";

const KEEP_WALK: &str =
    "UPDATE collector SET walk_kind = $1, walk_repository = $2, walk_digest = $3";

const NEXT_LINKS: &str = "SELECT repository, digest FROM links
    WHERE (repository, digest) > ($1, $2) ORDER BY repository, digest LIMIT $3";

const NEXT_MANIFESTS: &str = "SELECT repository, digest FROM manifests
    WHERE (repository, digest) > ($1, $2) ORDER BY repository, digest LIMIT $3";

const NEXT_CONTENTS: &str = "SELECT $1, digest FROM contents
    WHERE digest > $2 ORDER BY digest LIMIT $3";

const CONDEMN_LINKS: &str = concat!(
    "WITH dead AS MATERIALIZED (
        SELECT l.repository, l.digest FROM unnest($1, $2) AS seen (repository, digest)
        JOIN links l ON l.repository = seen.repository AND l.digest = seen.digest
        WHERE l.pass IS NULL AND ",
    dead_link!(),
    " ORDER BY l.repository, l.digest FOR NO KEY UPDATE OF l SKIP LOCKED)
    UPDATE links l SET pass = $3 FROM dead
        WHERE l.repository = dead.repository AND l.digest = dead.digest AND l.pass IS NULL"
);

const CONDEMN_MANIFESTS: &str = concat!(
    "WITH dead AS MATERIALIZED (
        SELECT m.id FROM unnest($1, $2) AS seen (repository, digest)
        JOIN manifests m ON m.repository = seen.repository AND m.digest = seen.digest
        JOIN repositories r ON r.id = m.repository
        JOIN namespaces n ON n.name = r.namespace
        WHERE m.pass IS NULL AND ",
    dead_manifest!(),
    " ORDER BY m.repository, m.digest FOR NO KEY UPDATE OF m SKIP LOCKED)
    UPDATE manifests m SET pass = $3 FROM dead WHERE m.id = dead.id AND m.pass IS NULL"
);

const CONDEMN_CONTENTS: &str = concat!(
    "WITH dead AS MATERIALIZED (
        SELECT c.digest FROM unnest($1, $2) AS seen (repository, digest)
        JOIN contents c ON c.digest = seen.digest
        WHERE c.pass IS NULL AND ",
    dead_content!(),
    " ORDER BY c.digest FOR NO KEY UPDATE OF c SKIP LOCKED)
    UPDATE contents c SET pass = $3 FROM dead WHERE c.digest = dead.digest AND c.pass IS NULL"
);

impl Transaction<'_> {
    pub(super) async fn condemn(&self, most: usize) -> Result<End<Condemned>, Failure> {
        let mut walk = self.walk().await?;
        let mut condemned = Condemned::default();
        let mut left = most.min(STEP);
        while walk.kind != END {
            let mut keys = self.ahead(&walk, left + 1).await?;
            condemned.more = keys.len() > left;
            keys.truncate(left);
            left -= keys.len();
            self.condemn_dead(&walk, &keys, &mut condemned).await?;
            if condemned.more {
                walk.pass_by(&keys);
                break;
            }
            walk.go_on();
        }
        self.keep_walk(&walk).await?;
        Ok(End::Commit(condemned))
    }

    async fn walk(&self) -> Result<Walk, Failure> {
        let row = self.one(WALK, &[]).await?;
        let row = row.ok_or_else(|| Failure::Unreadable("no row of the collector".to_owned()))?;
        Ok(Walk {
            pass: row.try_get(0)?,
            kind: row.try_get(1)?,
            repository: row.try_get(2)?,
            digest: row.try_get(3)?,
        })
    }

    /// The next rows of a walk that are of its kind.
    async fn ahead(&self, walk: &Walk, most: usize) -> Result<Keys, Failure> {
        let sql = match walk.kind {
            LINKS => NEXT_LINKS,
            MANIFESTS => NEXT_MANIFESTS,
            _ => NEXT_CONTENTS,
        };
        let params = [
            walk.repository.into(),
            walk.digest.as_str().into(),
            limit(most).into(),
        ];
        Keys::read(&self.rows(sql, &params).await?)
    }

    async fn condemn_dead(
        &self,
        walk: &Walk,
        keys: &Keys,
        condemned: &mut Condemned,
    ) -> Result<(), Failure> {
        if keys.len() == 0 {
            return Ok(());
        }
        let (sql, count) = match walk.kind {
            LINKS => (CONDEMN_LINKS, &mut condemned.blobs),
            MANIFESTS => (CONDEMN_MANIFESTS, &mut condemned.manifests),
            _ => (CONDEMN_CONTENTS, &mut condemned.contents),
        };
        let params = [
            keys.repositories.clone().into(),
            keys.digests().into(),
            walk.pass.into(),
        ];
        *count += self.run(sql, &params).await?;
        Ok(())
    }

    /// Remembers how far the pass has come; at its end it begins again.
    async fn keep_walk(&self, walk: &Walk) -> Result<(), Failure> {
        let params = [
            (walk.kind % END).into(),
            walk.repository.into(),
            walk.digest.as_str().into(),
        ];
        self.run(KEEP_WALK, &params).await?;
        Ok(())
    }
}

impl Walk {
    /// Stops behind the last row that was looked at.
    fn pass_by(&mut self, keys: &Keys) {
        if let (Some(repository), Some(digest)) = (keys.repositories.last(), keys.digests.last()) {
            self.repository = *repository;
            digest.clone_into(&mut self.digest);
        }
    }

    /// Goes on to the next kind of row.
    fn go_on(&mut self) {
        self.kind += 1;
        self.repository = 0;
        self.digest.clear();
    }
}
