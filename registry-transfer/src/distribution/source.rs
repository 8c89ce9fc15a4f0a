//! Reading a storage directory.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use registry_core::{Descriptor, Digest, Reference, RepositoryName, Tag};
use tokio::sync::Mutex;

use super::storage::{Storage, read_link};
use crate::{
    Error, ImageBlob, ImageManifest, Result, Selection, Source,
    files::{FileContent, MAX_MANIFEST, aside, is_known, read, there},
    inventory::Inventory,
};

/// The storage directory of the distribution registry.
pub struct DistributionSource {
    storage: Storage,
    inventories: Mutex<BTreeMap<RepositoryName, Arc<Inventory>>>,
}

impl DistributionSource {
    /// Opens the directory that the other registry calls its `rootdirectory`.
    ///
    /// # Errors
    /// Where it is none.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let storage = Storage::below(&path);
        if aside(&storage.repositories(), |path| Ok(path.is_dir())).await? {
            let inventories = Mutex::default();
            return Ok(Self {
                storage,
                inventories,
            });
        }
        Err(Error::content(format!(
            "{} is no storage directory: there is no docker/registry/v2/repositories in it",
            path.display()
        )))
    }

    async fn revision(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<ImageManifest>> {
        if !is_known(digest) {
            return Ok(None);
        }
        let link = self.storage.revision(repository, digest);
        if read_link(link).await?.as_ref() != Some(digest) {
            return Ok(None);
        }
        let data = self.storage.data(digest);
        let absent = || Error::content(format!("{} is missing", data.display()));
        let bytes = read(data.clone(), MAX_MANIFEST).await?.ok_or_else(absent)?;
        Ok(Some(ImageManifest {
            digest: digest.clone(),
            media_type: None,
            bytes,
        }))
    }

    async fn revisions(&self, repository: &RepositoryName) -> Result<Vec<Digest>> {
        let revisions = self.storage.manifests(repository).join("revisions");
        let mut digests = Vec::new();
        for algorithm in ["sha256", "sha512"] {
            for encoded in names(&revisions.join(algorithm)).await? {
                digests.extend(Digest::parse(&format!("{algorithm}:{encoded}")));
            }
        }
        Ok(digests)
    }

    /// What the manifests of a repository say of each other, read once. One that cannot be read is
    /// taken for one that says nothing.
    async fn inventory(&self, repository: &RepositoryName) -> Result<Arc<Inventory>> {
        let mut inventories = self.inventories.lock().await;
        if let Some(inventory) = inventories.get(repository) {
            return Ok(Arc::clone(inventory));
        }
        let mut inventory = Inventory::default();
        for digest in self.revisions(repository).await? {
            match self.revision(repository, &digest).await {
                Ok(Some(manifest)) => inventory.add(&manifest),
                Ok(None) => {}
                Err(_) => inventory.add_unread(&digest),
            }
        }
        for tag in self.tags(repository).await? {
            let digest = read_link(self.storage.current(repository, &tag)).await;
            digest
                .into_iter()
                .flatten()
                .for_each(|digest| inventory.reach(&digest));
        }
        let inventory = Arc::new(inventory);
        inventories.insert(repository.clone(), Arc::clone(&inventory));
        Ok(inventory)
    }
}

#[async_trait]
impl Source for DistributionSource {
    async fn repositories(&self, selection: &Selection) -> Result<Vec<RepositoryName>> {
        if let Some(named) = selection.named() {
            return Ok(named);
        }
        let root = self.storage.repositories();
        let mut found = aside(&root, repositories).await?;
        found.retain(|name| selection.takes_repository(name));
        Ok(found)
    }

    async fn tags(&self, repository: &RepositoryName) -> Result<Vec<Tag>> {
        let manifests = self.storage.manifests(repository);
        if !aside(&manifests, |path| Ok(path.is_dir())).await? {
            return Err(Error::content(format!(
                "there is no repository {repository}"
            )));
        }
        let names = names(&manifests.join("tags")).await?;
        Ok(names
            .iter()
            .filter_map(|name| Tag::parse(name).ok())
            .collect())
    }

    async fn untagged(&self, repository: &RepositoryName) -> Result<Vec<Digest>> {
        Ok(self.inventory(repository).await?.untagged())
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<ImageManifest>> {
        let tag = match reference {
            Reference::Digest(digest) => return self.revision(repository, digest).await,
            Reference::Tag(tag) => tag,
        };
        match read_link(self.storage.current(repository, tag)).await? {
            Some(digest) => self.revision(repository, &digest).await,
            None => Ok(None),
        }
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
    ) -> Result<Vec<Digest>> {
        Ok(self.inventory(repository).await?.referrers(subject))
    }

    async fn blob(&self, _: &RepositoryName, descriptor: &Descriptor) -> Result<Option<ImageBlob>> {
        if !is_known(&descriptor.digest) {
            return Ok(None);
        }
        let data = self.storage.data(&descriptor.digest);
        let content = FileContent::open(data.clone()).await?;
        Ok(content.map(|content| ImageBlob {
            content: Arc::new(content),
            file: Some(data),
        }))
    }
}

/// The names in a directory, in byte order; none where there is no directory.
async fn names(directory: &Path) -> Result<Vec<String>> {
    aside(directory, |directory| {
        let Some(entries) = there(fs::read_dir(directory))? else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    })
    .await
}

/// The repositories below a directory. Links are not followed.
fn repositories(root: &Path) -> io::Result<Vec<RepositoryName>> {
    let mut found = Vec::new();
    let mut unread = vec![String::new()];
    while let Some(name) = unread.pop() {
        for entry in fs::read_dir(root.join(&name))? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                continue;
            }
            let file_name = entry.file_name();
            match (file_name.to_str(), name.as_str()) {
                (Some("_manifests"), _) => found.extend(RepositoryName::parse(&name)),
                (Some(part), _) if part.starts_with('_') => {}
                (Some(part), "") => unread.push(part.to_owned()),
                (Some(part), name) if name.len() <= RepositoryName::MAX_LENGTH => {
                    unread.push(format!("{name}/{part}"));
                }
                _ => {}
            }
        }
    }
    found.sort();
    Ok(found)
}
