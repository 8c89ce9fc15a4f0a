//! Writing at a place of a file, past the page cache where that can be.
//!
//! What is pushed is large, and must be on the disk before the answer. Through the page cache it is copied
//! into memory that others have a use for, and written from there at the end, when everybody waits. A
//! direct write hands it to the disk as it comes. File systems take only whole blocks that lie in memory
//! on a boundary of such; the rest goes through the page cache, as does everything where a file system has
//! no direct writes.

use std::{
    fs::File,
    io::{self, ErrorKind},
    os::unix::fs::FileExt,
};

use super::block::ALIGNMENT;

/// Less than this costs less through the page cache.
const LEAST: usize = 64 << 10;

/// Writes all bytes at an offset.
pub(super) fn write(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let (head, blocks) = bytes.split_at(before_blocks(offset).min(bytes.len()));
    let (blocks, tail) = blocks.split_at(blocks.len() - blocks.len() % ALIGNMENT);
    if blocks.len() < LEAST || blocks.as_ptr().align_offset(ALIGNMENT) != 0 {
        return cached(file, bytes, offset);
    }
    cached(file, head, offset)?;
    let offset = offset + head.len() as u64;
    direct(file, blocks, offset)?;
    cached(file, tail, offset + blocks.len() as u64)
}

/// How many bytes there are up to the next block of the file.
fn before_blocks(offset: u64) -> usize {
    let behind = (offset % ALIGNMENT as u64) as usize;
    (ALIGNMENT - behind) % ALIGNMENT
}

/// Writes through the page cache.
fn cached(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    past_the_cache(file, false)?;
    file.write_all_at(bytes, offset)
}

/// Writes past the page cache what can be written so, and the rest through it.
fn direct(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    match past_the_cache(file, true) {
        Err(error) if refuses(&error) => return file.write_all_at(bytes, offset),
        set => set?,
    }
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                offset += written as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if refuses(&error) => return cached(file, bytes, offset),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether it was the manner and not the write that the file system refused.
fn refuses(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidInput | ErrorKind::Unsupported
    )
}

#[cfg(target_os = "linux")]
fn past_the_cache(file: &File, wanted: bool) -> io::Result<()> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

    let mut flags = fcntl_getfl(file)?;
    if flags.contains(OFlags::DIRECT) != wanted {
        flags.set(OFlags::DIRECT, wanted);
        fcntl_setfl(file, flags)?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn past_the_cache(_: &File, wanted: bool) -> io::Result<()> {
    if wanted {
        Err(ErrorKind::Unsupported.into())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::{
        super::{block::Block, grant::Budget},
        *,
    };

    /// Bytes of which no two blocks are alike.
    fn bytes(length: usize) -> Vec<u8> {
        let words =
            (0_u64..).flat_map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        words.take(length).collect()
    }

    #[test]
    fn what_is_written_block_by_block_is_read_back_from_any_offset_on() {
        for first in [0, 1, 4095, 4096, 100_000] {
            for length in [0, 1, 4096, 65_535, 65_536, 2_500_000] {
                let file = tempfile::tempfile().unwrap();
                let all = bytes(first + length);
                write(&file, &all[..first], 0).unwrap();
                let mut left = Bytes::copy_from_slice(&all[first..]);
                let mut offset = first as u64;
                let mut block = Block::at(offset, Arc::<Budget>::default().grant());
                while !left.is_empty() {
                    let taken = block.take(&mut left);
                    write(&file, block.bytes(), offset).unwrap();
                    offset += taken as u64;
                    block = block.again_at(offset);
                }
                let mut found = vec![0; first + length];
                assert_eq!(file.metadata().unwrap().len(), found.len() as u64);
                past_the_cache(&file, false).unwrap();
                file.read_exact_at(&mut found, 0).unwrap();
                assert!(found == all, "{first} bytes and {length}");
            }
        }
    }

    #[test]
    fn memory_that_is_not_on_a_boundary_is_written_all_the_same() {
        let file = tempfile::tempfile().unwrap();
        let all = bytes(200_001);
        write(&file, &all[1..], 0).unwrap();
        let mut found = vec![0; 200_000];
        past_the_cache(&file, false).unwrap();
        file.read_exact_at(&mut found, 0).unwrap();
        assert!(found == all[1..]);
    }

    #[test]
    fn an_error_of_the_write_itself_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let readable = File::open(file.path()).unwrap();
        for length in [10, 1 << 17] {
            let mut block = Block::at(0, Arc::<Budget>::default().grant());
            block.take(&mut Bytes::from(vec![1; length]));
            let error = write(&readable, block.bytes(), 0).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(9), "EBADF: {error}");
        }
    }
}
