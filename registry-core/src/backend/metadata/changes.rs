//! Changes to be told, and pulls to be counted.

use async_trait::async_trait;

use super::access::MetadataError;
use crate::{change::Change, name::RepositoryName, tag::Tag};

/// Changes waiting to be told.
///
/// 1. *In the transaction.* A change is pending from the commit of what it tells, and never otherwise.
/// 2. *Ordered.* `pending` gives, for every tag and every digest of a repository, changes in the order in
///    which they committed.
/// 3. *Until acknowledged.* A change stays pending until its id was acknowledged, across restarts.
#[async_trait]
pub trait Changes: Send + Sync {
    /// The oldest changes not acknowledged, at most `limit`.
    async fn pending(&self, limit: usize) -> Result<Vec<Change>, MetadataError>;

    /// These have been told.
    async fn acknowledge(&self, ids: &[u64]) -> Result<(), MetadataError>;
}

/// Pulls of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullCount {
    /// Where.
    pub repository: RepositoryName,
    /// By which tag; none for a pull by digest.
    pub tag: Option<Tag>,
    /// How many.
    pub pulls: u64,
}

/// Counters of pulls.
///
/// 1. *Added up.* Counts of several processes add up; a repository's count is the sum of all of its pulls.
/// 2. *Only what is.* Counts for a repository that does not exist are dropped; a tag's count ends with it.
#[async_trait]
pub trait Pulls: Send + Sync {
    /// Adds to the counters.
    async fn add_pulls(&self, counts: &[PullCount]) -> Result<(), MetadataError>;

    /// The pulls of a tag, or of a whole repository.
    async fn pulls(
        &self,
        repository: &RepositoryName,
        tag: Option<&Tag>,
    ) -> Result<u64, MetadataError>;
}
