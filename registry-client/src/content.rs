//! Content to send.
//!
//! An upload that breaks goes on where the registry says, so the content must be readable from any
//! offset. A plain stream was the alternative; with one, a broken upload could only begin again, and
//! that only if somebody had kept the bytes.

use std::io;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;

/// A stream of bytes.
pub type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Content of known size that can be read from any offset, as often as needed.
///
/// 1. [`size`](Self::size) is always the same.
/// 2. [`read`](Self::read) yields the bytes from the offset to the end, the same at each call.
#[async_trait]
pub trait Content: Send + Sync {
    /// The length in bytes.
    fn size(&self) -> u64;

    /// The bytes from `offset` on; none where `offset` is the size.
    async fn read(&self, offset: u64) -> io::Result<ByteStream>;
}

#[async_trait]
impl Content for Bytes {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    async fn read(&self, offset: u64) -> io::Result<ByteStream> {
        let start = usize::try_from(offset).map_or(self.len(), |start| start.min(self.len()));
        let rest = self.slice(start..);
        Ok(Box::pin(futures_util::stream::iter([Ok(rest)])))
    }
}
