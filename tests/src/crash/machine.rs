//! What the data lies on: a directory, or a disk whose power can be cut.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// A kind of file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// ext4.
    Ext4,
    /// XFS.
    Xfs,
}

/// A file system in a file, on a loop device.
///
/// Cutting the power is asking the file system to stop without writing its log: from then on nothing
/// reaches the device, and what it had not written is lost when it is unmounted. What that does not show
/// is a device that loses what it said it had written.
#[derive(Debug)]
pub struct Disk {
    device: String,
    mount: PathBuf,
}

/// Large enough for XFS, which wants 300 MiB.
const SIZE: u64 = 1 << 30;

impl Disk {
    /// Makes one in a directory, and mounts it there.
    ///
    /// # Errors
    /// Where that does not succeed; it needs to be root.
    pub fn make(directory: &Path, kind: FileSystem) -> io::Result<Self> {
        let image = directory.join("disk.image");
        File::create(&image)?.set_len(SIZE)?;
        match kind {
            FileSystem::Ext4 => run("mkfs.ext4", &["-q", "-F"], &image)?,
            FileSystem::Xfs => run("mkfs.xfs", &["-q", "-f"], &image)?,
        };
        let device = run("losetup", &["--find", "--show"], &image)?;
        let disk = Self {
            device: device.trim().to_owned(),
            mount: directory.join("disk"),
        };
        fs::create_dir_all(&disk.mount)?;
        disk.mount()?;
        Ok(disk)
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.mount
    }

    /// Cuts the power: nothing is written from now on.
    ///
    /// # Errors
    /// Where that does not succeed.
    pub fn cut(&self) -> io::Result<()> {
        run("xfs_io", &["-x", "-c", "shutdown"], &self.mount).map(drop)
    }

    /// Forgets what was not written, and mounts what was. Nothing may have a file open there.
    ///
    /// # Errors
    /// Where that does not succeed.
    pub fn restore(&self) -> io::Result<()> {
        self.unmount()?;
        self.mount()
    }

    fn mount(&self) -> io::Result<()> {
        run("mount", &[&self.device], &self.mount).map(drop)
    }

    /// Something of the system's own may look in for a moment.
    fn unmount(&self) -> io::Result<()> {
        let mut tries = 0;
        loop {
            match run("umount", &[], &self.mount) {
                Err(_) if tries < 50 => tries += 1,
                ended => return ended.map(drop),
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever sees this fail finds both by the image's name.
        let _ = self.unmount();
        let _ = run("losetup", &["--detach"], Path::new(&self.device));
    }
}

/// Runs a program on a path and answers what it said.
///
/// # Errors
/// Where it fails.
fn run(program: &str, arguments: &[&str], path: &Path) -> io::Result<String> {
    let mut command = Command::new(program);
    let command = command.args(arguments).arg(path).stdin(Stdio::null());
    let ended = command
        .output()
        .map_err(|error| io::Error::other(format!("{program}: {error}")))?;
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&ended.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    Err(io::Error::other(format!(
        "{program} {}: {}",
        path.display(),
        said.trim()
    )))
}
