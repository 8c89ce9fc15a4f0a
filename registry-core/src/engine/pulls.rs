//! Counting pulls: in memory, folded into the metadata in batches.

use std::collections::HashMap;

use super::{Inner, Registry, Result};
use crate::{
    backend::PullCount,
    name::RepositoryName,
    sync::{Mutex, MutexGuard, PoisonError},
    tag::Tag,
};

type Key = (RepositoryName, Option<Tag>);

/// Pulls not folded yet.
#[derive(Default)]
pub(super) struct PullCounter {
    counts: Mutex<HashMap<Key, u64>>,
}

/// So many different things may be counted before they are folded unasked.
const FOLD_AT: usize = 4096;

impl PullCounter {
    /// Counts one; true where it is time to fold.
    fn count(&self, key: Key) -> bool {
        let mut counts = self.lock();
        *counts.entry(key).or_default() += 1;
        counts.len() >= FOLD_AT
    }

    fn take(&self) -> Vec<PullCount> {
        let counts = std::mem::take(&mut *self.lock());
        let count = |((repository, tag), pulls)| PullCount {
            repository,
            tag,
            pulls,
        };
        counts.into_iter().map(count).collect()
    }

    fn give_back(&self, counts: Vec<PullCount>) {
        let mut kept = self.lock();
        for count in counts {
            *kept.entry((count.repository, count.tag)).or_default() += count.pulls;
        }
    }

    fn pending(&self, repository: &RepositoryName, tag: Option<&Tag>) -> u64 {
        let counts = self.lock();
        match tag {
            Some(tag) => counts
                .get(&(repository.clone(), Some(tag.clone())))
                .copied()
                .unwrap_or(0),
            None => counts
                .iter()
                .filter(|((name, _), _)| name == repository)
                .map(|(_, n)| n)
                .sum(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    /// Folds the pulls counted in this process into the metadata. To be called now and then, and
    /// before a stop; where it fails the counts are kept.
    ///
    /// # Errors
    /// When the metadata backend does not answer.
    pub async fn flush_pulls(&self) -> Result<()> {
        self.inner.fold_pulls().await
    }
}

impl Inner {
    pub(super) fn count_pull(
        self: &std::sync::Arc<Self>,
        name: &RepositoryName,
        tag: Option<&Tag>,
    ) {
        if self.pulls.count((name.clone(), tag.cloned())) {
            let inner = std::sync::Arc::clone(self);
            // What could not be folded was kept, and is tried again with the next.
            self.spawner
                .spawn(Box::pin(async move { drop(inner.fold_pulls().await) }));
        }
    }

    pub(super) async fn pulls(&self, name: &RepositoryName, tag: Option<&Tag>) -> Result<u64> {
        Ok(self.metadata.pulls(name, tag).await? + self.pulls.pending(name, tag))
    }

    async fn fold_pulls(&self) -> Result<()> {
        let counts = self.pulls.take();
        if counts.is_empty() {
            return Ok(());
        }
        let folded = self.metadata.add_pulls(&counts).await;
        if let Err(error) = &folded
            && error.kind != crate::backend::MetadataErrorKind::Unknown
        {
            self.pulls.give_back(counts);
        }
        Ok(folded?)
    }
}
