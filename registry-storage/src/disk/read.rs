//! Reading an object piece by piece, the next piece while the one before is on its way.

use std::{fs::File, ops::Range, os::unix::fs::FileExt, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use registry_core::backend::{ByteStream, ObjectKey, ObjectRead, StoreError};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{
    blocking::done,
    error::{failed, unavailable},
    root::Root,
};

/// As much as this is read at once.
const PIECE: u64 = 256 << 10;

/// An object opened, with its first piece, which for most objects is all of it.
pub(super) struct Opened {
    object: Object,
    size: u64,
    first: Bytes,
    rest: Range<u64>,
}

struct Object {
    file: File,
    key: ObjectKey,
}

impl Opened {
    /// Opens a file. This blocks.
    pub(super) fn open(
        root: &Root,
        key: ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<Self, StoreError> {
        let path = root.file(&key);
        let file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(root.missing(&key));
            }
            opened => opened.map_err(|error| failed("open", &path, &error))?,
        };
        let size = file.metadata();
        let size = size
            .map_err(|error| failed("look at", &path, &error))?
            .len();
        let mut rest = within(&key, range, size)?;
        let object = Object { file, key };
        let first = object.read(next(&mut rest))?;
        Ok(Self {
            object,
            size,
            first,
            rest,
        })
    }

    pub(super) fn into_read(self) -> ObjectRead {
        let first = stream::iter((!self.first.is_empty()).then_some(Ok(self.first)));
        let bytes: ByteStream = if self.rest.is_empty() {
            Box::pin(first)
        } else {
            Box::pin(first.chain(pieces(self.object, self.rest)))
        };
        ObjectRead {
            size: self.size,
            bytes,
        }
    }
}

impl Object {
    fn read(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        let read = self.file.read_exact_at(&mut bytes, range.start);
        read.map_err(|error| {
            unavailable(format!("cannot read {range:?} of {}: {error}", self.key))
        })?;
        Ok(bytes.into())
    }
}

/// A piece that is being read, and what is left after it.
struct Ahead {
    object: Arc<Object>,
    reading: JoinHandle<Result<Bytes, StoreError>>,
    rest: Range<u64>,
}

impl Ahead {
    fn new(object: Arc<Object>, mut rest: Range<u64>) -> Option<Self> {
        let piece = next(&mut rest);
        if piece.is_empty() {
            return None;
        }
        let of = Arc::clone(&object);
        let reading = spawn_blocking(move || of.read(piece));
        Some(Self {
            object,
            reading,
            rest,
        })
    }
}

/// What is left, a piece at a time. After an error there is nothing more.
fn pieces(
    object: Object,
    rest: Range<u64>,
) -> impl futures_util::Stream<Item = Result<Bytes, StoreError>> {
    stream::unfold(Ahead::new(Arc::new(object), rest), |ahead| async {
        let Ahead {
            object,
            mut reading,
            rest,
        } = ahead?;
        match done(&mut reading).await.flatten() {
            Ok(bytes) => Some((Ok(bytes), Ahead::new(object, rest))),
            Err(error) => Some((Err(error), None)),
        }
    })
}

/// Takes the next piece off what is left.
fn next(rest: &mut Range<u64>) -> Range<u64> {
    let start = rest.start;
    rest.start = rest.end.min(start + PIECE);
    start..rest.start
}

/// The range, if it is one of the object's.
fn within(key: &ObjectKey, range: Option<Range<u64>>, size: u64) -> Result<Range<u64>, StoreError> {
    match range {
        None => Ok(0..size),
        Some(range) if range.start < range.end && range.end <= size => Ok(range),
        Some(range) => Err(unavailable(format!(
            "{key} has {size} bytes, {range:?} is no range of it"
        ))),
    }
}
