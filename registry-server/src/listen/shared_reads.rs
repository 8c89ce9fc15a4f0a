//! How much each of many connections reads at once.
//!
//! hyper's buffer of a connection grows while reads fill it, and a body that waits for the disk holds two
//! or three of them. Large reads cost less, so few connections read much at once, and many read little: all
//! together hold no more than a fixed amount, up to a number of them at which reads can get no smaller.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, Take};

use crate::observe::Connections;

/// What one read of each connection may bring together.
const TOGETHER: u64 = 4 << 20;

/// What one read may bring whatever others do.
const LEAST: u64 = 16 << 10;

/// A connection among others.
pub(super) struct SharedReads<T> {
    io: Take<T>,
    connections: Arc<Connections>,
}

impl<T: AsyncRead> SharedReads<T> {
    pub(super) fn new(io: T, connections: Arc<Connections>) -> Self {
        Self {
            io: io.take(LEAST),
            connections,
        }
    }
}

/// A power of two, as hyper's buffers are.
fn share(connections: u64) -> u64 {
    let share = TOGETHER / connections.max(1);
    share
        .checked_ilog2()
        .map_or(0, |power| 1 << power)
        .max(LEAST)
}

impl<T: AsyncRead + Unpin> AsyncRead for SharedReads<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let share = share(self.connections.open());
        self.io.set_limit(share);
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for SharedReads<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.io.get_mut()).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.io.get_mut()).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.get_ref().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.io.get_mut()).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.io.get_mut()).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hazard_34_many_connections_read_less_each() {
        for connections in [1, 7, 64, 256] {
            assert!(connections * share(connections) <= TOGETHER);
        }
        assert_eq!(share(10_000), LEAST);
        assert!(share(16) >= 128 << 10, "few read as much as a buffer takes");
    }

    #[tokio::test]
    async fn a_connection_among_many_reads_all_of_it_in_small_pieces() {
        let connections = Arc::new(Connections::default());
        let counted: Vec<_> = (0..600).map(|_| connections.accept()).collect();
        let sent: Vec<u8> = (0..100_000_u32).map(|at| at as u8).collect();
        let mut reads = SharedReads::new(sent.as_slice(), Arc::clone(&connections));
        let mut read = vec![0; sent.len()];
        let first = reads.read(&mut read).await.unwrap();
        assert_eq!(first as u64, LEAST);
        drop(counted);
        reads.read_exact(&mut read[first..]).await.unwrap();
        assert!(read == sent);
        assert_eq!(reads.read(&mut read).await.unwrap(), 0, "the end");
    }
}
