//! Reading an object: one request, and another at the offset where its answer broke.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use object_store::{GetOptions, GetRange, GetResult};
use registry_core::backend::{ByteStream, ObjectKey, ObjectRead, StoreError, StoreErrorKind};

use super::{
    error::{unavailable, words},
    store::Store,
};

/// A read that broke goes on at most so many times, anew for each piece that has come: a slow reader of a
/// large object outlives many answers. It goes on at once, since the client of a real store has waited and
/// tried by itself before it lets an answer break.
const TRIES: u32 = 4;

/// No more is handed out at once, whatever a store holds in one piece.
const PIECE: u64 = 1 << 20;

/// Opens an object.
pub(super) async fn read(
    store: &Arc<Store>,
    key: &ObjectKey,
    range: Option<Range<u64>>,
) -> Result<ObjectRead, StoreError> {
    if let Some(range) = &range
        && range.is_empty()
    {
        return Err(unavailable(format!("{range:?} is no range of {key}")));
    }
    let options = GetOptions::new().with_range(range.clone().map(GetRange::Bounded));
    let got = store.get(key, options).await?;
    let size = got.meta.size;
    let rest = range.unwrap_or(0..size);
    if rest.end > size || got.range != rest {
        let words = format!("{key} has {size} bytes, {rest:?} is no range of it");
        return Err(unavailable(words));
    }
    let reading = Reading {
        store: Arc::clone(store),
        key: key.clone(),
        size,
        version: got.meta.e_tag.clone(),
        rest,
        bytes: stream_of(got),
        held: Bytes::new(),
        piece: PIECE.min(store.settings.part_size) as usize,
        tries: TRIES,
        since: 0,
    };
    let bytes = Box::pin(stream::try_unfold(reading, Reading::next));
    Ok(ObjectRead { size, bytes })
}

struct Reading {
    store: Arc<Store>,
    key: ObjectKey,
    size: u64,
    /// The version that the first answer came from.
    version: Option<String>,
    /// What has not come yet.
    rest: Range<u64>,
    bytes: ByteStream,
    /// What has come and was not handed out.
    held: Bytes,
    piece: usize,
    tries: u32,
    /// How much has come since it broke.
    since: usize,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        while self.held.is_empty() && !self.rest.is_empty() {
            match self.bytes.next().await {
                Some(Ok(bytes)) => self.hold(bytes)?,
                Some(Err(error)) => self.go_on(&error.message).await?,
                None => self.go_on("the answer was cut short").await?,
            }
        }
        if self.held.is_empty() {
            return Ok(None);
        }
        let piece = self.held.split_to(self.piece.min(self.held.len()));
        Ok(Some((piece, self)))
    }

    fn hold(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.rest.start += bytes.len() as u64;
        if self.rest.start > self.rest.end {
            return Err(self.broke("more bytes came than were asked for"));
        }
        self.since = self.since.saturating_add(bytes.len());
        if self.since >= self.piece {
            self.tries = TRIES;
        }
        self.held = bytes;
        Ok(())
    }

    /// Asks for what has not come, of the same version.
    async fn go_on(&mut self, why: &str) -> Result<(), StoreError> {
        let mut why = why.to_owned();
        self.since = 0;
        while self.tries > 0 {
            self.tries -= 1;
            let options = GetOptions::new()
                .with_range(Some(GetRange::Bounded(self.rest.clone())))
                .with_if_match(self.version.clone());
            match self.store.get(&self.key, options).await {
                Ok(got) if got.meta.size == self.size && got.range == self.rest => {
                    self.bytes = stream_of(got);
                    return Ok(());
                }
                Ok(_) => return Err(self.broke("it is another object now")),
                Err(error) if error.kind == StoreErrorKind::Absent => return Err(error),
                Err(error) => why = error.message,
            }
        }
        Err(self.broke(&why))
    }

    fn broke(&self, why: &str) -> StoreError {
        let (key, at) = (&self.key, self.rest.start);
        unavailable(format!("the read of {key} broke at {at}: {why}"))
    }
}

fn stream_of(got: GetResult) -> ByteStream {
    let bytes = got.into_stream();
    Box::pin(bytes.map(|bytes| bytes.map_err(|error| unavailable(words(&error)))))
}
