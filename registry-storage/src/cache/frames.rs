//! The file of a blob: its bytes in frames, each with a checksum.
//!
//! ```text
//! 64 KiB of the blob, checksum | 64 KiB, checksum | … | the rest, checksum
//! ```
//!
//! A checksum is checked whenever its frame is read, so a bit that the disk has turned is found before it is sent, at
//! any time and in any range, and nothing has to be read whole before a first byte goes out. It is a CRC-64, which
//! costs a small part of what a digest does: against a disk that is wrong, and not against somebody who writes to it,
//! since whoever can do that has the server. It covers the blob's name and the frame's number as well, so a frame that
//! the disk has put elsewhere is not taken for one of this place.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt};

use bytes::{Bytes, BytesMut};
use crc_fast::{CrcAlgorithm, Digest};

use super::place::Kept;

/// Bytes of a blob in a frame.
pub(super) const FRAME: u64 = 64 << 10;

/// So many are read or written at once.
pub(super) const BATCH: u64 = 4 * FRAME;

const CHECKSUM: u64 = 8;

/// The length of the file of a blob.
pub(super) fn length_of(size: u64) -> u64 {
    size.saturating_add(size.div_ceil(FRAME).saturating_mul(CHECKSUM))
}

/// The file of a blob, kept or coming.
pub(super) struct Frames {
    pub(super) file: File,
    pub(super) kept: Kept,
}

impl Frames {
    /// Writes bytes of the blob from the beginning of a frame on, whole frames or up to its end.
    pub(super) fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut framed = Vec::with_capacity(length_of(bytes.len() as u64) as usize);
        for (frame, number) in bytes.chunks(FRAME as usize).zip(at / FRAME..) {
            framed.extend_from_slice(frame);
            framed.extend_from_slice(&self.checksum(number, frame).to_be_bytes());
        }
        self.file.write_all_at(&framed, length_of(at))
    }

    /// Reads from the beginning of a range, which is not empty, as much as is read at once, and checks it.
    pub(super) fn read(&self, range: &Range<u64>) -> io::Result<Bytes> {
        let first = range.start / FRAME;
        let begin = first * FRAME;
        let end = range.end.div_ceil(FRAME) * FRAME;
        let end = end.min(begin + BATCH).min(self.kept.size);
        let mut framed = vec![0; (length_of(end) - length_of(begin)) as usize];
        self.file.read_exact_at(&mut framed, length_of(begin))?;
        let mut bytes = BytesMut::with_capacity((end - begin) as usize);
        let frames = framed.chunks((FRAME + CHECKSUM) as usize);
        for (frame, number) in frames.zip(first..) {
            let (frame, checksum) = frame.split_at(frame.len() - CHECKSUM as usize);
            if self.checksum(number, frame).to_be_bytes() != checksum {
                return Err(io::Error::other(format!("frame {number} is damaged")));
            }
            bytes.extend_from_slice(frame);
        }
        let skipped = (range.start - begin) as usize;
        Ok(bytes
            .freeze()
            .slice(skipped..(range.end.min(end) - begin) as usize))
    }

    fn checksum(&self, number: u64, frame: &[u8]) -> u64 {
        let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
        digest.update(self.kept.name.as_bytes());
        digest.update(&number.to_be_bytes());
        digest.update(frame);
        digest.finalize()
    }
}

#[cfg(test)]
mod tests {
    use registry_core::backend::ObjectKey;

    use super::*;
    use crate::cache::place::Name;

    fn frames(file: File, size: u64) -> Frames {
        let name = Name::of(&ObjectKey::new("blobs/ab/1"));
        let kept = Kept { name, size };
        Frames { file, kept }
    }

    fn content(size: u64) -> Vec<u8> {
        (0..size)
            .map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8)
            .collect()
    }

    fn written(size: u64) -> Frames {
        let frames = frames(tempfile::tempfile().unwrap(), size);
        for (batch, number) in content(size).chunks(BATCH as usize).zip(0..) {
            frames.write(number * BATCH, batch).unwrap();
        }
        let length = frames.file.metadata().unwrap().len();
        assert_eq!(length, length_of(size));
        frames
    }

    #[test]
    fn every_range_reads_back() {
        for size in [1, FRAME - 1, FRAME, FRAME + 1, BATCH, 3 * BATCH + 7] {
            let (frames, content) = (written(size), content(size));
            let edges = [0, 1, FRAME - 1, FRAME, FRAME + 1, BATCH + 3, size - 1, size];
            for start in edges {
                for end in edges.into_iter().filter(|end| start < *end && *end <= size) {
                    let mut read = Vec::new();
                    while start + (read.len() as u64) < end {
                        let rest = start + read.len() as u64..end;
                        read.extend_from_slice(&frames.read(&rest).unwrap());
                    }
                    assert_eq!(read, content[start as usize..end as usize]);
                }
            }
        }
    }

    #[test]
    fn any_bit_that_turned_is_found() {
        let size = FRAME + 9;
        let frames = written(size);
        for at in [
            0,
            77,
            FRAME - 1,
            FRAME,
            FRAME + 7,
            FRAME + 8,
            length_of(size) - 1,
        ] {
            for bit in [0, 7] {
                let mut byte = [0];
                frames.file.read_exact_at(&mut byte, at).unwrap();
                let turned = [byte[0] ^ (1 << bit)];
                frames.file.write_all_at(&turned, at).unwrap();
                frames.read(&(0..size)).unwrap_err();
                frames.file.write_all_at(&byte, at).unwrap();
            }
        }
        assert_eq!(frames.read(&(0..size)).unwrap(), content(size));
    }

    #[test]
    fn a_frame_of_another_place_is_not_taken() {
        let frames = written(2 * FRAME);
        let mut first = vec![0; (FRAME + CHECKSUM) as usize];
        frames.file.read_exact_at(&mut first, 0).unwrap();
        frames.file.write_all_at(&first, length_of(FRAME)).unwrap();
        assert!(frames.read(&(0..FRAME)).is_ok());
        assert!(frames.read(&(FRAME..2 * FRAME)).is_err());
    }
}
