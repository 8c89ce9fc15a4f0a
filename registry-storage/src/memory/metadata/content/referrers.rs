//! The manifests of a repository that have one subject.

use std::collections::{BTreeSet, HashMap};

use registry_core::{Digest, RawDescriptor, RepositoryName, backend::ReferrersPage};

use super::manifest::Manifest;
use crate::memory::metadata::{
    key::{Key, after},
    state::{Repository, State},
};

type Digests = BTreeSet<Key<Digest>>;

/// The referrers of a subject, and by artifact type, so that a filtered page skips no others.
#[derive(Debug, Default)]
pub(in super::super) struct Referrers {
    all: Digests,
    by_type: HashMap<String, Digests>,
}

impl Referrers {
    fn add(&mut self, digest: &Digest, artifact_type: Option<&str>) {
        self.all.insert(Key(digest.clone()));
        if let Some(artifact_type) = artifact_type {
            let digests = self.by_type.entry(artifact_type.to_owned()).or_default();
            digests.insert(Key(digest.clone()));
        }
    }

    fn remove(&mut self, digest: &Digest, artifact_type: Option<&str>) {
        self.all.remove(digest.as_str());
        let Some(artifact_type) = artifact_type else {
            return;
        };
        if let Some(digests) = self.by_type.get_mut(artifact_type) {
            digests.remove(digest.as_str());
            if digests.is_empty() {
                self.by_type.remove(artifact_type);
            }
        }
    }

    fn of_type(&self, artifact_type: Option<&str>) -> Option<&Digests> {
        match artifact_type {
            Some(artifact_type) => self.by_type.get(artifact_type),
            None => Some(&self.all),
        }
    }
}

impl Repository {
    /// Lists a manifest with its subject, if it has one.
    pub(super) fn index_referrer(&mut self, digest: &Digest, manifest: &Manifest) {
        if let Some(subject) = &manifest.subject {
            let referrers = self.referrers.entry(subject.clone()).or_default();
            referrers.add(digest, manifest.artifact_type.as_deref());
        }
    }

    /// Lists it no longer.
    pub(super) fn drop_referrer(&mut self, digest: &Digest, manifest: &Manifest) {
        let Some(subject) = &manifest.subject else {
            return;
        };
        if let Some(referrers) = self.referrers.get_mut(subject) {
            referrers.remove(digest, manifest.artifact_type.as_deref());
            if referrers.all.is_empty() {
                self.referrers.remove(subject);
            }
        }
    }

    fn referrers(&self, page: ReferrersPage<'_>) -> Option<Vec<RawDescriptor>> {
        let referrers = self.referrers.get(page.subject)?;
        let digests = referrers.of_type(page.artifact_type)?;
        let digests = digests.range::<str, _>(after(page.after)).take(page.limit);
        let manifests = digests.filter_map(|key| self.manifests.get(&key.0));
        Some(
            manifests
                .map(|manifest| manifest.descriptor.clone())
                .collect(),
        )
    }
}

impl State {
    pub(super) fn referrers(
        &self,
        name: &RepositoryName,
        page: ReferrersPage<'_>,
    ) -> Vec<RawDescriptor> {
        let repository = self.repositories.get(name);
        let found = repository.and_then(|repository| repository.referrers(page));
        found.unwrap_or_default()
    }
}
