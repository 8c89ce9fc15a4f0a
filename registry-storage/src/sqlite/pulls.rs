//! Counted pulls.

use async_trait::async_trait;
use registry_core::{
    RepositoryName, Tag,
    backend::{MetadataError, PullCount, Pulls},
};

use super::{SqliteMetadata, error::Failure, transaction::Transaction, value::Bits, view::View};

impl Transaction<'_> {
    fn add_pulls(&self, count: &PullCount) -> Result<(), Failure> {
        let Some(id) = self.repository_id(&count.repository)? else {
            return Ok(());
        };
        let sql = "UPDATE repositories SET pulls = pulls + ?2 WHERE id = ?1";
        self.run(sql, (id, Bits(count.pulls)))?;
        if let Some(tag) = &count.tag {
            let sql = "UPDATE tags SET pulls = pulls + ?3 WHERE repository = ?1 AND tag = ?2";
            self.run(sql, (id, tag.as_str(), Bits(count.pulls)))?;
        }
        Ok(())
    }
}

impl View<'_> {
    fn pulls(&self, name: &RepositoryName, tag: Option<&Tag>) -> Result<u64, Failure> {
        let pulls = match tag {
            None => {
                let sql = "SELECT pulls FROM repositories WHERE name = ?1";
                self.one(sql, [name.as_str()], |row| row.get(0))?
            }
            Some(tag) => {
                let sql = "SELECT t.pulls FROM repositories r
                    JOIN tags t ON t.repository = r.id AND t.tag = ?2
                    WHERE r.name = ?1";
                self.one(sql, (name.as_str(), tag.as_str()), |row| row.get(0))?
            }
        };
        Ok(pulls.map_or(0, |Bits(pulls)| pulls))
    }
}

#[async_trait]
impl Pulls for SqliteMetadata {
    async fn add_pulls(&self, counts: &[PullCount]) -> Result<(), MetadataError> {
        let counts = counts.to_vec();
        self.write(move |transaction| {
            counts
                .iter()
                .try_for_each(|count| transaction.add_pulls(count))
        })
        .await
    }

    async fn pulls(
        &self,
        repository: &RepositoryName,
        tag: Option<&Tag>,
    ) -> Result<u64, MetadataError> {
        self.read(|view| view.pulls(repository, tag))
    }
}
