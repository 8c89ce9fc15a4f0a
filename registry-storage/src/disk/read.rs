//! Reading an object piece by piece: what is cached at once, the rest on a thread that may wait.
//!
//! A file mapped into memory would save a copy, and turn an I/O error into the end of the process.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt, path::Path, sync::Arc};

use bytes::Bytes;
use futures_util::stream;
use registry_core::backend::{ObjectKey, ObjectRead, StoreError};

use super::{
    ahead::Ahead,
    blocking::blocking,
    cached,
    error::{failed, unavailable},
    root::Root,
};

/// At most so much is read at once of what is cached. More costs the same per byte and holds more.
const CACHED_PIECE: u64 = 64 << 10;

/// At most so much is read at once where the disk is waited for.
const PIECE: u64 = 128 << 10;

/// Opens an object.
pub(super) async fn read(
    root: &Arc<Root>,
    key: &ObjectKey,
    range: Option<Range<u64>>,
) -> Result<ObjectRead, StoreError> {
    let path = root.file(key);
    let file = match cached::open(&path) {
        Some(file) => file,
        None => {
            let (root, key) = (Arc::clone(root), key.clone());
            blocking(move || open(&root, &key, &path)).await?
        }
    };
    let size = file.metadata();
    let size = size.map_err(|error| failed("look at", &root.file(key), &error))?;
    let size = size.len();
    let rest = within(key, range, size)?;
    if rest.end - rest.start > PIECE {
        cached::expect_all(&file);
    }
    let left = Left {
        file: Arc::new(file),
        key: key.clone(),
        rest,
        once: false,
        ahead: Ahead::default(),
    };
    let bytes = Box::pin(stream::try_unfold(left, Left::next));
    Ok(ObjectRead { size, bytes })
}

/// Opens an object to read all of it once. What others have in memory stays there, and nothing else does.
pub(super) async fn read_once(root: &Arc<Root>, key: &ObjectKey) -> Result<ObjectRead, StoreError> {
    let (path, opened) = (root.file(key), key.clone());
    let root = Arc::clone(root);
    let (file, size) = blocking(move || {
        let file = open(&root, &opened, &path)?;
        let size = file.metadata();
        let size = size.map_err(|error| failed("look at", &path, &error))?;
        // Nothing is read ahead: then what is in memory is there because others read it.
        cached::expect_nothing(&file);
        Ok((file, size.len()))
    })
    .await?;
    let left = Left {
        file: Arc::new(file),
        key: key.clone(),
        rest: 0..size,
        once: true,
        ahead: Ahead::default(),
    };
    let bytes = Box::pin(stream::try_unfold(left, Left::next));
    Ok(ObjectRead { size, bytes })
}

/// What is left to be read of an object.
struct Left {
    file: Arc<File>,
    key: ObjectKey,
    rest: Range<u64>,
    /// Whether what comes from the disk is forgotten again.
    once: bool,
    ahead: Ahead,
}

impl Left {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.ahead.go_on(&self.file, self.rest.start, self.rest.end);
        let bytes = match self.cached().await {
            Some(bytes) => bytes,
            None => self.read().await?,
        };
        self.rest.start += bytes.len() as u64;
        Ok(Some((bytes.into(), self)))
    }

    /// What is in memory, or will be when what is brought has arrived.
    async fn cached(&mut self) -> Option<Vec<u8>> {
        let length = self.at_most(CACHED_PIECE);
        match cached::read(&self.file, self.rest.start, length) {
            None if self.ahead.arrived().await => cached::read(&self.file, self.rest.start, length),
            read => read,
        }
    }

    async fn read(&mut self) -> Result<Vec<u8>, StoreError> {
        let (file, key) = (Arc::clone(&self.file), self.key.clone());
        let (start, length, once) = (self.rest.start, self.at_most(PIECE), self.once);
        if !once {
            self.ahead.waited(start + length as u64);
        }
        blocking(move || {
            let mut bytes = vec![0; length];
            let read = file.read_exact_at(&mut bytes, start);
            if once {
                cached::forget(&file, start, length);
            }
            let at = |error| unavailable(format!("cannot read {key} at {start}: {error}"));
            read.map(|()| bytes).map_err(at)
        })
        .await
    }

    /// What is left, or the next piece of it.
    fn at_most(&self, piece: u64) -> usize {
        (self.rest.end - self.rest.start).min(piece) as usize
    }
}

fn open(root: &Root, key: &ObjectKey, path: &Path) -> Result<File, StoreError> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(root.missing(key)),
        opened => opened.map_err(|error| failed("open", path, &error)),
    }
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
