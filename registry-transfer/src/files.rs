//! Files of a directory that somebody else may have written.
//!
//! A name is opened only where it is a file itself: a link would lead out of the directory, and a pipe
//! would never end. What is read into memory has a limit, whatever the file says of its length.

use std::{
    fs::File,
    io::{self, Read},
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use registry_client::{ByteStream, Content};
use registry_core::{Algorithms, Digest};
use rustix::fs::{Mode, OFlags};

use crate::{Error, Result};

/// How much of a file is read at once.
const CHUNK: u64 = 1 << 20;

/// No manifest is longer than this.
pub(crate) const MAX_MANIFEST: u64 = 8 << 20;

/// Runs what blocks aside.
pub(crate) async fn aside<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let owned = path.to_owned();
    let done = tokio::task::spawn_blocking(move || work(&owned)).await;
    let done = done.unwrap_or_else(|error| Err(io::Error::other(error)));
    done.map_err(Error::file(path))
}

/// `None` instead of the error that says that something is not there.
pub(crate) fn there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(None),
            _ => Err(error),
        },
    }
}

/// Opens a file that is one.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a file"))
    }
}

/// The whole of a file that is no longer than `limit`; `None` where there is none.
pub(crate) async fn read(path: PathBuf, limit: u64) -> Result<Option<Bytes>> {
    aside(&path, move |path| there(read_now(path, limit))).await
}

fn read_now(path: &Path, limit: u64) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > limit {
        true => Err(too_long(limit)),
        false => Ok(bytes.into()),
    }
}

/// The whole of a part of a file that is no longer than `limit`.
pub(crate) async fn read_range(
    path: PathBuf,
    file: Arc<File>,
    range: Range<u64>,
    limit: u64,
) -> Result<Bytes> {
    aside(&path, move |_| {
        let length = range.end - range.start;
        if length > limit {
            return Err(too_long(limit));
        }
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        file.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes.into())
    })
    .await
}

fn too_long(limit: u64) -> io::Error {
    io::Error::other(format!("it is longer than {limit} bytes"))
}

/// Whether a digest is of an algorithm whose digests can name files: hex digits and nothing else.
pub(crate) fn is_known(digest: &Digest) -> bool {
    Algorithms::standard().accepts(digest)
}

/// The bytes of a file, or of a part of it.
pub(crate) struct FileContent {
    file: Arc<File>,
    start: u64,
    size: u64,
}

impl FileContent {
    /// The file at a path; `None` where there is none.
    pub(crate) async fn open(path: PathBuf) -> Result<Option<Self>> {
        aside(&path, |path| {
            let Some(file) = there(open(path))? else {
                return Ok(None);
            };
            let size = file.metadata()?.len();
            Ok(Some(Self::part(Arc::new(file), 0..size)))
        })
        .await
    }

    /// A part of a file.
    pub(crate) fn part(file: Arc<File>, range: Range<u64>) -> Self {
        Self {
            file,
            start: range.start,
            size: range.end - range.start,
        }
    }
}

#[async_trait]
impl Content for FileContent {
    fn size(&self) -> u64 {
        self.size
    }

    async fn read(&self, offset: u64) -> io::Result<ByteStream> {
        let Self { start, size, .. } = *self;
        let file = Arc::clone(&self.file);
        Ok(Box::pin(stream::try_unfold(offset, move |offset| {
            let file = Arc::clone(&file);
            async move {
                if offset >= size {
                    return Ok(None);
                }
                let length = CHUNK.min(size - offset);
                let read =
                    tokio::task::spawn_blocking(move || read_at(&file, start + offset, length));
                let bytes = read.await.map_err(io::Error::other)??;
                let next = offset + bytes.len() as u64;
                Ok(Some((bytes, next)))
            }
        })))
    }
}

fn read_at(file: &File, offset: u64, length: u64) -> io::Result<Bytes> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    match file.read_at(&mut bytes, offset)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        read => {
            bytes.truncate(read);
            Ok(bytes.into())
        }
    }
}
