//! Bytes that go wrong while they are read.

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, future, stream};
use registry_core::backend::ByteStream;

use super::{failed, rule::Fault};
use crate::wrap::{around::Failure, operation::Operation};

/// The stream with what befalls it.
pub(super) fn spoiled(bytes: ByteStream, fault: Option<&Fault>) -> ByteStream {
    match fault {
        Some(Fault::ShortRead(keep)) => first(bytes, *keep),
        Some(Fault::CutRead(keep)) => {
            let error = failed(Failure::Unavailable, Operation::Read);
            let error = future::ready(Err(error));
            Box::pin(first(bytes, *keep).chain(stream::once(error)))
        }
        Some(Fault::WrongBytes) => wrong(bytes),
        _ => bytes,
    }
}

/// The first so many bytes.
fn first(bytes: ByteStream, keep: u64) -> ByteStream {
    Box::pin(bytes.scan(keep, |left, next| {
        let kept = next.map(|mut piece: Bytes| {
            piece.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= piece.len() as u64;
            piece
        });
        let is_over = matches!(&kept, Ok(piece) if piece.is_empty());
        future::ready((!is_over).then_some(kept))
    }))
}

/// The bytes with a bit of the first one turned.
fn wrong(bytes: ByteStream) -> ByteStream {
    Box::pin(bytes.scan(false, |done, next| {
        let next = next.map(|piece| match std::mem::replace(done, true) {
            true => piece,
            false => turned(&piece),
        });
        future::ready(Some(next))
    }))
}

fn turned(piece: &[u8]) -> Bytes {
    let mut piece = BytesMut::from(piece);
    if let Some(byte) = piece.first_mut() {
        *byte ^= 1;
    }
    piece.freeze()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use registry_core::backend::StoreError;

    use super::*;

    /// What can be read of "abcdef" in pieces of two, and whether it ends with an error.
    fn read(fault: Fault) -> (Vec<u8>, bool) {
        let pieces = ["ab", "cd", "ef"].map(|piece| Ok::<_, StoreError>(Bytes::from(piece)));
        let bytes = spoiled(Box::pin(stream::iter(pieces)), Some(&fault));
        let pieces: Vec<_> = bytes.collect().now_or_never().unwrap();
        let failed = pieces.iter().any(Result::is_err);
        (pieces.into_iter().flatten().flatten().collect(), failed)
    }

    #[test]
    fn a_short_read_ends_as_if_that_were_all() {
        assert_eq!(read(Fault::ShortRead(3)), (b"abc".to_vec(), false));
        assert_eq!(read(Fault::ShortRead(0)), (vec![], false));
        assert_eq!(read(Fault::ShortRead(9)), (b"abcdef".to_vec(), false));
    }

    #[test]
    fn a_cut_read_ends_with_an_error() {
        assert_eq!(read(Fault::CutRead(4)), (b"abcd".to_vec(), true));
        assert_eq!(read(Fault::CutRead(0)), (vec![], true));
    }

    #[test]
    fn wrong_bytes_differ_in_the_first() {
        assert_eq!(read(Fault::WrongBytes), (b"`bcdef".to_vec(), false));
    }
}
