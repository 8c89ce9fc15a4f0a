//! Collection: what is dead, and what is done about it.

use std::time::Duration;

use async_trait::async_trait;
use registry_core::{
    Digest, Event, RepositoryName,
    backend::{
        Collection, Condemned, Doomed, MetadataError, ObjectKey, Origin, ReferenceTarget, Removed,
        UnknownObject,
    },
};

use super::{
    MemoryMetadata,
    rows::{RowName, Rows},
    state::{Repository, State},
};

impl State {
    fn condemn(&mut self, limit: usize) -> Condemned {
        let (rows, more) = self.rows.walk(limit);
        let mut condemned = Condemned {
            more,
            ..Condemned::default()
        };
        for row in rows {
            if self.is_dead(&row) && self.with_row(&row, Rows::condemn) == Some(true) {
                *count(&mut condemned, &row) += 1;
            }
        }
        condemned
    }

    /// Whether nothing keeps a row.
    fn is_dead(&self, row: &RowName) -> bool {
        match row {
            RowName::Blob(name, digest) => {
                let repository = self.repositories.get(name);
                repository.is_some_and(|repository| {
                    !repository.references.any(ReferenceTarget::Blob, digest)
                })
            }
            RowName::Manifest(name, digest) => self.is_dead_manifest(name, digest),
            RowName::Content(digest) => {
                let content = self.contents.get(digest);
                content.is_some_and(|content| content.links.is_empty())
            }
        }
    }

    fn is_dead_manifest(&self, name: &RepositoryName, digest: &Digest) -> bool {
        let Some(repository) = self.repositories.get(name) else {
            return false;
        };
        let namespace = self.namespaces.get(&repository.namespace);
        let collects = namespace.is_some_and(|row| row.settings.collect_untagged);
        collects && !repository.keeps(digest)
    }

    fn remove(&mut self, grace: Duration, limit: usize, origin: Origin<'_>) -> Removed {
        let mut removed = Removed::default();
        for row in self.rows.removable(self.now, grace, limit) {
            if self.is_dead(&row) {
                self.remove_row(row, &mut removed, origin);
            } else {
                self.with_row(&row, Rows::revive);
            }
        }
        removed.more = !self.rows.removable(self.now, grace, 1).is_empty();
        removed
    }

    fn remove_row(&mut self, row: RowName, removed: &mut Removed, origin: Origin<'_>) {
        match row {
            RowName::Blob(name, digest) => {
                self.drop_link(&name, &digest);
                removed.blobs += 1;
            }
            RowName::Manifest(repository, digest) => {
                self.drop_manifest(&repository, &digest);
                self.record(origin, Event::ManifestDeleted { repository, digest });
                removed.manifests += 1;
            }
            RowName::Content(digest) => {
                removed.bytes += self.drop_content(&digest);
                removed.contents += 1;
            }
        }
    }
}

impl Repository {
    /// Whether a manifest has a tag, or another here that refers to it, or its subject here.
    fn keeps(&self, digest: &Digest) -> bool {
        let Some(manifest) = self.manifests.get(digest) else {
            return false;
        };
        let subject = manifest.subject.as_ref();
        !manifest.tags.is_empty()
            || self.references.any(ReferenceTarget::Manifest, digest)
            || subject.is_some_and(|subject| self.manifests.contains_key(subject))
    }
}

fn count<'a>(condemned: &'a mut Condemned, row: &RowName) -> &'a mut u64 {
    match row {
        RowName::Blob(..) => &mut condemned.blobs,
        RowName::Manifest(..) => &mut condemned.manifests,
        RowName::Content(_) => &mut condemned.contents,
    }
}

#[async_trait]
impl Collection for MemoryMetadata {
    async fn condemn(&self, limit: usize) -> Result<Condemned, MetadataError> {
        self.run(|state| state.condemn(limit))
    }

    async fn seal(&self) -> Result<(), MetadataError> {
        self.run(|state| state.rows.seal(state.now))
    }

    async fn remove(
        &self,
        grace: Duration,
        limit: usize,
        origin: Origin<'_>,
    ) -> Result<Removed, MetadataError> {
        self.run(|state| state.remove(grace, limit, origin))
    }

    async fn doomed(&self, limit: usize) -> Result<Vec<Doomed>, MetadataError> {
        self.run(|state| state.objects.doomed(limit))
    }

    async fn forget_doomed(&self, keys: &[ObjectKey]) -> Result<(), MetadataError> {
        self.run(|state| {
            keys.iter().for_each(|key| state.objects.forget_doomed(key));
        })
    }

    async fn unknown(&self, keys: &[ObjectKey]) -> Result<Vec<UnknownObject>, MetadataError> {
        self.run(|state| {
            let keys = keys.iter();
            keys.filter_map(|key| state.objects.look_up(key, state.now))
                .collect()
        })
    }

    async fn doom(&self, keys: &[ObjectKey], grace: Duration) -> Result<u64, MetadataError> {
        self.run(|state| {
            let doom = |key| state.objects.doom_unknown(key, state.now, grace);
            keys.iter().map(doom).filter(|doomed| *doomed).count() as u64
        })
    }

    async fn forget_unknown(&self, but: &[ObjectKey]) -> Result<(), MetadataError> {
        self.run(|state| state.objects.forget_unknown(but))
    }

    async fn hold_orphans(&self, held: bool) -> Result<(), MetadataError> {
        self.run(|state| state.objects.held = held)
    }

    async fn orphans_held(&self) -> Result<bool, MetadataError> {
        self.run(|state| state.objects.held)
    }
}
