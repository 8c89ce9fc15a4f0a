//! A file from elsewhere that becomes an object by a further name.
//!
//! It goes straight to its name among the objects, and not by way of `uploads`: what is there may be
//! written to. Its bytes may never have been synced by whoever wrote them, so they are before it has the
//! name. Where it cannot be linked, it is for the caller to copy it.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use registry_core::{
    Digest,
    backend::{FileStore, ObjectKey, StoreError},
};
use rustix::fs::{Mode, OFlags};

use super::{
    DiskBlobs,
    error::failed,
    key::{Place, Unique, place},
    root::Root,
    upload::remove,
};

#[async_trait]
impl FileStore for DiskBlobs {
    async fn adopt(&self, file: &Path, digest: &Digest) -> Result<Option<ObjectKey>, StoreError> {
        let (path, digest) = (file.to_owned(), digest.clone());
        self.work(move |root| adopt(root, &path, &digest)).await
    }

    fn file(&self, object: &ObjectKey) -> Option<PathBuf> {
        (place(object) == Some(Place::Object)).then(|| self.root.file(object))
    }
}

fn adopt(root: &Root, path: &Path, digest: &Digest) -> Result<Option<ObjectKey>, StoreError> {
    let file = match open(path) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(None),
        Err(error) => return Err(failed("open", path, &error)),
    };
    let key = Unique::new(&*root.random).object_key(digest);
    let object = root.file(&key);
    let directory = object.parent().unwrap_or(&object);
    root.make_lasting(directory)?;
    if !on_one_file_system(&file, directory) {
        return Ok(None);
    }
    let synced = root.ops.sync_file(&file, path);
    synced.map_err(|error| failed("sync", path, &error))?;
    match root.ops.link(path, &object) {
        Ok(()) => {}
        Err(error) if is_refusal(&error) => return Ok(None),
        Err(error) => return Err(failed("link to", &object, &error)),
    }
    // Somebody may have put another file in its place, which was not synced.
    if !is_same(&file, &object) {
        remove(&object)?;
        return Ok(None);
    }
    if let Err(error) = root.sync_directory(directory) {
        // Should it stay, nothing names it.
        drop(remove(&object));
        return Err(error);
    }
    Ok(Some(key))
}

/// The file at a path; `None` where there is none that can be read and is one itself.
fn open(path: &Path) -> io::Result<Option<File>> {
    use rustix::io::Errno;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::ACCESS) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(file.metadata()?.is_file().then_some(file))
}

fn on_one_file_system(file: &File, directory: &Path) -> bool {
    match (file.metadata(), fs::metadata(directory)) {
        (Ok(file), Ok(directory)) => file.dev() == directory.dev(),
        _ => false,
    }
}

fn is_same(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(file), Ok(found)) => (file.dev(), file.ino()) == (found.dev(), found.ino()),
        _ => false,
    }
}

/// Whether a file cannot be linked, and may be copied all the same.
fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::CrossesDevices
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::TooManyLinks
            | io::ErrorKind::Unsupported
            | io::ErrorKind::NotFound
    )
}
