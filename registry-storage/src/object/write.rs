//! A write, as the engine has it: bytes are gathered to a part here while others are on their way.

use std::{mem, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use object_store::{MultipartId, PutPayload, multipart::PartId};
use registry_core::{
    Digest,
    backend::{BlobWrite, ObjectKey, StoreCheckpoint, StoreError, StoreErrorKind, Tail},
};

use super::{
    budget::Share, checkpoint::Notes, error::absent, gather::Gather, key::Write, store::Store,
    upload::Upload,
};
use crate::unique::Unique;

/// A part of a part that is gathered without a share, so that small content waits for nobody.
const UNCOUNTED: u64 = 64;

/// What a resume sends where there is nothing to send: some stores take no empty part.
const SOMETHING: &[u8] = b"0";

/// What a resume sends, to learn whether the upload is still there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sends {
    /// What is to be the last part if nothing more comes.
    Tail,
    /// Hardly anything: more will come, and the tail goes out with it.
    Something,
}

pub(super) struct ObjectWrite {
    store: Arc<Store>,
    key: ObjectKey,
    /// The name that the key has.
    name: Unique,
    /// The name of the object that a commit makes.
    object: Unique,
    part_size: u64,
    gather: Gather,
    share: Option<Share>,
    /// None before the first part is full.
    upload: Option<Upload>,
    /// An upload that is being begun: a call that is dropped leaves it to the next one.
    beginning: Option<BoxFuture<'static, Result<Upload, StoreError>>>,
    /// What is gathered, if the store has it as a part.
    kept: Option<PartId>,
    /// No other writer can end at the same object.
    alone: bool,
    /// A part did not arrive, so there is no going on.
    failed: Option<StoreError>,
}

impl ObjectWrite {
    /// A new and empty one. The store hears of it when a part is full.
    pub(super) fn begin(store: Arc<Store>) -> Self {
        let object = Unique::new(&*store.random);
        let (key, part_size) = (object.short_key(), store.settings.part_size);
        Self::of(store, (key, object.clone()), object, part_size)
    }

    /// One that goes on from a checkpoint of this write.
    ///
    /// Where nothing of it is in the store, its object gets a name of its own, so that it cannot meet
    /// with that of another writer from the same checkpoint.
    pub(super) async fn resume(
        store: Arc<Store>,
        from: &StoreCheckpoint,
        write: Write,
        sends: Sends,
    ) -> Result<Self, StoreError> {
        let notes = Notes::read(from, &write)?;
        let (key, part_size) = ((from.key.clone(), write.unique), notes.part_size);
        let share = share(&store, part_size, notes.tail.len()).await?;
        let mut resumed = match write.upload {
            None => {
                let object = Unique::new(&*store.random);
                Self::of(store, key, object, part_size)
            }
            Some(id) => Self::resume_upload(store, key, id, &notes, sends).await?,
        };
        resumed.share = share;
        for piece in notes.tail.pieces() {
            resumed.gather.push(piece.clone());
        }
        Ok(resumed)
    }

    async fn resume_upload(
        store: Arc<Store>,
        (key, name): (ObjectKey, Unique),
        id: MultipartId,
        notes: &Notes,
        sends: Sends,
    ) -> Result<Self, StoreError> {
        let tail = Some(&notes.tail).filter(|tail| sends == Sends::Tail && !tail.is_empty());
        let next = match tail {
            Some(tail) => tail.pieces().cloned().collect(),
            None => PutPayload::from_static(SOMETHING),
        };
        let (of, parts) = ((&name, id), notes.parts.clone());
        let upload = Upload::resume(Arc::clone(&store), &key, of, parts, next);
        let (upload, kept) = upload.await?;
        let mut resumed = Self::of(store, (key, name.clone()), name, notes.part_size);
        resumed.upload = Some(upload);
        resumed.kept = tail.map(|_| kept);
        resumed.alone = false;
        Ok(resumed)
    }

    fn of(
        store: Arc<Store>,
        (key, name): (ObjectKey, Unique),
        object: Unique,
        part_size: u64,
    ) -> Self {
        let gather = Gather::new(Arc::clone(&store.blocks));
        Self {
            store,
            key,
            name,
            object,
            part_size,
            gather,
            share: None,
            upload: None,
            beginning: None,
            kept: None,
            alone: true,
            failed: None,
        }
    }

