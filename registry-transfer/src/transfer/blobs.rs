//! Moving a blob.

use std::{collections::BTreeSet, sync::Arc};

use registry_core::{Descriptor, RepositoryName};
use tokio::task::JoinSet;

use super::{image::Run, tally::Counted};
use crate::{Error, ImageBlob, Result, Way};

/// The repositories of the target that have a blob.
pub(super) type Holders = BTreeSet<RepositoryName>;

enum Moved {
    By(Way),
    Present,
    /// It is to be fetched from elsewhere, and the source does not have it.
    Elsewhere,
}

impl Run<'_> {
    /// Sees to it that the target has a blob. Whether it was moved.
    pub(super) async fn blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
    ) -> Result<bool> {
        let part = |error: Error| error.of_part(format!("blob {}", descriptor.digest));
        let holders = self.blobs.of(descriptor.digest.clone());
        let mut holders = holders.lock().await;
        if holders.contains(repository) {
            return Ok(false);
        }
        let permit = self.permit().await;
        let moved = self.move_blob(repository, descriptor, &holders).await;
        drop(permit);
        let way = match moved.map_err(part)? {
            Moved::Elsewhere => return Ok(false),
            Moved::By(way) => Some(way),
            Moved::Present => None,
        };
        holders.insert(repository.clone());
        self.tally.blob(way);
        Ok(way.is_some())
    }

    async fn move_blob(
        &self,
        repository: &RepositoryName,
        descriptor: &Descriptor,
        holders: &Holders,
    ) -> Result<Moved> {
        if self.target.has_blob(repository, descriptor).await? {
            return Ok(Moved::Present);
        }
        let mounted = self
            .target
            .mount_blob(repository, descriptor, holders.first());
        if mounted.await? {
            return Ok(Moved::Present);
        }
        let Some(ImageBlob { content, file }) = self.source.blob(repository, descriptor).await?
        else {
            return match is_elsewhere(descriptor) {
                true => Ok(Moved::Elsewhere),
                false => Err(Error::content("the source does not have it")),
            };
        };
        let (size, said) = (content.size(), descriptor.size);
        if size != said {
            let sentence = format!("the source has it with {size} bytes, and it has {said}");
            return Err(Error::content(sentence));
        }
        let tally = Arc::clone(self.tally);
        let blob = ImageBlob {
            content: Arc::new(Counted { content, tally }),
            file,
        };
        let (target, repository) = (Arc::clone(self.target), repository.clone());
        let descriptor = descriptor.clone();
        let put = async move { target.put_blob(&repository, &descriptor, blob).await };
        Ok(Moved::By(aside(put).await?))
    }
}

/// Whether clients fetch it from another place, so that a registry need not have it.
fn is_elsewhere(descriptor: &Descriptor) -> bool {
    descriptor.media_type.is_nondistributable() || !descriptor.urls.is_empty()
}

/// Runs on whichever thread is free, and ends with whoever waits for it.
async fn aside(work: impl Future<Output = Result<Way>> + Send + 'static) -> Result<Way> {
    let mut task = JoinSet::new();
    task.spawn(work);
    match task.join_next().await {
        Some(Ok(done)) => done,
        Some(Err(error)) => Err(broken_off(&error)),
        None => Err(broken_off(&"it has no task")),
    }
}

fn broken_off(why: &dyn std::fmt::Display) -> Error {
    Error::content(format!("the transfer broke off: {why}"))
}
