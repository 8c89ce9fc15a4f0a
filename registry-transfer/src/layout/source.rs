//! Reading a layout.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use async_trait::async_trait;
use registry_core::{Descriptor, Digest, MediaType, Reference, RepositoryName, Tag};
use tokio::sync::OnceCell;

use super::{
    index::{HOSTED_NAME, Index, REF_NAME},
    members::{Members, blob},
    name,
};
use crate::{
    Error, ImageBlob, ImageManifest, Result, Selection, Source,
    files::{MAX_MANIFEST, is_known},
    inventory::Inventory,
};

/// An OCI layout that images come from, in a directory or a tar.
pub struct LayoutSource {
    members: Members,
    repositories: BTreeMap<RepositoryName, Listed>,
    types: BTreeMap<Digest, MediaType>,
}

/// What the index lists of a repository.
#[derive(Default)]
struct Listed {
    tags: BTreeMap<Tag, Digest>,
    manifests: BTreeSet<Digest>,
    inventory: OnceCell<Inventory>,
}

impl LayoutSource {
    /// Opens a layout. Tools that keep one image in a layout name a tag alone, or nothing: such images
    /// are of the repository `unnamed` or, where none is given, of the one that docker and containerd note
    /// beside.
    ///
    /// # Errors
    /// Where it is no layout, or an image names no repository at all.
    pub async fn open(path: impl Into<PathBuf>, unnamed: Option<&RepositoryName>) -> Result<Self> {
        Self::of(Members::Directory(path.into()), unnamed).await
    }

    /// Opens a layout in a tar, which must not change meanwhile. Otherwise it is as [`open`](Self::open).
    ///
    /// # Errors
    /// Those of [`open`](Self::open), and where it is no tar or one of a kind that is not understood.
    pub async fn open_archive(
        path: impl Into<PathBuf>,
        unnamed: Option<&RepositoryName>,
    ) -> Result<Self> {
        Self::of(Members::archive(path.into()).await?, unnamed).await
    }

    async fn of(members: Members, unnamed: Option<&RepositoryName>) -> Result<Self> {
        let none = || Error::content(format!("{} is no OCI layout", members.place().display()));
        let index = Index::read(&members).await?.ok_or_else(none)?;
        let mut source = Self {
            members,
            repositories: BTreeMap::new(),
            types: BTreeMap::new(),
        };
        for descriptor in index.manifests {
            source.list(descriptor, unnamed)?;
        }
        Ok(source)
    }

    fn list(&mut self, descriptor: Descriptor, unnamed: Option<&RepositoryName>) -> Result<()> {
        let Descriptor {
            digest,
            media_type,
            annotations,
            ..
        } = descriptor;
        let (repository, tag) = match annotations.get(REF_NAME) {
            Some(text) => name::parse(text).ok_or_else(|| {
                Error::content(format!(
                    "the layout calls an image {text:?}, which is no name"
                ))
            })?,
            None => (None, None),
        };
        let nameless = || {
            let sentence = format!("the layout names no repository for {digest}: say which it is");
            Error::content(sentence)
        };
        let hosted = annotations.get(HOSTED_NAME);
        let hosted = hosted.and_then(|text| name::parse_hosted(text));
        let (hosted, hosted_tag) = hosted.unzip();
        let tag = tag.or_else(|| hosted_tag.flatten());
        let repository = repository.or_else(|| unnamed.cloned()).or(hosted);
        let listed = self.repositories.entry(repository.ok_or_else(nameless)?);
        let listed = listed.or_default();
        listed.manifests.insert(digest.clone());
        listed.tags.extend(tag.map(|tag| (tag, digest.clone())));
        self.types.insert(digest, media_type);
        Ok(())
    }

    fn listed(&self, repository: &RepositoryName) -> Result<&Listed> {
        let absent = || Error::content(format!("there is no repository {repository}"));
        self.repositories.get(repository).ok_or_else(absent)
    }

    async fn inventory(&self, repository: &RepositoryName) -> Result<&Inventory> {
        let listed = self.listed(repository)?;
        let read = async || {
            let mut inventory = Inventory::default();
            for digest in &listed.manifests {
                match self.read(digest).await {
                    Ok(Some(manifest)) => inventory.add(&manifest),
                    _ => inventory.add_unread(digest),
                }
            }
            listed
                .tags
                .values()
                .for_each(|digest| inventory.reach(digest));
            inventory
        };
        Ok(listed.inventory.get_or_init(read).await)
    }

    async fn read(&self, digest: &Digest) -> Result<Option<ImageManifest>> {
        if !is_known(digest) {
            return Ok(None);
        }
        let bytes = self.members.read(&blob(digest), MAX_MANIFEST).await?;
        Ok(bytes.map(|bytes| ImageManifest {
            digest: digest.clone(),
            media_type: self.types.get(digest).cloned(),
            bytes,
        }))
    }
}

#[async_trait]
impl Source for LayoutSource {
    async fn repositories(&self, selection: &Selection) -> Result<Vec<RepositoryName>> {
        if let Some(named) = selection.named() {
            return Ok(named);
        }
        let names = self.repositories.keys();
        let taken = names.filter(|name| selection.takes_repository(name));
        Ok(taken.cloned().collect())
    }

    async fn tags(&self, repository: &RepositoryName) -> Result<Vec<Tag>> {
        Ok(self.listed(repository)?.tags.keys().cloned().collect())
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
            Reference::Digest(digest) => return self.read(digest).await,
            Reference::Tag(tag) => tag,
        };
        match self.listed(repository)?.tags.get(tag) {
            Some(digest) => self.read(digest).await,
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
        let name = blob(&descriptor.digest);
        let content = self.members.open(&name).await?;
        Ok(content.map(|content| ImageBlob {
            content: Arc::new(content),
            file: self.members.file(&name),
        }))
    }
}
