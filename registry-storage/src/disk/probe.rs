//! Whether the disk can be written to, and how much room it has.

use std::{
    fs::{self, File},
    io::{self, Write},
};

use registry_core::backend::StoreError;
use rustix::fs::{Access, access, statvfs};

use super::{error::failed, root::Root};

/// The room on a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes in all.
    pub total: u64,
    /// Bytes that this process may still use.
    pub available: u64,
    /// Files in all; zero where the file system has no such limit.
    pub files_total: u64,
    /// Files that this process may still make.
    pub files_available: u64,
}

/// The file has one name, so that a crash leaves one of them behind at most.
const PROBE: &str = "probe";

/// Writes a file, durably, and takes it away; looks whether content may be read and added. This blocks.
pub(super) fn probe(root: &Root) -> Result<(), StoreError> {
    root.check()?;
    for directory in [root.blobs(), root.uploads()] {
        let all = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
        access(&directory, all).map_err(|error| failed("use", &directory, &error.into()))?;
    }
    let path = root.directory().join(PROBE);
    let written = || {
        let mut file = File::create(&path)?;
        file.write_all(b"probe\n")?;
        root.ops.sync_file(&file, &path)?;
        match fs::remove_file(&path) {
            // Another process that takes over probes as well.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    };
    written().map_err(|error| failed("write", &path, &error))
}

/// Asks the system for the room. This blocks.
pub(super) fn space(root: &Root) -> Result<Space, StoreError> {
    let path = root.directory();
    let found = statvfs(path).map_err(|error| failed("look at", path, &error.into()))?;
    Ok(Space {
        total: found.f_blocks.saturating_mul(found.f_frsize),
        available: found.f_bavail.saturating_mul(found.f_frsize),
        files_total: found.f_files,
        files_available: found.f_favail,
    })
}
