//! A multipart upload, as one of its writers has it.
//!
//! A part's number is its place, and a store takes the last part that was sent under a number. So a
//! writer that was overtaken and is still open may put its parts over those of the one that goes on. Each
//! part sent has an id of its own, though, and a completion names the ids that it means: a store that
//! does not have them under those numbers any more refuses, so bytes of two writers never become one
//! object. What it costs is that the newest writer may be refused, too. In the registry that takes a
//! client that sends other bytes through another process while its first connection is alive; the same
//! bytes make the same part, and the writer of an older claim ends at its next checkpoint.
//!
//! Numbers of each writer's own were the alternative. They must be without gaps from the first part to
//! the last, as a completion is asked for here, so there are none to choose from. A mark in the store of
//! whose turn it is was the other; every part would have to look at it first, at twice the requests, and
//! a part that is on its way while the turn is taken would come too late all the same.

use std::sync::Arc;

use object_store::{MultipartId, PutPayload, multipart::PartId, path::Path};
use registry_core::backend::{ObjectKey, StoreError};
use tokio::task::{JoinError, JoinSet};

use super::{
    budget::Share,
    error::{absent, is_absent, unavailable},
    store::Store,
};
use crate::unique::Unique;

pub(super) struct Upload {
    store: Arc<Store>,
    /// Where the object will be.
    path: Path,
    id: MultipartId,
    /// By number; none where it is still on its way.
    parts: Vec<Option<PartId>>,
    flying: JoinSet<Sent>,
}

/// A part that was sent, and what the store said.
type Sent = (usize, object_store::Result<PartId>);

impl Upload {
    /// Begins one for the object of a write.
    pub(super) async fn begin(store: Arc<Store>, object: Unique) -> Result<Self, StoreError> {
        let path = store.path(object.blob_key().as_str());
        let attributes = store.settings.attributes().into();
        let begun = store.parts.create_multipart_opts(&path, attributes).await;
        let id = begun.map_err(|error| store.failed("begin an upload of", &path, &error))?;
        if id.is_empty() {
            return Err(indistinct(&store));
        }
        Ok(Self::of(store, path, id, Vec::new()))
    }

    /// Goes on in one that has these parts. Whether it is still there the store tells only to somebody
    /// who sends a part, so what comes next is sent now, as far as it is there: it is the last part if
    /// nothing more comes, and is replaced otherwise.
    pub(super) async fn resume(
        store: Arc<Store>,
        key: &ObjectKey,
        (object, id): (&Unique, MultipartId),
        parts: Vec<PartId>,
        next: PutPayload,
    ) -> Result<(Self, PartId), StoreError> {
        let path = store.path(object.blob_key().as_str());
        let upload = Self::of(store, path, id, parts.into_iter().map(Some).collect());
        let number = upload.parts.len();
        let sent = upload
            .store
            .parts
            .put_part(&upload.path, &upload.id, number, next);
        let part = match sent.await {
            Err(error) if is_absent(&error) => return Err(absent(key)),
            sent => upload.sent(number, sent)?,
        };
        Ok((upload, part))
    }

    fn of(store: Arc<Store>, path: Path, id: MultipartId, parts: Vec<Option<PartId>>) -> Self {
        Self {
            store,
            path,
            id,
            parts,
            flying: JoinSet::new(),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// How many parts there are, those on their way included.
    pub(super) fn count(&self) -> usize {
        self.parts.len()
    }

    /// Waits until fewer parts than this are on their way.
    pub(super) async fn below(&mut self, most: usize) -> Result<(), StoreError> {
        while self.flying.len() >= most
            && let Some(sent) = self.flying.join_next().await
        {
            self.arrived(sent)?;
        }
        Ok(())
    }

    /// Takes note of the parts that have arrived.
    pub(super) fn look(&mut self) -> Result<(), StoreError> {
        while let Some(sent) = self.flying.try_join_next() {
            self.arrived(sent)?;
        }
        Ok(())
    }

    /// Sends the next part. It goes out by itself, also while nobody asks for it, and its share is given
    /// back when it has arrived.
    pub(super) fn send(&mut self, part: PutPayload, share: Option<Share>) {
        let number = self.parts.len();
        self.parts.push(None);
        let store = Arc::clone(&self.store);
        let (path, id) = (self.path.clone(), self.id.clone());
        self.flying.spawn(async move {
            let sent = store.parts.put_part(&path, &id, number, part).await;
            drop(share);
            (number, sent)
        });
    }

    /// Adds a part that the store has already.
    pub(super) fn add(&mut self, part: PartId) {
        self.parts.push(Some(part));
    }

    /// Waits for all parts.
    pub(super) async fn settle(&mut self) -> Result<Vec<PartId>, StoreError> {
        self.below(1).await?;
        let parts = self.parts.iter().cloned().collect::<Option<Vec<_>>>();
        parts.ok_or_else(|| unavailable(format!("a part of {} was lost", self.path)))
    }

    /// Makes the object of all parts.
    pub(super) async fn complete(&self, parts: Vec<PartId>) -> Result<(), StoreError> {
        let store = &self.store;
        let done = store.parts.complete_multipart(&self.path, &self.id, parts);
        done.await
            .map(drop)
            .map_err(|error| store.failed("complete the upload of", &self.path, &error))
    }

    /// Gives it up, when no part is on its way any more: one that arrives later would stay.
    pub(super) async fn abort(mut self) -> Result<(), StoreError> {
        self.flying.shutdown().await;
        self.store.abort(&self.path, &self.id).await
    }

    fn arrived(&mut self, sent: Result<Sent, JoinError>) -> Result<(), StoreError> {
        let lost = |error| unavailable(format!("a part of {} was lost: {error}", self.path));
        let (number, sent) = sent.map_err(lost)?;
        let part = self.sent(number, sent)?;
        self.parts[number] = Some(part);
        Ok(())
    }

    fn sent(
        &self,
        number: usize,
        sent: object_store::Result<PartId>,
    ) -> Result<PartId, StoreError> {
        let what = || format!("put part {number} of");
        let part = sent.map_err(|error| self.store.failed(&what(), &self.path, &error))?;
        if part.content_id.is_empty() {
            return Err(indistinct(&self.store));
        }
        Ok(part)
    }
}

/// In such a store bytes of two writers could become one object, and nobody would be told.
fn indistinct(store: &Store) -> StoreError {
    let store = &store.objects;
    unavailable(format!(
        "{store} does not tell one upload, or one part, from another: no object of several parts can \
         be kept in it"
    ))
}
