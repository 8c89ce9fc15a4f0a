//! Moving an image.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt, join_all};
use registry_core::{
    Algorithms, Descriptor, Digest, Manifest, MediaType, Reference, RepositoryName, Tag,
};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{blobs::Holders, event::Event, once::Onces, tally::Tally};
use crate::{Error, ImageManifest, Result, Source, Target};

/// An index may list indexes, but not without end.
const MAX_DEPTH: usize = 16;

/// Where an image begins.
#[derive(Clone)]
pub(super) struct Root {
    pub(super) repository: RepositoryName,
    pub(super) reference: Reference,
}

/// A transfer that goes on.
///
/// A manifest's lock is held while its children are placed, and a digest cannot be that of its own
/// descendant, so locks are never taken in a circle. Referrers are placed when no lock is held.
pub(super) struct Run<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) target: &'a Arc<dyn Target>,
    pub(super) tally: &'a Arc<Tally>,
    pub(super) permits: Semaphore,
    /// Whether a manifest was placed with all of its parts.
    pub(super) manifests: Onces<(RepositoryName, Digest), bool>,
    pub(super) blobs: Onces<Digest, Holders>,
    pub(super) tell: &'a (dyn Fn(Event) + Send + Sync),
}

/// What came of placing an image's manifests.
#[derive(Default)]
struct Placed {
    copied: bool,
    /// Those that were not placed before.
    digests: Vec<Digest>,
}

