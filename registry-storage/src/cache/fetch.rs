//! Fetching a blob: one read of the store, for as long as somebody follows it.

use std::{io, pin::pin, sync::Arc};

use bytes::{Bytes, BytesMut};
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use registry_core::{
    Algorithms, Digest, DigestHasher,
    backend::{BlobStore, ByteStream, ObjectKey, ObjectRead},
};
use tokio::{sync::watch, task::spawn_blocking};

use super::{
    frames::{BATCH, Frames},
    place::{Coming, Kept, Name},
    shared::{Fetched, Promise, Shared},
};

/// A blob on its way into the cache.
pub(super) struct Fetch {
    shared: Arc<Shared>,
    name: Name,
    told: Arc<watch::Sender<Fetched>>,
}

/// The file that it goes to.
struct Target {
    frames: Arc<Frames>,
    coming: Coming,
    promise: Promise,
    hasher: Box<dyn DigestHasher>,
}

impl Fetch {
    pub(super) fn new(shared: Arc<Shared>, name: Name, told: Arc<watch::Sender<Fetched>>) -> Self {
        Self { shared, name, told }
    }

    /// Runs to the end, or until nobody follows.
    pub(super) async fn run(self, store: Arc<dyn BlobStore>, key: ObjectKey, digest: Digest) {
        let mut fetched = pin!(self.fetch(&*store, &key, &digest));
        loop {
            match select(fetched.as_mut(), pin!(self.told.closed())).await {
                Either::Right(_) if !self.is_left() => {}
                Either::Left(_) | Either::Right(_) => return,
            }
        }
    }

    /// Whether nobody follows, and from now on nobody can.
    fn is_left(&self) -> bool {
        let mut state = self.shared.state();
        let left = self.told.receiver_count() == 0;
        if left && state.is_coming(&self.name, &self.told) {
            state.coming.remove(&self.name);
        }
        left
    }

    async fn fetch(&self, store: &dyn BlobStore, key: &ObjectKey, digest: &Digest) {
        let object = match store.read(key, None).await {
            Ok(object) => object,
            Err(error) => return self.tell(Fetched::Refused(error)),
        };
        let kept = Kept {
            name: self.name.clone(),
            size: object.size,
        };
        let Some(target) = self.target(&kept, digest).await else {
            let unkept = Arc::new(std::sync::Mutex::new(Some(object)));
            return self.tell(Fetched::Unkept(unkept));
        };
        let ObjectRead { bytes, .. } = object;
        self.tell(Fetched::Until(Arc::clone(&target.frames), 0));
        if let Err(error) = self.take(bytes, target, digest).await {
            self.shared.failed("a blob cannot be kept", &error);
        }
    }

    /// A file with room for the blob, or that it cannot be had.
    async fn target(&self, kept: &Kept, digest: &Digest) -> Option<Target> {
        let hasher = Algorithms::standard().get(digest.algorithm())?.hasher();
        let (promise, gone) = Shared::promise(&self.shared, kept.size)?;
        let (shared, kept) = (Arc::clone(&self.shared), kept.clone());
        let opened = blocking(move || {
            gone.iter().for_each(|one| shared.place.remove(one));
            let (file, coming) = shared.place.begin()?;
            let frames = Arc::new(Frames { file, kept });
            Ok(Target {
                frames,
                coming,
                promise,
                hasher,
            })
        });
        let failed = |error| self.shared.failed("a blob cannot be kept", &error);
        opened.await.map_err(failed).ok()
    }

    /// Takes all bytes of the blob, and keeps it if they are the right ones.
    async fn take(
        &self,
        mut bytes: ByteStream,
        mut target: Target,
        digest: &Digest,
    ) -> io::Result<()> {
        let size = target.frames.kept.size;
        let (mut at, mut held) = (0, BytesMut::new());
        while at < size {
            while (held.len() as u64) < BATCH.min(size - at) {
                match bytes.next().await {
                    Some(Ok(piece)) => held.extend_from_slice(&piece),
                    // Followers go on from the store, which tells them.
                    Some(Err(_)) | None => return Ok(()),
                }
            }
            let batch = held.split_to(BATCH.min(size - at) as usize).freeze();
            self.shared
                .count(|figures| figures.fetched_bytes += batch.len() as u64);
            at += batch.len() as u64;
            target = target.write(at - batch.len() as u64, batch).await?;
            if at < size {
                self.tell(Fetched::Until(Arc::clone(&target.frames), at));
            }
        }
        self.keep(target, digest).await
    }

    /// What was fetched counts once it is verified; the last of it is told only then.
    async fn keep(&self, target: Target, digest: &Digest) -> io::Result<()> {
        let Target {
            frames,
            coming,
            promise,
            hasher,
        } = target;
        let found = hasher.finish();
        if found != *digest {
            let what = format!("the store gave {found} for {digest}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        let (shared, told) = (Arc::clone(&self.shared), Arc::clone(&self.told));
        let all = Fetched::Until(Arc::clone(&frames), frames.kept.size);
        blocking(move || {
            shared.place.keep(&coming, &frames.kept)?;
            let mut state = shared.state();
            // Otherwise it was deleted meanwhile.
            if state.is_coming(&frames.kept.name, &told) {
                state.coming.remove(&frames.kept.name);
                promise.keep(&mut state, &frames.kept);
            } else {
                drop(state);
                shared.place.remove(&frames.kept);
            }
            Ok(())
        })
        .await?;
        self.shared.recovered();
        self.tell(all);
        Ok(())
    }

    fn tell(&self, fetched: Fetched) {
        self.told.send_replace(fetched);
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if state.is_coming(&self.name, &self.told) {
            state.coming.remove(&self.name);
        }
    }
}

impl Target {
    async fn write(mut self, at: u64, batch: Bytes) -> io::Result<Self> {
        blocking(move || {
            self.hasher.update(&batch);
            self.frames.write(at, &batch)?;
            Ok(self)
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}
