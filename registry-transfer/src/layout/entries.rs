//! What the index of a layout that is written is to list.

use std::collections::BTreeMap;

use registry_core::{Descriptor, Digest, MediaType, Reference, RepositoryName, Tag};

use super::{
    index::{Index, REF_NAME},
    name,
};
use crate::ImageManifest;

/// Images by name, and what others have put there without one.
#[derive(Default)]
pub(super) struct Entries {
    named: BTreeMap<String, Descriptor>,
    nameless: Vec<Descriptor>,
    /// A name under which each manifest of a repository is listed.
    listed: BTreeMap<(RepositoryName, Digest), String>,
}

impl Entries {
    pub(super) fn of(listed: Vec<Descriptor>) -> Self {
        let mut entries = Self::default();
        for descriptor in listed {
            match descriptor.annotations.get(REF_NAME).cloned() {
                Some(name) => entries.add(name, descriptor),
                None => entries.nameless.push(descriptor),
            }
        }
        entries
    }

    /// Lists a manifest that is there, under its tag or its digest.
    pub(super) fn place(
        &mut self,
        repository: &RepositoryName,
        manifest: &ImageManifest,
        tag: Option<&Tag>,
    ) {
        let ImageManifest {
            digest,
            media_type,
            bytes,
        } = manifest;
        let media_type = media_type.clone().unwrap_or(MediaType::OCI_MANIFEST);
        let mut entry = Descriptor::new(media_type, digest.clone(), bytes.len() as u64);
        let reference = match tag {
            Some(tag) => Reference::Tag(tag.clone()),
            None => Reference::Digest(digest.clone()),
        };
        let name = name::print(repository, &reference);
        entry.annotations.insert(REF_NAME.to_owned(), name.clone());
        self.add(name, entry);
    }

    fn add(&mut self, name: String, descriptor: Descriptor) {
        let repository = |name| name::parse(name).and_then(|(repository, _)| repository);
        if let Some(repository) = repository(&name) {
            let key = (repository.clone(), descriptor.digest.clone());
            let replaced = self.named.insert(name.clone(), descriptor);
            if let Some(replaced) = replaced {
                self.listed.remove(&(repository, replaced.digest));
            }
            self.listed.insert(key, name);
        } else {
            self.named.insert(name, descriptor);
        }
    }

    pub(super) fn find(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Option<&Descriptor> {
        match reference {
            Reference::Tag(_) => self.named.get(&name::print(repository, reference)),
            Reference::Digest(digest) => {
                let name = self.listed.get(&(repository.clone(), digest.clone()))?;
                self.named.get(name)
            }
        }
    }

    pub(super) fn index(&self) -> Index {
        let listed = self.nameless.iter().chain(self.named.values());
        Index {
            schema_version: 2,
            media_type: Some(MediaType::OCI_INDEX),
            manifests: listed.cloned().collect(),
        }
    }
}
