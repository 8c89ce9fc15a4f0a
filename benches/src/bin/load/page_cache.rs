//! Taking files out of the kernel's page cache, so that the next read comes from the disk.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, fadvise, fdatasync, sync};

use crate::failure::{Failure, Kind, Result};

const DROP_CACHES: &str = "/proc/sys/vm/drop_caches";

/// What is taken out of it.
pub(crate) enum PageCache {
    Files(Vec<PathBuf>),
    /// All that is clean, which needs root.
    Whole,
}

impl PageCache {
    /// The files in a folder that can hold so many bytes, or all there is if no folder is known.
    pub(crate) fn of(folder: Option<&Path>, size: usize) -> Result<Self> {
        let Some(folder) = folder else {
            return Ok(Self::Whole);
        };
        let mut files = Vec::new();
        collect(folder, size as u64, &mut files)?;
        if files.is_empty() {
            let folder = folder.display();
            return Err(cannot(format!("no file in {folder} holds {size} bytes")));
        }
        Ok(Self::Files(files))
    }

    pub(crate) fn drop_pages(&self) -> Result<()> {
        match self {
            Self::Files(files) => files.iter().try_for_each(|file| drop_file(file)),
            Self::Whole => drop_whole(),
        }
    }
}

fn collect(folder: &Path, least: u64, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            collect(&entry.path(), least, files)?;
        } else if metadata.len() >= least {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Pages that are not yet written stay, so they are written first.
fn drop_file(path: &Path) -> Result<()> {
    let during = |error: std::io::Error| cannot(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(during)?;
    fdatasync(&file).map_err(|error| during(error.into()))?;
    fadvise(&file, 0, None, Advice::DontNeed).map_err(|error| during(error.into()))
}

fn drop_whole() -> Result<()> {
    sync();
    fs::write(DROP_CACHES, "1").map_err(|error| {
        cannot(format!(
            "{DROP_CACHES}: {error}; be root, or name the server's files (--files DIR)"
        ))
    })
}

fn cannot(why: String) -> Failure {
    let sentence = format!("the page cache cannot be dropped: {why}");
    Failure::of(Kind::NotHere, sentence)
}
