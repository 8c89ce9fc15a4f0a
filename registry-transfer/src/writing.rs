//! Files of a directory that images go to.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use futures_util::TryStreamExt;
use registry_client::Content;
use registry_core::{Algorithms, Digest, DigestHasher};
use rustix::fs::FlockOperation;

use crate::{
    Error, Result,
    files::{aside, is_known},
};

/// Streams content into a file, and says what digest it has.
pub(crate) async fn fill(
    mut file: File,
    part: &Path,
    digest: &Digest,
    content: &dyn Content,
) -> Result<(File, Digest)> {
    let mut hasher = hasher(digest)?;
    let mut bytes = content.read(0).await.map_err(unread)?;
    while let Some(chunk) = bytes.try_next().await.map_err(unread)? {
        hasher.update(&chunk);
        let written = aside(part, move |_| {
            file.write_all(&chunk)?;
            Ok(file)
        });
        file = written.await?;
    }
    Ok((file, hasher.finish()))
}

/// What computes digests like that one, whose algorithm may be none that can name a file.
pub(crate) fn hasher(digest: &Digest) -> Result<Box<dyn DigestHasher>> {
    let unsupported = || registry_core::Error::DigestUnsupported(digest.algorithm().to_owned());
    let algorithms = Algorithms::standard();
    let known = algorithms.get(digest.algorithm());
    let known = known.filter(|_| is_known(digest));
    Ok(known.ok_or_else(unsupported)?.hasher())
}

/// An error where the digest is another.
pub(crate) fn mismatch(expected: &Digest, actual: Digest) -> Result<()> {
    if *expected == actual {
        return Ok(());
    }
    let expected = expected.clone();
    Err(registry_core::Error::DigestMismatch { expected, actual }.into())
}

pub(crate) fn unread(error: io::Error) -> Error {
    Error::content(format!("it cannot be read: {error}"))
}

/// Locks a directory, which is made where there is none.
pub(crate) async fn lock(root: &Path) -> Result<File> {
    let locked = aside(root, try_lock).await?;
    let place = root.display();
    locked.ok_or_else(|| Error::content(format!("another process writes to {place}")))
}

/// `None` where another process has the lock.
fn try_lock(root: &Path) -> io::Result<Option<File>> {
    fs::create_dir_all(root)?;
    let directory = File::open(root)?;
    match rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(directory)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Refuses a directory with something in it; `wanted` is what it may be instead of empty.
pub(crate) async fn must_be_empty(root: &Path, wanted: &str) -> Result<()> {
    let empty = aside(root, |root| Ok(fs::read_dir(root)?.next().is_none()));
    if empty.await? {
        return Ok(());
    }
    let place = root.display();
    let sentence = format!("{place} is neither empty nor {wanted}");
    Err(Error::content(sentence))
}

pub(crate) fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
