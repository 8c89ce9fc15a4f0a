//! Segments: the files of a journal.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use bytes::Bytes;

use super::{Entry, Found, Frame, Head, scan};

/// A segment is followed by another one when it has grown to this.
const SEGMENT: u64 = 64 << 20;

const SUFFIX: &str = ".journal";

/// A journal that is appended to.
#[derive(Debug)]
pub(crate) struct Segments {
    directory: PathBuf,
    number: u64,
    file: File,
    length: u64,
    sequence: u64,
    /// The bytes of all segments before the current one.
    before: u64,
}

impl Segments {
    /// Opens a journal behind the last frame that is whole, and answers what that says; makes one where
    /// none is. What a write left that was cut off is cut off.
    pub(crate) fn open(directory: &Path) -> io::Result<(Self, Option<Head>)> {
        let made = DirBuilder::new().mode(0o700).create(directory);
        if let Err(error) = made
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(error);
        }
        let mut numbers = list(directory)?;
        let number = numbers.pop().unwrap_or(1);
        let (length, mut last) = end_of(directory, number)?;
        for earlier in numbers.iter().rev() {
            if last.is_some() {
                break;
            }
            last = end_of(directory, *earlier)?.1;
        }
        let file = open(directory, number)?;
        file.set_len(length)?;
        let sizes = numbers
            .iter()
            .map(|number| Ok(fs::metadata(path(directory, *number))?.len()));
        let segments = Self {
            directory: directory.to_owned(),
            number,
            file,
            length,
            sequence: last.as_ref().map_or(0, |frame| frame.sequence),
            before: sizes.sum::<io::Result<u64>>()?,
        };
        Ok((segments, last.map(|frame| frame.head)))
    }

    /// The sequence number of the last frame.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The bytes of all segments.
    pub(crate) fn bytes(&self) -> u64 {
        self.before + self.length
    }

    /// Appends a frame, and answers when it is on the disk.
    pub(crate) fn append(&mut self, head: Head, entries: Vec<Entry>) -> io::Result<()> {
        if self.length >= SEGMENT {
            self.next_segment()?;
        }
        let frame = Frame {
            sequence: self.sequence + 1,
            head,
            entries,
        };
        let bytes = frame.encode()?;
        // What an append left that failed.
        self.file.set_len(self.length)?;
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.length += bytes.len() as u64;
        self.sequence = frame.sequence;
        Ok(())
    }

    /// Begins another segment, and answers its number.
    pub(crate) fn next_segment(&mut self) -> io::Result<u64> {
        let number = self.number + 1;
        self.file = open(&self.directory, number)?;
        self.file.set_len(0)?;
        self.before += self.length;
        (self.number, self.length) = (number, 0);
        Ok(number)
    }

    /// Deletes this segment and those behind it.
    pub(crate) fn forget_from(self, number: u64) -> io::Result<()> {
        for younger in list(&self.directory)?.into_iter().rev() {
            if younger >= number {
                fs::remove_file(path(&self.directory, younger))?;
            }
        }
        sync(&self.directory)
    }

    /// Deletes the segments before this one. The oldest goes first, so that what a crash leaves has
    /// everything that came later.
    pub(crate) fn forget_before(&mut self, number: u64) -> io::Result<()> {
        for older in list(&self.directory)? {
            if older < number {
                fs::remove_file(path(&self.directory, older))?;
            }
        }
        self.before = 0;
        for left in list(&self.directory)? {
            if left < self.number {
                self.before += fs::metadata(path(&self.directory, left))?.len();
            }
        }
        sync(&self.directory)
    }
}

/// Goes through everything that is in a journal, one segment after the other: its file, and what is
/// found there.
pub(crate) fn read_all<E: From<io::Error>>(
    directory: &Path,
    mut each: impl FnMut(&Path, Found) -> Result<(), E>,
) -> Result<(), E> {
    for number in list(directory)? {
        let path = path(directory, number);
        for found in scan(Bytes::from(fs::read(&path)?)) {
            each(&path, found)?;
        }
    }
    Ok(())
}

/// Where the last whole frame of a segment ends, and that frame.
fn end_of(directory: &Path, number: u64) -> io::Result<(u64, Option<Frame>)> {
    let segment = match fs::read(path(directory, number)) {
        Ok(segment) => segment,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, None)),
        Err(error) => return Err(error),
    };
    let (mut end, mut last) = (segment.len(), None);
    for found in scan(Bytes::from(segment)) {
        match found {
            Found::Frame(frame) => last = Some(frame),
            Found::Damage(damage) if damage.tail => end = damage.at.start,
            Found::Damage(_) => {}
        }
    }
    Ok((end as u64, last))
}

/// The numbers of the segments that are there, in order.
fn list(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        numbers.extend(number.and_then(|number| u64::from_str_radix(number, 16).ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:016x}{SUFFIX}"))
}

fn open(directory: &Path, number: u64) -> io::Result<File> {
    let path = path(directory, number);
    let file = File::options().create(true).append(true).open(path)?;
    sync(directory)?;
    Ok(file)
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
