//! A tar of a layout, read where it lies and written as it is filled.
//!
//! Reading makes an index of where each member's bytes are, in one pass over the headers; bytes are then
//! read from there, by as many readers as like. The crate `tar` was the alternative: it reads names and
//! extended headers of any length into memory, and knows links, owners and devices, of which a layout has
//! none. What is understood here is ustar with the extended headers of POSIX for long names and sizes, and
//! GNU's long names and large numbers; what else tars may be is refused in words.

mod extended;
mod header;
mod index;
#[cfg(test)]
mod tests;

use self::header::{Kind, Written};
pub(crate) use self::index::Archive;

/// Everything in a tar is in blocks of this size.
const BLOCK: u64 = 512;

/// Two empty blocks.
pub(crate) const END: [u8; 1024] = [0; 1024];

/// What comes before a member's bytes: the same at any time, for anybody.
pub(crate) fn before(name: &str, size: u64) -> Vec<u8> {
    let kind = Kind::File;
    if let Some(header) = header::print(Written { name, size, kind }) {
        return header.to_vec();
    }
    let records = extended::print(name, size);
    let mut blocks = Vec::new();
    let extended = Written {
        name: "extended",
        size: records.len() as u64,
        kind: Kind::Extended,
    };
    let short = Written {
        name: "long",
        size: 0,
        kind,
    };
    blocks.extend(header::print(extended).into_iter().flatten());
    blocks.extend(&records);
    blocks.resize(blocks.len().next_multiple_of(BLOCK as usize), 0);
    blocks.extend(header::print(short).into_iter().flatten());
    blocks
}

/// How many bytes fill the last block of so many.
pub(crate) fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK
}