impl Run<'_> {
    /// Moves an image, and tells what came of it.
    pub(super) async fn image(&self, root: Root) {
        let image = match &root.reference {
            Reference::Tag(tag) => format!("{}:{tag}", root.repository),
            Reference::Digest(digest) => format!("{}@{digest}", root.repository),
        };
        match self.move_image(&root).await {
            Err(error) => self.failed(image, &error),
            Ok(copied) => {
                self.tally.image(copied);
                (self.tell)(match copied {
                    true => Event::Copied(image),
                    false => Event::Present(image),
                });
            }
        }
    }

    pub(super) fn failed(&self, image: String, error: &Error) {
        self.tally.failed();
        let reason = error.to_string();
        (self.tell)(Event::Failed { image, reason });
    }

    /// The right to make a request. Who holds one waits for nothing else.
    pub(super) async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        self.permits.acquire().await.ok()
    }

    async fn move_image(&self, root: &Root) -> Result<bool> {
        let Root {
            repository,
            reference,
        } = root;
        let fetched = self.fetch(repository, reference, None).await?;
        let absent = || Error::content("the source does not have it");
        let manifest = fetched.ok_or_else(absent)?;
        let mut placed = Placed::default();
        let at = Place {
            repository,
            depth: 0,
        };
        self.place(at, manifest, reference.tag(), &mut placed)
            .await?;
        self.place_referrers(repository, &mut placed).await?;
        Ok(placed.copied)
    }

    /// What refers to each manifest that was placed, and what refers to that.
    async fn place_referrers(
        &self,
        repository: &RepositoryName,
        placed: &mut Placed,
    ) -> Result<()> {
        let mut outcome = Ok(());
        while let Some(subject) = placed.digests.pop() {
            let permit = self.permit().await;
            let referrers = self.source.referrers(repository, &subject).await;
            drop(permit);
            let part = |error: Error| error.of_part(format!("the referrers of {subject}"));
            for referrer in referrers.map_err(part)? {
                let done = self.place_referrer(repository, &referrer, placed).await;
                outcome =
                    outcome.and(done.map_err(|it| it.of_part(format!("referrer {referrer}"))));
            }
        }
        outcome
    }

    async fn place_referrer(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        placed: &mut Placed,
    ) -> Result<()> {
        let reference = Reference::Digest(digest.clone());
        let Some(manifest) = self.fetch(repository, &reference, None).await? else {
            return Ok(());
        };
        let at = Place {
            repository,
            depth: 0,
        };
        self.place(at, manifest, None, placed).await
    }

    /// A manifest of the source, verified and understood; `hint` is the type that another gives it.
    async fn fetch(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
        hint: Option<&MediaType>,
    ) -> Result<Option<(ImageManifest, Manifest)>> {
        let permit = self.permit().await;
        let fetched = self.source.manifest(repository, reference).await?;
        drop(permit);
        let Some(mut manifest) = fetched else {
            return Ok(None);
        };
        let digest = reference.digest().unwrap_or(&manifest.digest);
        let verified = Algorithms::standard().verify(digest, &manifest.bytes);
        verified.map_err(|error| Error::content(error.to_string()))?;
        let hint = manifest.media_type.as_ref().or(hint);
        let parsed = Manifest::parse(hint, manifest.bytes.clone());
        let parsed = parsed.map_err(registry_core::Error::from)?;
        manifest.media_type = Some(parsed.media_type().clone());
        Ok(Some((manifest, parsed)))
    }

    /// Places a manifest after its parts.
    fn place<'a>(
        &'a self,
        at: Place<'a>,
        (manifest, parsed): (ImageManifest, Manifest),
        tag: Option<&'a Tag>,
        placed: &'a mut Placed,
    ) -> BoxFuture<'a, Result<()>> {
        async move {
            let key = (at.repository.clone(), manifest.digest.clone());
            let done = self.manifests.of(key);
            let mut done = done.lock().await;
            if !*done {
                self.parts(at, &parsed, placed).await?;
            }
            placed.copied |= self.put(at.repository, &manifest, tag, *done).await?;
            if !*done {
                placed.digests.push(manifest.digest);
                *done = true;
            }
            Ok(())
        }
        .boxed()
    }

    /// Everything a manifest needs. Of several failures the first is told.
    async fn parts(&self, at: Place<'_>, manifest: &Manifest, placed: &mut Placed) -> Result<()> {
        let blobs = manifest.blobs().map(|blob| self.blob(at.repository, blob));
        let mut outcome = Ok(());
        for moved in join_all(blobs).await {
            match moved {
                Ok(copied) => placed.copied |= copied,
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        for child in manifest.manifests() {
            let done = self.child(at, child, placed).await;
            let part = |error: Error| error.of_part(format!("manifest {}", child.digest));
            outcome = outcome.and(done.map_err(part));
        }
        outcome
    }

    async fn child(&self, at: Place<'_>, child: &Descriptor, placed: &mut Placed) -> Result<()> {
        if at.depth == MAX_DEPTH {
            return Err(Error::content(format!(
                "indexes nest deeper than {MAX_DEPTH}"
            )));
        }
        let reference = Reference::Digest(child.digest.clone());
        let hint = Some(&child.media_type);
        let Some(manifest) = self.fetch(at.repository, &reference, hint).await? else {
            return Ok(());
        };
        let at = Place {
            depth: at.depth + 1,
            ..at
        };
        self.place(at, manifest, None, placed).await
    }

    /// Puts a manifest where it is not, and its tag where it points elsewhere. Whether it did.
    async fn put(
        &self,
        repository: &RepositoryName,
        manifest: &ImageManifest,
        tag: Option<&Tag>,
        done: bool,
    ) -> Result<bool> {
        let _permit = self.permit().await;
        let digest = &manifest.digest;
        let reference = match tag {
            Some(tag) => Reference::Tag(tag.clone()),
            None if done => return Ok(false),
            None => Reference::Digest(digest.clone()),
        };
        if self.target.find(repository, &reference).await?.as_ref() == Some(digest) {
            return Ok(false);
        }
        self.target.put_manifest(repository, manifest, tag).await?;
        Ok(true)
    }
}

/// Where a manifest is placed.
#[derive(Clone, Copy)]
struct Place<'a> {
    repository: &'a RepositoryName,
    /// How many indexes lead to it.
    depth: usize,
}
