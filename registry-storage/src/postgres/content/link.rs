//! Links: the blobs of a repository.

use registry_core::{Digest, RepositoryName};

use crate::{
    canonical::is_bare,
    postgres::{error::Failure, transaction::Transaction},
};

impl Transaction<'_> {
    /// Links a content that is kept, and answers whether it was not linked before. What was linked stays
    /// until the end of the transaction.
    pub(super) async fn link(
        &self,
        repository: i64,
        name: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, Failure> {
        let add = "INSERT INTO links (repository, digest, bare, holder) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING";
        let (digest, bare) = (digest.as_str(), is_bare(name));
        let new = [
            repository.into(),
            digest.into(),
            bare.into(),
            name.as_str().into(),
        ];
        let lock = "SELECT pass IS NOT NULL FROM links WHERE repository = $1 AND digest = $2
            FOR NO KEY UPDATE";
        let revive = "UPDATE links SET pass = NULL WHERE repository = $1 AND digest = $2";
        loop {
            if self.run(add, &new).await? > 0 {
                return Ok(true);
            }
            // Where it went meanwhile, it is linked anew.
            let Some(row) = self.one(lock, &[repository.into(), digest.into()]).await? else {
                continue;
            };
            if row.try_get(0)? {
                self.run(revive, &[repository.into(), digest.into()])
                    .await?;
            }
            return Ok(false);
        }
    }
}
