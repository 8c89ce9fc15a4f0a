//! The block before each member.

use super::BLOCK;

/// A block as it is in a file.
pub(super) type Block = [u8; BLOCK as usize];

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file with bytes.
    File,
    /// A directory, or another thing without bytes that nothing is read from.
    Other,
    /// Records about the member that follows.
    Extended,
    /// Records about all that follow.
    Global,
    /// The name of the member that follows.
    LongName,
    /// What the member that follows is linked to.
    LongLink,
}

/// What a block says of the member behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) size: u64,
    pub(super) kind: Kind,
}

/// What a block is to say.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) name: &'a str,
    pub(super) size: u64,
    pub(super) kind: Kind,
}

/// What is wrong with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeaderError {
    #[error("it is no tar: a header has another checksum than it says")]
    Checksum,
    #[error("a header holds what is no number")]
    Number,
    #[error("it holds a sparse file, which is not understood: pack it without --sparse")]
    Sparse,
    #[error("it holds a member of the kind {:?}, which is not understood", char::from(*.0))]
    Kind(u8),
}

const NAME: usize = 100;
const MODE: usize = 100;
const OWNER: usize = 108;
const GROUP: usize = 116;
const SIZE: usize = 124;
const TIME: usize = 136;
const SUM: usize = 148;
const KIND: usize = 156;
const MAGIC: usize = 257;
const PREFIX: usize = 345;
const PREFIX_END: usize = 500;

/// The largest size that eleven octal digits say.
const MAX_SIZE: u64 = (8 << 30) - 1;

/// What a block says; `None` for the empty block at the end.
pub(super) fn parse(block: &Block) -> Result<Option<Header>, HeaderError> {
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    if number(&block[SUM..KIND])? != sum(block) {
        return Err(HeaderError::Checksum);
    }
    let kind = kind(block[KIND])?;
    let size = match kind {
        Kind::Other => 0,
        _ => number(&block[SIZE..TIME])?,
    };
    let name = name(block);
    Ok(Some(Header { name, size, kind }))
}

/// The block of a member; `None` where its name or size does not fit.
pub(super) fn print(written: Written<'_>) -> Option<Block> {
    let Written { name, size, kind } = written;
    if name.len() > NAME || size > MAX_SIZE {
        return None;
    }
    let mut block = [0; BLOCK as usize];
    block[..name.len()].copy_from_slice(name.as_bytes());
    let mut put =
        |at: usize, text: String| block[at..][..text.len()].copy_from_slice(text.as_bytes());
    put(MODE, "0000644".to_owned());
    put(OWNER, "0000000".to_owned());
    put(GROUP, "0000000".to_owned());
    put(SIZE, format!("{size:011o}"));
    put(TIME, "00000000000".to_owned());
    put(MAGIC, "ustar\x0000".to_owned());
    block[KIND] = match kind {
        Kind::Extended => b'x',
        _ => b'0',
    };
    let sum = format!("{:06o}\0 ", sum(&block));
    block[SUM..KIND].copy_from_slice(sum.as_bytes());
    Some(block)
}

/// All bytes together, those of the sum itself as spaces.
fn sum(block: &Block) -> u64 {
    let of = |bytes: &[u8]| bytes.iter().copied().map(u64::from).sum::<u64>();
    of(&block[..SUM]) + 8 * u64::from(b' ') + of(&block[KIND..])
}

fn kind(flag: u8) -> Result<Kind, HeaderError> {
    match flag {
        0 | b'0' | b'7' => Ok(Kind::File),
        b'1'..=b'6' => Ok(Kind::Other),
        b'x' => Ok(Kind::Extended),
        b'g' => Ok(Kind::Global),
        b'L' => Ok(Kind::LongName),
        b'K' => Ok(Kind::LongLink),
        b'S' => Err(HeaderError::Sparse),
        other => Err(HeaderError::Kind(other)),
    }
}

fn name(block: &Block) -> Vec<u8> {
    let name = until_zero(&block[..NAME]);
    let prefix = match &block[MAGIC..][..6] {
        b"ustar\0" => until_zero(&block[PREFIX..PREFIX_END]),
        // GNU keeps other things there.
        _ => &[],
    };
    match prefix {
        [] => name.to_vec(),
        prefix => [prefix, b"/", name].concat(),
    }
}

/// A number in octal digits or, where its first bit is set, in bytes.
fn number(field: &[u8]) -> Result<u64, HeaderError> {
    if let [0x80, bytes @ ..] = field {
        let digits = |number: u64, byte: &u8| {
            let number = number.checked_mul(256)?;
            number.checked_add((*byte).into())
        };
        return bytes.iter().try_fold(0, digits).ok_or(HeaderError::Number);
    }
    let text = str::from_utf8(until_zero(field)).map_err(|_| HeaderError::Number)?;
    match text.trim_matches(' ') {
        "" => Ok(0),
        digits if digits.starts_with('+') => Err(HeaderError::Number),
        digits => u64::from_str_radix(digits, 8).map_err(|_| HeaderError::Number),
    }
}

pub(super) fn until_zero(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|byte| *byte == 0);
    &field[..end.unwrap_or(field.len())]
}
