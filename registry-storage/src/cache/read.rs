//! Reading through the cache, from where it is best had.

use std::{io, ops::Range, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use registry_core::backend::{
    BlobStore, ByteStream, ObjectKey, ObjectRead, StoreError, StoreErrorKind,
};
use tokio::task::spawn_blocking;

use super::{
    Cached,
    frames::Frames,
    shared::{Fetched, Following, Shared},
};

/// A read under way.
struct Reading {
    inner: Arc<dyn BlobStore>,
    shared: Arc<Shared>,
    key: ObjectKey,
    size: u64,
    /// What has not been handed out.
    rest: Range<u64>,
    /// What was read and not handed out. A piece is no longer than a part, as with the store.
    held: Bytes,
    source: Source,
}

enum Source {
    /// A file, of which all is there, or which is followed.
    File(Arc<Frames>, Option<Following>),
    /// The store, from where the file could not be read on.
    Store(ByteStream),
}

impl Cached {
    /// Reads what is kept.
    pub(super) fn read_kept(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
        frames: Arc<Frames>,
    ) -> Result<ObjectRead, StoreError> {
        self.shared.count(|figures| figures.hits += 1);
        self.reading(key, range, frames, None)
    }

    /// Reads what is coming, as far as it has come or all of it.
    pub(super) async fn read_coming(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
        mut following: Following,
    ) -> Result<ObjectRead, StoreError> {
        let begun = following.wait_for(|fetched| !matches!(fetched, Fetched::Nothing));
        let begun = begun.await.map(|fetched| fetched.clone());
        let far = |until: u64| range.as_ref().is_none_or(|range| range.start <= until);
        match begun {
            Ok(Fetched::Refused(error)) => Err(error),
            Ok(Fetched::Until(frames, until)) if far(until) => {
                self.reading(key, range, frames, Some(following))
            }
            Ok(Fetched::Unkept(read)) if range.is_none() => {
                let taken = read.lock().ok().and_then(|mut read| read.take());
                match taken {
                    Some(object) => Ok(object),
                    None => self.pass(key, None).await,
                }
            }
            _ => self.pass(key, range).await,
        }
    }

    fn reading(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
        frames: Arc<Frames>,
        following: Option<Following>,
    ) -> Result<ObjectRead, StoreError> {
        let size = frames.kept.size;
        let is_whole = range.is_none();
        let rest = range.unwrap_or(0..size);
        if rest.end > size || (rest.is_empty() && !is_whole) {
            let words = format!("{key} has {size} bytes, {rest:?} is no range of it");
            return Err(StoreError::new(StoreErrorKind::Unavailable, words));
        }
        let reading = Reading {
            inner: Arc::clone(&self.inner),
            shared: Arc::clone(&self.shared),
            key: key.clone(),
            size,
            rest,
            held: Bytes::new(),
            source: Source::File(frames, following),
        };
        let bytes = Box::pin(stream::try_unfold(reading, Reading::next));
        Ok(ObjectRead { size, bytes })
    }
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        if self.held.is_empty() {
            self.held = match self.of_file().await {
                Some(held) => held,
                None => self.of_store().await?,
            };
        }
        let most = self.inner.part_size().min(self.held.len() as u64);
        let piece = self.held.split_to(most as usize);
        self.rest.start += piece.len() as u64;
        Ok(Some((piece, self)))
    }

    /// The next bytes from the file, if it is read and can be.
    async fn of_file(&mut self) -> Option<Bytes> {
        let Source::File(frames, following) = &mut self.source else {
            return None;
        };
        let until = match following {
            None => self.size,
            Some(following) => arrived(following, self.rest.start).await?,
        };
        let wanted = self.rest.start..self.rest.end.min(until);
        let (frames, is_kept) = (Arc::clone(frames), following.is_none());
        let shared = Arc::clone(&self.shared);
        let read = spawn_blocking(move || {
            let read = frames.read(&wanted);
            if let Err(error) = &read
                && is_kept
            {
                shared.spoilt(&frames.kept, error);
            }
            read
        });
        let piece = read.await.map_err(io::Error::other).flatten().ok()?;
        self.shared
            .count(|figures| figures.served_bytes += piece.len() as u64);
        Some(piece)
    }

    /// The next bytes from the store, from where the file could not be read on.
    async fn of_store(&mut self) -> Result<Bytes, StoreError> {
        if let Source::File(..) = self.source {
            let object = self.inner.read(&self.key, Some(self.rest.clone())).await?;
            if object.size != self.size {
                return Err(self.broke("it is another object now"));
            }
            self.source = Source::Store(object.bytes);
        }
        let Source::Store(bytes) = &mut self.source else {
            return Err(self.broke("it has no source"));
        };
        match bytes.next().await {
            Some(piece) => piece,
            None => Err(self.broke("the answer was cut short")),
        }
    }

    fn broke(&self, why: &str) -> StoreError {
        let (key, at) = (&self.key, self.rest.start);
        let words = format!("the read of {key} broke at {at}: {why}");
        StoreError::new(StoreErrorKind::Unavailable, words)
    }
}

/// Waits until there is something after a place, and answers how far it goes; none where nothing more will come.
async fn arrived(following: &mut Following, at: u64) -> Option<u64> {
    let far = |fetched: &Fetched| matches!(fetched, Fetched::Until(_, until) if *until > at);
    let come = following.wait_for(far).await.ok()?;
    match &*come {
        Fetched::Until(_, until) => Some(*until),
        _ => None,
    }
}
