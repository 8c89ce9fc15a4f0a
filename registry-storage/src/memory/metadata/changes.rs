//! Changes to be told, and counted pulls.

use std::collections::BTreeMap;

use async_trait::async_trait;
use registry_core::{
    Change, Event, RepositoryName, Tag,
    backend::{Changes, MetadataError, Origin, PullCount, Pulls},
};

use super::{MemoryMetadata, state::State};

/// Changes not acknowledged yet, by id.
#[derive(Debug, Default)]
pub(super) struct ChangeLog {
    last: u64,
    pending: BTreeMap<u64, Change>,
}

impl State {
    /// Notes a change, if somebody wants to be told.
    pub(super) fn record(&mut self, origin: Origin<'_>, event: Event) {
        if !origin.record {
            return;
        }
        self.changes.last += 1;
        let change = Change {
            id: self.changes.last,
            at: self.now,
            actor: origin.actor.map(str::to_owned),
            event,
        };
        self.changes.pending.insert(change.id, change);
    }

    fn add_pulls(&mut self, count: &PullCount) {
        let Some(repository) = self.repositories.get_mut(&count.repository) else {
            return;
        };
        repository.pulls += count.pulls;
        let tag = count.tag.as_ref();
        if let Some(row) = tag.and_then(|tag| repository.tags.get_mut(tag.as_str())) {
            row.pulls += count.pulls;
        }
    }

    fn pulls(&self, name: &RepositoryName, tag: Option<&Tag>) -> u64 {
        let Some(repository) = self.repositories.get(name) else {
            return 0;
        };
        match tag {
            None => repository.pulls,
            Some(tag) => repository.tags.get(tag.as_str()).map_or(0, |row| row.pulls),
        }
    }
}

#[async_trait]
impl Changes for MemoryMetadata {
    async fn pending(&self, limit: usize) -> Result<Vec<Change>, MetadataError> {
        self.run(|state| {
            state
                .changes
                .pending
                .values()
                .take(limit)
                .cloned()
                .collect()
        })
    }

    async fn acknowledge(&self, ids: &[u64]) -> Result<(), MetadataError> {
        self.run(|state| {
            for id in ids {
                state.changes.pending.remove(id);
            }
        })
    }
}

#[async_trait]
impl Pulls for MemoryMetadata {
    async fn add_pulls(&self, counts: &[PullCount]) -> Result<(), MetadataError> {
        self.run(|state| counts.iter().for_each(|count| state.add_pulls(count)))
    }

    async fn pulls(
        &self,
        repository: &RepositoryName,
        tag: Option<&Tag>,
    ) -> Result<u64, MetadataError> {
        self.run(|state| state.pulls(repository, tag))
    }
}
