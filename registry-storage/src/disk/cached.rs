//! What the operating system has in memory, without waiting for a disk.
//!
//! Linux answers an opening and a read at once where it would otherwise wait, so what is cached is read
//! on the thread that wants it, at a fifth of the cost of having a thread read it that may wait. Where
//! that cannot be asked for, nothing counts as cached.

use std::{fs::File, ops::Range, path::Path};
#[cfg(target_os = "linux")]
use std::{num::NonZeroU64, sync::LazyLock};

/// Opens a file, if that needs no disk.
#[cfg(target_os = "linux")]
pub(super) fn open(path: &Path) -> Option<File> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};

    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let opened = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED);
    opened.ok().map(File::from)
}

/// Reads what there is of at most `length` bytes, if there is any.
#[cfg(target_os = "linux")]
pub(super) fn read(file: &File, offset: u64, length: usize) -> Option<Vec<u8>> {
    use std::io::IoSliceMut;

    use rustix::io::{ReadWriteFlags, preadv2};

    let mut bytes = vec![0; length];
    let mut buffers = [IoSliceMut::new(&mut bytes)];
    let read = preadv2(file, &mut buffers, offset, ReadWriteFlags::NOWAIT);
    bytes.truncate(read.ok().filter(|read| *read > 0)?);
    Some(bytes)
}

/// Says that the file is going to be read from the beginning to the end.
#[cfg(target_os = "linux")]
pub(super) fn expect_all(file: &File) {
    use rustix::fs::{Advice, fadvise};

    // It is advice: whether it was taken does not matter.
    fadvise(file, 0, None, Advice::Sequential).ok();
}

/// Says that nothing of the file is to be read before it is asked for.
#[cfg(target_os = "linux")]
pub(super) fn expect_nothing(file: &File) {
    use rustix::fs::{Advice, fadvise};

    fadvise(file, 0, None, Advice::Random).ok();
}

/// Has a piece of the file read into memory, and waits for it. Nothing is copied.
#[cfg(target_os = "linux")]
pub(super) fn fill(file: &File, mut piece: Range<u64>) {
    static NOWHERE: LazyLock<Option<File>> =
        LazyLock::new(|| File::options().write(true).open("/dev/null").ok());
    let Some(nowhere) = &*NOWHERE else { return };
    while !piece.is_empty() {
        let length = (piece.end - piece.start) as usize;
        // Who needs the piece reads it again, and says what was wrong.
        match rustix::fs::sendfile(nowhere, file, Some(&mut piece.start), length) {
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
    }
}

/// Says that a piece of the file is not needed again.
#[cfg(target_os = "linux")]
pub(super) fn forget(file: &File, offset: u64, length: usize) {
    use rustix::fs::{Advice, fadvise};

    fadvise(
        file,
        offset,
        NonZeroU64::new(length as u64),
        Advice::DontNeed,
    )
    .ok();
}

/// Nothing is known to be cached here.
#[cfg(not(target_os = "linux"))]
pub(super) fn open(_: &Path) -> Option<File> {
    None
}

/// Nothing is known to be cached here.
#[cfg(not(target_os = "linux"))]
pub(super) fn read(_: &File, _: u64, _: usize) -> Option<Vec<u8>> {
    None
}

/// There is nobody to say it to.
#[cfg(not(target_os = "linux"))]
pub(super) fn expect_all(_: &File) {}

/// There is nobody to say it to.
#[cfg(not(target_os = "linux"))]
pub(super) fn expect_nothing(_: &File) {}

/// There is nobody to say it to.
#[cfg(not(target_os = "linux"))]
pub(super) fn forget(_: &File, _: u64, _: usize) {}

/// Nothing can be filled here.
#[cfg(not(target_os = "linux"))]
pub(super) fn fill(_: &File, _: Range<u64>) {}
