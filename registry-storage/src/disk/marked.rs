//! File steps between marks, some of them left out, as a test wants it.

use std::{fs::File, io, path::Path};

use super::ops::FileOps;
use crate::marked::{leaves_out, step};

/// Steps around which the process may end.
pub(super) struct Marked {
    inner: Box<dyn FileOps>,
    files: bool,
    directories: bool,
}

impl Marked {
    pub(super) fn new(inner: Box<dyn FileOps>) -> Self {
        Self {
            inner,
            files: !leaves_out("file-syncs"),
            directories: !leaves_out("directory-syncs"),
        }
    }
}

impl FileOps for Marked {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        step("disk.write", || self.inner.write(file, bytes, offset))
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        step("disk.truncate", || self.inner.truncate(file, length))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        step("disk.rename", || self.inner.rename(from, to))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        step("disk.link", || self.inner.link(from, to))
    }

    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()> {
        step("disk.sync_file", || match self.files {
            true => self.inner.sync_file(file, path),
            false => Ok(()),
        })
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        step("disk.sync_directory", || match self.directories {
            true => self.inner.sync_directory(path),
            false => Ok(()),
        })
    }
}
