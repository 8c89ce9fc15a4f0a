//! A source that takes its time to say what it has.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use registry_core::{Descriptor, Digest, Reference, RepositoryName, Tag};
use registry_server::testing::TestRegistry;
use registry_transfer::{
    Event, ImageBlob, ImageManifest, LocalRegistry, Result, Selection, Source, Transfer,
};
use tokio::{sync::Notify, time::timeout};

use crate::{
    empty, local,
    stock::{assert_same, layer},
};

/// Lists the tags of its second repository only once an image of the first has arrived.
struct Slow {
    inner: LocalRegistry,
    arrived: Arc<Notify>,
}

#[async_trait]
impl Source for Slow {
    async fn repositories(&self, selection: &Selection) -> Result<Vec<RepositoryName>> {
        self.inner.repositories(selection).await
    }

    async fn tags(&self, repository: &RepositoryName) -> Result<Vec<Tag>> {
        if repository.as_str() == "second" {
            self.arrived.notified().await;
        }
        self.inner.tags(repository).await
    }

    async fn untagged(&self, repository: &RepositoryName) -> Result<Vec<Digest>> {
        self.inner.untagged(repository).await
    }

    async fn manifest(
        &self,
        repository: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<ImageManifest>> {
        self.inner.manifest(repository, reference).await
    }

    async fn referrers(
        &self,
        repository: &RepositoryName,
        subject: &Digest,
    ) -> Result<Vec<Digest>> {
        self.inner.referrers(repository, subject).await
    }

    async fn blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
    ) -> Result<Option<ImageBlob>> {
        self.inner.blob(repository, descriptor).await
    }
}

#[tokio::test]
async fn images_go_on_while_the_next_repository_is_listed() {
    let (server, here) = (TestRegistry::start().await, empty());
    for repository in ["first", "second"] {
        server
            .push_image(repository, "v1", &[&layer(1, 40_000)])
            .await;
    }
    let arrived = Arc::new(Notify::new());
    let source = Slow {
        inner: local(server.engine()),
        arrived: Arc::clone(&arrived),
    };
    let transfer = Transfer::new(source, local(&here));
    let tell = |_: Event| arrived.notify_one();
    let run = timeout(Duration::from_secs(60), transfer.run(&tell));
    let summary = run.await.expect("the first image arrives").unwrap();
    assert_eq!((summary.images_copied, summary.failed), (2, 0));
    assert_same(server.engine(), &here).await;
}