    fn offset(&self) -> u64 {
        let parts = self.upload.as_ref().map_or(0, Upload::count) as u64;
        parts * self.part_size + self.gather.length()
    }

    /// Refuses an object of so many bytes, where that is more than the store takes.
    fn become_at_most(&self, length: u64) -> Result<(), StoreError> {
        let (parts, size) = (self.store.settings.most_parts, self.part_size);
        let most = parts.saturating_mul(size);
        if length <= most {
            return Ok(());
        }
        let message = format!("{length} bytes are more than {parts} parts of {size}");
        Err(StoreError::new(StoreErrorKind::TooLarge { most }, message))
    }

    /// Gathers bytes. A full part goes out when there is more, for it may be the last.
    async fn take(&mut self, mut bytes: Bytes) -> Result<(), StoreError> {
        self.become_at_most(self.offset() + bytes.len() as u64)?;
        while !bytes.is_empty() {
            self.send_full().await?;
            let missing = self.part_size - self.gather.length();
            let length = missing.min(bytes.len() as u64);
            self.make_room(length).await?;
            self.kept = None;
            self.gather.push(bytes.split_to(length as usize));
        }
        self.upload.as_mut().map_or(Ok(()), Upload::look)
    }

    async fn make_room(&mut self, length: u64) -> Result<(), StoreError> {
        if self.share.is_none() {
            let gathered = self.gather.length() + length;
            self.share = share(&self.store, self.part_size, gathered).await?;
        }
        Ok(())
    }

    async fn send_full(&mut self) -> Result<(), StoreError> {
        if self.gather.length() < self.part_size {
            return Ok(());
        }
        let in_flight = self.store.settings.in_flight;
        let upload = self.begun().await?;
        upload.below(in_flight).await?;
        let (part, share) = (self.gather.take(), self.share.take());
        if let Some(upload) = &mut self.upload {
            upload.send(part, share);
        }
        Ok(())
    }

    /// The upload, begun if it was not.
    async fn begun(&mut self) -> Result<&mut Upload, StoreError> {
        let upload = match self.upload.take() {
            Some(upload) => upload,
            None => {
                let (store, object) = (&self.store, &self.object);
                let begin = || Upload::begin(Arc::clone(store), object.clone()).boxed();
                let begun = self.beginning.get_or_insert_with(begin).await;
                self.beginning = None;
                let upload = begun?;
                self.key = self.object.multipart_key(upload.id());
                self.name = self.object.clone();
                upload
            }
        };
        Ok(self.upload.insert(upload))
    }

    /// The checkpoint of what these parts and this tail come to.
    fn noted(&self, offset: u64, parts: Vec<PartId>, tail: Tail) -> StoreCheckpoint {
        let notes = Notes {
            unique: self.name.clone(),
            part_size: self.part_size,
            parts,
            tail,
        };
        StoreCheckpoint {
            key: self.key.clone(),
            offset,
            state: notes.to_bytes(),
            tail: notes.tail,
        }
    }

    /// Waits until the store has all full parts, and answers their ids.
    async fn keep(&mut self) -> Result<Vec<PartId>, StoreError> {
        self.send_full().await?;
        match &mut self.upload {
            Some(upload) => upload.settle().await,
            None => Ok(Vec::new()),
        }
    }

    /// Sends what is left, as a part that may be short, and waits for all.
    async fn send_all(&mut self, upload: &mut Upload) -> Result<Vec<PartId>, StoreError> {
        let (part, share) = (self.gather.take(), self.share.take());
        match self.kept.take() {
            Some(kept) => upload.add(kept),
            None if part.content_length() > 0 => upload.send(part, share),
            None => {}
        }
        upload.settle().await
    }

    /// What came of a commit that the store did not acknowledge: one look at the key tells, which is
    /// nobody else's, or that of writers of this write alone.
    async fn decide(&mut self, error: StoreError, size: u64) -> Result<(), StoreError> {
        let key = self.object.blob_key();
        let unknown = |words| StoreError::new(StoreErrorKind::Unknown, words);
        match self.store.size(&key).await {
            Ok(None) => Err(error),
            Ok(Some(found)) if self.alone && found == size => Ok(()),
            // It may be the object of a writer that went on from the same checkpoint.
            Ok(Some(found)) if self.alone || found == size => Err(unknown(error.message)),
            Ok(Some(_)) => Err(absent(&self.key)),
            Err(look) => Err(unknown(format!("{}; {}", error.message, look.message))),
        }
    }

