//! Moving images from a source to a target.
//!
//! An image arrives before it can be seen: its blobs first, then the manifests it lists, then its own
//! manifest together with the tag, then what refers to it. So a transfer that ends half way leaves no
//! tag that cannot be pulled, and the next one finds what arrived and goes on. What fails is told and
//! counted, and the rest goes on.

mod blobs;
mod event;
mod image;
mod once;
mod tally;

use std::{num::NonZeroUsize, pin::pin, sync::Arc};

use futures_util::{
    StreamExt,
    future::{Either, select},
    stream::FuturesUnordered,
};
use registry_core::{Reference, RepositoryName};
use tokio::sync::Semaphore;

use self::{
    image::{Root, Run},
    tally::Tally,
};
use crate::{Result, Selection, Source, Target};

pub use self::{event::Event, tally::Summary};

/// How many requests go on at once unless it is said.
const JOBS: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// Moves images from a source to a target.
///
/// What the target has already is not moved again; a blob that another of its repositories has is
/// mounted. Everything is verified by digest and size. A manifest comes with what it lists and with what
/// refers to it; the children of an index that the source does not have are left out, as it leaves them
/// out.
pub struct Transfer {
    source: Arc<dyn Source>,
    target: Arc<dyn Target>,
    selection: Selection,
    jobs: NonZeroUsize,
    tally: Arc<Tally>,
}

impl Transfer {
    /// A transfer of everything.
    pub fn new(source: impl Source + 'static, target: impl Target + 'static) -> Self {
        Self::of(Arc::new(source), Arc::new(target))
    }

    /// The same of a source and a target that are shared.
    pub fn of(source: Arc<dyn Source>, target: Arc<dyn Target>) -> Self {
        Self {
            source,
            target,
            selection: Selection::default(),
            jobs: JOBS,
            tally: Arc::default(),
        }
    }

    /// Takes only a part of the source.
    #[must_use]
    pub fn selection(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// How many blobs and manifests are moved at once; four by default.
    #[must_use]
    pub fn jobs(mut self, jobs: NonZeroUsize) -> Self {
        self.jobs = jobs;
        self
    }

    /// How far it is.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.tally.read()
    }

    /// Moves what is to be moved and tells of each image. Dropped, it stops; begun again, it goes on.
    ///
    /// # Errors
    /// Where the source cannot say what it has, so that nothing was moved. Failures after that are
    /// counted, and told.
    pub async fn run(&self, tell: &(dyn Fn(Event) + Send + Sync)) -> Result<Summary> {
        let repositories = self.source.repositories(&self.selection).await?;
        let run = Run {
            source: &*self.source,
            target: &self.target,
            tally: &self.tally,
            permits: Semaphore::new(self.jobs.get()),
            manifests: once::Onces::default(),
            blobs: once::Onces::default(),
            tell,
        };
        let mut moving = FuturesUnordered::new();
        for repository in &repositories {
            let roots = self.roots(&run, repository);
            for root in beside(&mut moving, roots).await {
                if moving.len() >= self.jobs.get() {
                    moving.next().await;
                }
                moving.push(run.image(root));
            }
        }
        while moving.next().await.is_some() {}
        if let Err(error) = self.target.finish().await {
            run.failed("the last step".to_owned(), &error);
        }
        Ok(self.summary())
    }

    /// What is to be moved of a repository. Where it cannot be listed, that is told.
    async fn roots(&self, run: &Run<'_>, repository: &RepositoryName) -> Vec<Root> {
        let listed = self.list(repository).await;
        let roots = listed.unwrap_or_else(|error| {
            run.failed(repository.to_string(), &error);
            Vec::new()
        });
        self.tally.found(roots.len());
        roots
    }

    async fn list(&self, repository: &RepositoryName) -> Result<Vec<Root>> {
        let mut references = Vec::new();
        let tags = self.source.tags(repository).await?.into_iter();
        let taken = tags.filter(|tag| self.selection.takes_tag(tag));
        references.extend(taken.map(Reference::Tag));
        if self.selection.takes_untagged() {
            let untagged = self.source.untagged(repository).await?;
            references.extend(untagged.into_iter().map(Reference::Digest));
        }
        let repository = repository.clone();
        let root = |reference| Root {
            repository: repository.clone(),
            reference,
        };
        Ok(references.into_iter().map(root).collect())
    }
}

/// Does something while these go on: a future that is not polled lets its connection wait.
async fn beside<T>(
    moving: &mut FuturesUnordered<impl Future<Output = ()>>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    while !moving.is_empty() {
        if let Either::Left((done, _)) = select(work.as_mut(), moving.next()).await {
            return done;
        }
    }
    work.await
}
