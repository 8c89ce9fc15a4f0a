//! A write, as the engine has it: bytes are gathered here while others are on their way to the disk.

use std::{mem, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{BlobWrite, ObjectKey, StoreCheckpoint, StoreError, StoreErrorKind},
};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{
    block::Block,
    blocking::{blocking, done},
    error::unavailable,
    grant::Grant,
    key::Unique,
    room::{Announced, Room},
    root::Root,
    upload::Upload,
};

/// A writer of an upload. A call that is dropped leaves its step under way, for the next call to wait
/// for.
pub(super) struct DiskWrite {
    key: ObjectKey,
    unique: Unique,
    /// What has come of the bytes that go to the disk next.
    block: Block,
    /// The block of the step before, whose memory the next one may have.
    spare: Option<Block>,
    /// How many bytes there are, those of the block included.
    offset: u64,
    root: Arc<Root>,
    room: Arc<Room>,
    announced: Option<Announced>,
    /// None while a step is under way.
    upload: Option<Box<Upload>>,
    step: Option<JoinHandle<Step>>,
    /// A step was not done, so where the file stands is not known.
    failed: Option<StoreError>,
}

/// The upload and the block back from a step, and what came of it.
type Step = (
    Box<Upload>,
    Block,
    Result<Option<StoreCheckpoint>, StoreError>,
);

impl DiskWrite {
    pub(super) fn new(upload: Upload, grant: Grant, room: Arc<Room>) -> Self {
        Self {
            key: upload.key().clone(),
            unique: upload.unique().clone(),
            block: Block::at(upload.length(), grant),
            spare: None,
            offset: upload.length(),
            root: Arc::clone(upload.root()),
            room,
            announced: None,
            upload: Some(Box::new(upload)),
            step: None,
            failed: None,
        }
    }

    /// Begins a step with the bytes of the block, when the step before it is done.
    async fn begin(
        &mut self,
        step: impl FnOnce(&mut Upload, &[u8]) -> Result<Option<StoreCheckpoint>, StoreError>
        + Send
        + 'static,
    ) -> Result<(), StoreError> {
        self.end().await?;
        let mut upload = self.upload()?;
        let block = self.next_block();
        self.step = Some(spawn_blocking(move || {
            let outcome = step(&mut upload, block.bytes());
            (upload, block, outcome)
        }));
        Ok(())
    }

    /// Waits for the step under way.
    async fn end(&mut self) -> Result<Option<StoreCheckpoint>, StoreError> {
        if let Some(step) = &mut self.step {
            let ended = done(step).await;
            self.step = None;
            let outcome = ended.and_then(|(upload, block, outcome)| {
                self.upload = Some(upload);
                self.spare = Some(block);
                outcome
            });
            self.failed = outcome.as_ref().err().cloned();
            return outcome;
        }
        self.failed.clone().map_or(Ok(None), Err)
    }

    /// The block as it is, in whose place comes an empty one.
    fn next_block(&mut self) -> Block {
        let next = match self.spare.take() {
            Some(spare) => spare.again_at(self.offset),
            None => self.block.another_at(self.offset),
        };
        mem::replace(&mut self.block, next)
    }

    fn upload(&mut self) -> Result<Box<Upload>, StoreError> {
        let lost = || unavailable(format!("a step of {} was lost", self.key));
        self.upload.take().ok_or_else(lost)
    }
}

#[async_trait]
impl BlobWrite for DiskWrite {
    fn key(&self) -> &ObjectKey {
        &self.key
    }

    fn committed_key(&self, digest: &Digest) -> ObjectKey {
        self.unique.object_key(digest)
    }

    async fn announce(&mut self, bytes: u64) -> Result<(), StoreError> {
        // What this writer announced before counts no more, whatever came of it.
        self.announced = None;
        let (root, room) = (Arc::clone(&self.root), Arc::clone(&self.room));
        let announced = blocking(move || room.announce(&root, bytes)).await?;
        self.announced = Some(announced);
        Ok(())
    }

    async fn append(&mut self, mut bytes: Bytes) -> Result<(), StoreError> {
        if let Some(announced) = &mut self.announced {
            announced.came(bytes.len() as u64);
        }
        loop {
            self.offset += self.block.take(&mut bytes) as u64;
            if !self.block.is_full() {
                return self.failed.clone().map_or(Ok(()), Err);
            }
            self.begin(|upload, bytes| upload.write(bytes).map(|()| None))
                .await?;
        }
    }

    async fn checkpoint(&mut self) -> Result<StoreCheckpoint, StoreError> {
        self.begin(|upload, bytes| upload.checkpoint(bytes).map(Some))
            .await?;
        let checkpoint = self.end().await?;
        checkpoint.ok_or_else(|| unavailable(format!("{} gave no checkpoint", self.key)))
    }

    async fn commit(mut self: Box<Self>, digest: &Digest) -> Result<ObjectKey, StoreError> {
        let ended = self.end().await;
        let mut upload = self.upload()?;
        if let Err(error) = ended {
            drop(blocking(move || upload.leave()).await);
            return Err(error);
        }
        let (block, digest) = (self.block, digest.clone());
        let mut commit = spawn_blocking(move || upload.commit(block.bytes(), &digest));
        let lost = |error: StoreError| StoreError::new(StoreErrorKind::Unknown, error.message);
        done(&mut commit).await.map_err(lost)?
    }

    async fn abort(mut self: Box<Self>) -> Result<(), StoreError> {
        // What was not done does not matter any more.
        drop(self.end().await);
        let mut upload = self.upload()?;
        blocking(move || upload.abort()).await
    }
}
