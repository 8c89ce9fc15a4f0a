//! Counted pulls.
//!
//! Counts are appended, so that nobody waits for anybody to add one, and folded once there are some: by
//! whoever adds, skipping what another is folding. A tag's count belongs to the tag's id, which no later
//! tag of its name has; so a count that comes late is nobody's but the repository's.

use async_trait::async_trait;
use registry_core::{
    RepositoryName, Tag,
    backend::{MetadataError, PullCount, Pulls},
};

use super::{
    PostgresMetadata,
    error::Failure,
    transaction::{End, Transaction},
    value::bits,
};

/// So many rows are let be, and so many are folded at once.
const FEW: i64 = 100;
const FOLDED_AT_ONCE: i64 = 1000;

/// A count by no tag has the empty text, which is none.
const APPEND: &str = "INSERT INTO appended_pulls (repository, tag, tag_id, pulls)
    SELECT r.id, t.tag, t.id, given.pulls
    FROM unnest($1, $2, $3) AS given (name, tag, pulls)
    JOIN repositories r ON r.name = given.name
    LEFT JOIN tags t ON t.repository = r.id AND t.tag = given.tag";

const FOLD: &str = "WITH taken AS (
        DELETE FROM appended_pulls WHERE id IN (
            SELECT id FROM appended_pulls ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING repository, tag, tag_id, pulls),
    counted AS (
        SELECT repository, '' AS tag, 0 AS tag_id, sum(pulls) AS pulls FROM taken
        GROUP BY repository
        UNION ALL SELECT k.repository, k.tag, k.tag_id, sum(k.pulls) FROM taken k
        WHERE k.tag_id = (SELECT t.id FROM tags t
            WHERE t.repository = k.repository AND t.tag = k.tag)
        GROUP BY k.repository, k.tag, k.tag_id),
    folded AS (
        INSERT INTO pulls (repository, tag, tag_id, pulls)
        SELECT repository, tag, tag_id, pulls FROM counted ORDER BY repository, tag, tag_id
        ON CONFLICT (repository, tag, tag_id) DO UPDATE SET pulls = pulls.pulls + excluded.pulls)
    SELECT count(*) FROM taken";

const WAITING: &str = "SELECT count(*) FROM (SELECT 1 FROM appended_pulls LIMIT $1) AS few";

const OF_REPOSITORY: &str = "SELECT (
        coalesce((SELECT pulls FROM pulls WHERE repository = r.id AND tag = ''), 0)
        + coalesce((SELECT sum(pulls) FROM appended_pulls WHERE repository = r.id), 0))::bigint
    FROM repositories r WHERE r.name = $1";

const OF_TAG: &str = "SELECT (
        coalesce((SELECT pulls FROM pulls
            WHERE repository = r.id AND tag = t.tag AND tag_id = t.id), 0)
        + coalesce((SELECT sum(pulls) FROM appended_pulls
            WHERE repository = r.id AND tag_id = t.id), 0))::bigint
    FROM repositories r JOIN tags t ON t.repository = r.id AND t.tag = $2 WHERE r.name = $1";

impl Transaction<'_> {
    /// Drops the counts of a tag that is deleted; the repository's stay.
    pub(super) async fn forget_pulls(&self, repository: i64, tag: &Tag) -> Result<(), Failure> {
        let sql = "DELETE FROM pulls WHERE repository = $1 AND tag = $2";
        self.run(sql, &[repository.into(), tag.as_str().into()])
            .await?;
        Ok(())
    }

    /// Folds the oldest, and answers how many.
    async fn fold(&self) -> Result<End<i64>, Failure> {
        let row = self.one(FOLD, &[FOLDED_AT_ONCE.into()]).await?;
        let folded = row.map_or(Ok(0), |row| row.try_get(0))?;
        Ok(End::Commit(folded))
    }
}

impl PostgresMetadata {
    async fn fold_pulls(&self) -> Result<(), MetadataError> {
        let row = self.one(WAITING, &[FEW.into()]).await?;
        let mut waiting = row
            .map_or(Ok(0), |row| row.try_get(0))
            .map_err(Failure::from)?
            >= FEW;
        while waiting {
            let folded = self.transact(|transaction| Box::pin(transaction.fold()));
            waiting = folded.await? >= FOLDED_AT_ONCE;
        }
        Ok(())
    }
}

#[async_trait]
impl Pulls for PostgresMetadata {
    async fn add_pulls(&self, counts: &[PullCount]) -> Result<(), MetadataError> {
        let names = counts.iter().map(|count| count.repository.as_str());
        let tags = counts
            .iter()
            .map(|count| count.tag.as_ref().map_or("", Tag::as_str));
        let pulls = counts.iter().map(|count| count.pulls.cast_signed());
        let params = [
            names.collect::<Vec<_>>().into(),
            tags.collect::<Vec<_>>().into(),
            pulls.collect::<Vec<_>>().into(),
        ];
        self.write(APPEND, &params).await?;
        // They are added already. Whoever adds the next will fold them as well.
        if self.fold_pulls().await.is_err() {
            self.noted.fold_failed();
        }
        Ok(())
    }

    async fn pulls(
        &self,
        repository: &RepositoryName,
        tag: Option<&Tag>,
    ) -> Result<u64, MetadataError> {
        let name = repository.as_str().into();
        let row = match tag {
            None => self.one(OF_REPOSITORY, &[name]).await?,
            Some(tag) => self.one(OF_TAG, &[name, tag.as_str().into()]).await?,
        };
        Ok(row.map_or(Ok(0), |row| bits(&row, 0))?)
    }
}
