//! An ext4 file system of a test's own, which can be made to fail.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

const SIZE: u64 = 128 << 20;

/// Taken away at the test's end.
pub(crate) struct Disk {
    directory: PathBuf,
    mount: PathBuf,
}

impl Disk {
    pub(crate) fn mount(name: &str) -> Self {
        let name = format!("registry-disk-{name}-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let mount = directory.join("mount");
        fs::create_dir_all(&mount).unwrap();
        let disk = Self { directory, mount };
        File::create(disk.image()).unwrap().set_len(SIZE).unwrap();
        run(Command::new("mkfs.ext4")
            .args(["-q", "-F"])
            .arg(disk.image()));
        disk.attach();
        disk
    }

    pub(crate) fn path(&self) -> &Path {
        &self.mount
    }

    /// Tells the file system that it has met an error: it turns read-only, whoever has files open.
    pub(crate) fn fail(&self) {
        let found = Command::new("findmnt")
            .args(["-n", "-o", "SOURCE"])
            .arg(&self.mount)
            .output();
        let device = String::from_utf8(found.unwrap().stdout).unwrap();
        let device = device.trim().trim_start_matches("/dev/");
        let trigger = format!("/sys/fs/ext4/{device}/trigger_fs_error");
        fs::write(trigger, "1").unwrap();
    }

    /// Mounts it anew, repaired. Nobody may have a file open there.
    pub(crate) fn mend(&self) {
        run(Command::new("umount").arg(&self.mount));
        let repaired = Command::new("fsck.ext4")
            .args(["-p"])
            .arg(self.image())
            .output();
        let status = repaired.unwrap().status;
        assert!(status.code() < Some(2), "fsck: {status}");
        self.attach();
    }

    fn attach(&self) {
        let mut mount = Command::new("mount");
        let mount = mount.args(["-o", "loop,errors=remount-ro"]);
        run(mount.arg(self.image()).arg(&self.mount));
    }

    fn image(&self) -> PathBuf {
        self.directory.join("image")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let mut unmount = Command::new("umount");
        let _ = unmount.arg("--lazy").arg(&self.mount).status();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn run(command: &mut Command) {
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?}: {said}");
}
