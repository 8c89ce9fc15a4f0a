//! A connection that a client cannot hold for ever, and that ends politely.
//!
//! *Writes* must make progress: a client that stops reading, or reads by the byte, is cut off. (Reads
//! are watched where they mean something: the head by the parser, the body by its reader.)
//!
//! *The end* waits a moment for the client's. A socket closed with unread bytes in it is reset, and a
//! reset takes the last answer with it: a client that was still sending would never learn why it
//! was refused.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use crate::{limits::Pace, pacing::Pacing};

/// How long the end of a connection waits for the client's.
const LINGER: Duration = Duration::from_secs(2);

/// A watched connection.
pub(super) struct Guarded<T> {
    io: T,
    writing: Pacing,
    ended: bool,
    linger: Option<Pin<Box<Sleep>>>,
}

impl<T> Guarded<T> {
    pub(super) fn new(io: T, pace: Pace) -> Self {
        Self {
            io,
            writing: Pacing::new(pace),
            ended: false,
            linger: None,
        }
    }

    /// Judges a write's outcome.
    fn watch(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Pending => self.writing.poll_wait(context).map(|_| Err(too_slow())),
            Poll::Ready(Ok(bytes)) => {
                let paced = self.writing.moved(bytes);
                Poll::Ready(paced.map(|()| bytes).map_err(|_| too_slow()))
            }
            failed => failed,
        }
    }
}

impl<T: AsyncRead + Unpin> Guarded<T> {
    /// Throws away what the client still sends, until it ends or patience does.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let patience = self.linger.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        while !self.ended {
            let mut scratch = [0; 8 << 10];
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.io).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => self.ended = true,
                Poll::Pending => return patience.as_mut().poll(context),
            }
        }
        Poll::Ready(())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guarded<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let room = buffer.remaining() > 0;
        let outcome = ready!(Pin::new(&mut self.io).poll_read(context, buffer));
        self.ended = room && buffer.filled().len() == before;
        Poll::Ready(outcome)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write(context, bytes);
        self.watch(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.watch(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.io).poll_flush(context) {
            Poll::Pending => self.writing.poll_wait(context).map(|_| Err(too_slow())),
            flushed => flushed,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.io).poll_shutdown(context))?;
        }
        self.poll_linger(context).map(Ok)
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly")
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::{Instant, advance},
    };

    use super::*;

    const PACE: Pace = Pace {
        idle: Duration::from_secs(10),
        bytes_per_second: 100,
    };

    #[tokio::test(start_paused = true)]
    async fn hazard_32_a_client_that_stops_reading_is_cut_off() {
        let (ours, _theirs) = duplex(16);
        let mut ours = Guarded::new(ours, PACE);
        let error = ours.write_all(&[0; 100]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn hazard_32_a_client_that_reads_by_the_byte_is_cut_off() {
        let (ours, mut theirs) = duplex(16);
        let mut ours = Guarded::new(ours, PACE);
        let writing = tokio::spawn(async move { ours.write_all(&[0; 1000]).await });
        for _ in 0..20 {
            advance(Duration::from_secs(1)).await;
            if theirs.read_u8().await.is_err() {
                break;
            }
        }
        let error = writing.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn hazard_33_a_slow_reader_is_served_to_the_end() {
        let (ours, mut theirs) = duplex(1000);
        let mut ours = Guarded::new(ours, PACE);
        let writing = tokio::spawn(async move { ours.write_all(&[0; 100_000]).await });
        let mut piece = [0; 1000];
        for _ in 0..100 {
            advance(Duration::from_secs(9)).await;
            theirs.read_exact(&mut piece).await.unwrap();
        }
        assert!(writing.await.unwrap().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_the_client_but_not_for_ever() {
        let (ours, mut theirs) = duplex(16);
        let mut ours = Guarded::new(ours, PACE);
        let sending = tokio::spawn(async move {
            theirs.write_all(&[0; 100]).await.unwrap();
            theirs
        });
        let start = Instant::now();
        ours.shutdown().await.unwrap();
        assert!(start.elapsed() >= LINGER && start.elapsed() < 2 * LINGER);
        drop(sending.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_is_at_once_when_the_client_ended_first() {
        let (ours, theirs) = duplex(16);
        let mut ours = Guarded::new(ours, PACE);
        drop(theirs);
        let start = Instant::now();
        ours.shutdown().await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
