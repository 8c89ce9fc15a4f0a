//! What is walked along to see whether all is well.

use std::{ops::Bound, time::Duration};

use async_trait::async_trait;
use registry_core::{
    Digest, RepositoryName,
    backend::{
        Inspection, KeptContent, KeptManifest, MetadataError, ObjectKey, Quarantined, ReferenceRow,
        ReferenceTarget, Totals,
    },
};

use super::{
    MemoryMetadata,
    state::{Repository, State},
};

impl State {
    fn kept_contents(&self, after: Option<&Digest>, limit: usize) -> Vec<KeptContent> {
        let behind = |digest: &&Digest| after.is_none_or(|after| *digest > after);
        let mut digests: Vec<_> = self.contents.keys().filter(behind).collect();
        digests.sort_unstable();
        let kept = digests.into_iter().take(limit).filter_map(|digest| {
            let content = self.contents.get(digest)?;
            Some(KeptContent {
                digest: digest.clone(),
                size: content.size,
                content: content.content.clone(),
                quarantined: content.quarantined,
            })
        });
        kept.collect()
    }

    fn kept_manifests(
        &self,
        after: Option<(&RepositoryName, &Digest)>,
        limit: usize,
    ) -> Vec<KeptManifest> {
        let all = self.repositories.iter().flat_map(|(name, repository)| {
            let digests = repository.manifests.keys();
            digests.map(move |digest| (name.as_str(), digest, name, repository))
        });
        let after = after.map(|(name, digest)| (name.as_str(), digest));
        let mut behind: Vec<_> = all
            .filter(|(name, digest, ..)| after.is_none_or(|after| (*name, *digest) > after))
            .collect();
        behind.sort_unstable_by_key(|(name, digest, ..)| (*name, *digest));
        let kept = behind.into_iter().take(limit);
        kept.filter_map(|(_, digest, name, repository)| self.kept(name, repository, digest))
            .collect()
    }

    fn kept(
        &self,
        name: &RepositoryName,
        repository: &Repository,
        digest: &Digest,
    ) -> Option<KeptManifest> {
        let manifest = repository.manifests.get(digest)?;
        let missing = manifest
            .references()
            .iter()
            .filter(|row| row.required && !self.has(repository, row));
        Some(KeptManifest {
            repository: name.clone(),
            digest: digest.clone(),
            bytes: manifest.bytes().clone(),
            missing: missing.map(|row| row.digest.clone()).collect(),
        })
    }

    fn has(&self, repository: &Repository, row: &ReferenceRow) -> bool {
        match row.target {
            ReferenceTarget::Blob => {
                repository.blobs.contains_key(&row.digest) && self.sound(&row.digest).is_some()
            }
            ReferenceTarget::Manifest => repository.manifests.contains_key(&row.digest),
        }
    }

    fn quarantined(&self, after: Option<&ObjectKey>, limit: usize) -> Vec<Quarantined> {
        let behind = (
            after.map_or(Bound::Unbounded, Bound::Excluded),
            Bound::Unbounded,
        );
        let aside = self.objects.aside().range::<ObjectKey, _>(behind);
        let aside = aside.take(limit).map(|(key, aside)| Quarantined {
            object: key.clone(),
            digest: aside.digest.clone(),
            size: aside.size,
            age: self.now.since(aside.since),
            replaced: !self.stands_for(key, &aside.digest),
        });
        aside.collect()
    }

    /// Whether an object kept aside is still all there is of its digest.
    fn stands_for(&self, key: &ObjectKey, digest: &Digest) -> bool {
        let content = self.contents.get(digest);
        content.is_some_and(|content| content.object() == Some(key))
    }

    fn release(&mut self, aside: Duration, limit: usize) -> u64 {
        let mut released = self.quarantined(None, usize::MAX);
        released.retain(|object| object.replaced && object.age >= aside);
        released.truncate(limit);
        let count = released.len() as u64;
        for object in released {
            self.objects.doom(object.object);
        }
        count
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals {
            namespaces: self.namespaces.len() as u64,
            repositories: self.repositories.len() as u64,
            contents: self.contents.len() as u64,
            content_bytes: self.contents.values().map(|content| content.size).sum(),
            uploads: self.sessions.open(),
            condemned: self.rows.condemned(),
            doomed: self.objects.doomed(usize::MAX).len() as u64,
            quarantined: self.objects.aside().len() as u64,
            ..Totals::default()
        };
        for repository in self.repositories.values() {
            self.count(repository, &mut totals);
        }
        totals
    }

    fn count(&self, repository: &Repository, totals: &mut Totals) {
        let manifests = repository.manifests.values();
        let contents = repository
            .blobs
            .keys()
            .filter_map(|digest| self.contents.get(digest));
        totals.tags += repository.tags.len() as u64;
        totals.manifests += repository.manifests.len() as u64;
        totals.manifest_bytes += manifests
            .map(|found| found.bytes().len() as u64)
            .sum::<u64>();
        totals.blobs += repository.blobs.len() as u64;
        totals.blob_bytes += contents.map(|content| content.size).sum::<u64>();
    }
}

#[async_trait]
impl Inspection for MemoryMetadata {
    async fn contents(
        &self,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<KeptContent>, MetadataError> {
        self.run(|state| state.kept_contents(after, limit))
    }

    async fn manifests(
        &self,
        after: Option<(&RepositoryName, &Digest)>,
        limit: usize,
    ) -> Result<Vec<KeptManifest>, MetadataError> {
        self.run(|state| state.kept_manifests(after, limit))
    }

    async fn quarantined(
        &self,
        after: Option<&ObjectKey>,
        limit: usize,
    ) -> Result<Vec<Quarantined>, MetadataError> {
        self.run(|state| state.quarantined(after, limit))
    }

    async fn quarantined_within(&self, time: Duration) -> Result<u64, MetadataError> {
        self.run(|state| {
            let mut aside = state.quarantined(None, usize::MAX);
            aside.retain(|object| object.age < time);
            aside.len() as u64
        })
    }

    async fn release(&self, aside: Duration, limit: usize) -> Result<u64, MetadataError> {
        self.run(|state| state.release(aside, limit))
    }

    async fn scrub_note(&self) -> Result<Option<String>, MetadataError> {
        self.run(|state| state.scrub_note.clone())
    }

    async fn keep_scrub_note(&self, note: &str) -> Result<(), MetadataError> {
        self.run(|state| state.scrub_note = Some(note.to_owned()))
    }

    async fn totals(&self) -> Result<Totals, MetadataError> {
        self.run(|state| state.totals())
    }
}
