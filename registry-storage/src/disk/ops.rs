//! The steps whose order decides what survives a power cut.
//!
//! They are one trait, so that a setting can leave the waiting out and a test can see in which order
//! they are done, or have one of them fail. Everything else calls the operating system directly.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use super::direct;
use crate::Durability;

/// Steps of a write.
pub(super) trait FileOps: Send + Sync {
    /// Writes all bytes at an offset.
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Forgets what is behind the length.
    fn truncate(&self, file: &File, length: u64) -> io::Result<()>;

    /// Gives a file another name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a further name.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Answers when a file's bytes and length are on the disk.
    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()>;

    /// Answers when a directory's entries are on the disk.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
}

/// The steps as a setting wants them.
pub(super) fn of(durability: Durability) -> Box<dyn FileOps> {
    let system = Box::new(System {
        waits: durability == Durability::Strict,
    });
    #[cfg(feature = "abort-points")]
    let system = Box::new(super::marked::Marked::new(system));
    system
}

struct System {
    waits: bool,
}

impl FileOps for System {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        direct::write(file, bytes, offset)
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn sync_file(&self, file: &File, _: &Path) -> io::Result<()> {
        if self.waits { file.sync_data() } else { Ok(()) }
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        if self.waits {
            File::open(path)?.sync_all()
        } else {
            Ok(())
        }
    }
}
