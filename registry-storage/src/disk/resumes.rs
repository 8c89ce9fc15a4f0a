//! The record of a write's resumes, which tells whose turn it is and which checkpoints still hold.
//!
//! ```text
//! <unique>.resumes ::= record*                 absent until the write is resumed
//! record           ::= count:u32 chance:u32 start:u64      big-endian
//! ```
//!
//! Each resume is a *turn*: it counts one more than the turn before, and `start` is the offset at which
//! it went on. The last record is whose turn it is; a writer that finds another than its own was
//! overtaken.
//!
//! A checkpoint holds while no later turn began below its offset. So a record is worth keeping only
//! until a later one begins at or below its start, and a resume takes the ones it outdoes away: the file
//! stays as short as an upload is regular, and a resume reads one or two records of it.
//!
//! What a resume does not forget bytes for need not be on the disk: should a power cut take its record,
//! every checkpoint that held still holds. Two turns may then have one count; chance tells them apart.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

use registry_core::Random;

const RECORD: u64 = 16;

/// A writer's turn at a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turn {
    /// 0 for the writer that began it, which has no record.
    pub(super) count: u32,
    /// Tells turns of one count apart.
    pub(super) chance: u32,
}

#[derive(Clone, Copy)]
struct Record {
    turn: Turn,
    start: u64,
}

/// Whose turn it is.
pub(super) fn current(path: &Path) -> io::Result<Turn> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Turn::default()),
        opened => opened?,
    };
    let last = records(&file)?.checked_sub(1);
    last.map_or(Ok(Turn::default()), |last| Ok(read(&file, last)?.turn))
}

/// A record of resumes that is about to get one more.
pub(super) struct Resumes {
    file: File,
    records: u64,
    last: Turn,
}

impl Resumes {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false);
        let file = file.open(path)?;
        let records = records(&file)?;
        let last = match records.checked_sub(1) {
            Some(last) => read(&file, last)?.turn,
            None => Turn::default(),
        };
        Ok(Self {
            file,
            records,
            last,
        })
    }

    /// Whether the bytes below the offset are still those that this turn had there.
    pub(super) fn hold(&self, turn: Turn, offset: u64) -> io::Result<bool> {
        for place in (0..self.records).rev() {
            let record = read(&self.file, place)?;
            if record.turn == turn || record.turn.count < turn.count {
                break;
            }
            if record.start < offset {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Gives the turn to a writer that goes on from the offset of a checkpoint of `before`.
    pub(super) fn take(
        &mut self,
        before: Turn,
        offset: u64,
        random: &dyn Random,
    ) -> io::Result<Turn> {
        let mut chance = [0; 4];
        random.fill(&mut chance);
        let turn = Turn {
            count: self.last.count.max(before.count).saturating_add(1),
            chance: u32::from_be_bytes(chance),
        };
        while self.records > 0 && read(&self.file, self.records - 1)?.start >= offset {
            self.records -= 1;
        }
        let record = Record {
            turn,
            start: offset,
        };
        self.file
            .write_all_at(&record.to_bytes(), self.records * RECORD)?;
        self.records += 1;
        self.file.set_len(self.records * RECORD)?;
        self.last = turn;
        Ok(turn)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }
}

impl Record {
    fn to_bytes(self) -> [u8; RECORD as usize] {
        let (count, chance) = (u128::from(self.turn.count), u128::from(self.turn.chance));
        (count << 96 | chance << 64 | u128::from(self.start)).to_be_bytes()
    }

    fn from_bytes(bytes: [u8; RECORD as usize]) -> Self {
        let all = u128::from_be_bytes(bytes);
        Self {
            turn: Turn {
                count: (all >> 96) as u32,
                chance: (all >> 64) as u32,
            },
            start: all as u64,
        }
    }
}

/// How many whole records there are.
fn records(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len() / RECORD)
}

fn read(file: &File, place: u64) -> io::Result<Record> {
    let mut bytes = [0; RECORD as usize];
    file.read_exact_at(&mut bytes, place * RECORD)?;
    Ok(Record::from_bytes(bytes))
}