    async fn put(&mut self, size: u64) -> Result<(), StoreError> {
        let key = self.object.blob_key();
        match self.store.put(&key, self.gather.take()).await {
            Ok(()) => Ok(()),
            // A bucket that is not there is no write that was overtaken.
            Err(error) if error.kind == StoreErrorKind::Absent => {
                let refused = StoreError::new(StoreErrorKind::Unavailable, error.message);
                self.decide(refused, size).await
            }
            Err(error) => self.decide(error, size).await,
        }
    }

    async fn complete(&mut self, mut upload: Upload, size: u64) -> Result<(), StoreError> {
        let parts = self.send_all(&mut upload).await;
        let done = match parts {
            Ok(parts) => match upload.complete(parts).await {
                Ok(()) => Ok(()),
                Err(error) => self.decide(error, size).await,
            },
            Err(error) => Err(error),
        };
        // Nobody can go on with it, so it gives its space back. A lifecycle rule finds what is left.
        if self.alone && done.as_ref().is_err_and(is_certain) {
            drop(upload.abort().await);
        }
        done
    }

    fn standing(&self) -> Result<(), StoreError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn note<T>(&mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        self.failed = outcome.as_ref().err().cloned();
        outcome
    }
}

#[async_trait]
impl BlobWrite for ObjectWrite {
    fn key(&self) -> &ObjectKey {
        &self.key
    }

    fn committed_key(&self, _: &Digest) -> ObjectKey {
        self.object.blob_key()
    }

    async fn announce(&mut self, bytes: u64) -> Result<(), StoreError> {
        self.become_at_most(self.offset().saturating_add(bytes))
    }

    /// From here on there is a multipart upload, whose id stands in the key.
    fn outgrows(&self, more: u64) -> bool {
        let length = self.gather.length() + more;
        self.upload.is_none() && length >= self.part_size + more.min(1)
    }

    async fn enter(&mut self, kept: u64) -> Result<StoreCheckpoint, StoreError> {
        self.standing()?;
        let begun = self.begun().await.map(drop);
        self.note(begun)?;
        // Whoever goes on from here ends at the same object.
        self.alone = false;
        Ok(self.noted(kept, Vec::new(), self.gather.beginning(kept)))
    }

    async fn append(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.standing()?;
        let taken = self.take(bytes).await;
        self.note(taken)
    }

    async fn checkpoint(&mut self) -> Result<StoreCheckpoint, StoreError> {
        self.standing()?;
        let kept = self.keep().await;
        let parts = self.note(kept)?;
        // Without parts whoever goes on makes another object.
        self.alone &= parts.is_empty();
        Ok(self.noted(self.offset(), parts, self.gather.tail()))
    }

    async fn commit(mut self: Box<Self>, _: &Digest) -> Result<ObjectKey, StoreError> {
        self.standing()?;
        let size = self.offset();
        match self.upload.take() {
            None => self.put(size).await?,
            // An object cannot be made of no parts.
            Some(upload) if size == 0 => {
                upload.abort().await?;
                self.put(size).await?;
            }
            Some(upload) => self.complete(upload, size).await?,
        }
        Ok(self.object.blob_key())
    }

    async fn abort(mut self: Box<Self>) -> Result<(), StoreError> {
        if let Some(beginning) = self.beginning.take() {
            self.upload = Some(beginning.await?);
        }
        match mem::take(&mut self.upload) {
            Some(upload) => upload.abort().await,
            None => Ok(()),
        }
    }
}

/// The share of a write that gathers so many bytes of a part, if it needs one.
async fn share(store: &Store, part_size: u64, length: u64) -> Result<Option<Share>, StoreError> {
    match length > part_size / UNCOUNTED {
        true => store.budget.share(part_size).await.map(Some),
        false => Ok(None),
    }
}

/// Whether it is sure that the object is not there.
fn is_certain(error: &StoreError) -> bool {
    error.kind != StoreErrorKind::Unknown
}
