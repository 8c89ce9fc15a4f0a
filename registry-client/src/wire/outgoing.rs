//! The body of a request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::content::ByteStream;

/// A body of known length: bytes, or a stream that must yield exactly as many.
pub(crate) struct Outgoing {
    source: Source,
    remaining: u64,
    progress: Progress,
}

enum Source {
    Bytes(Bytes),
    Stream(ByteStream),
}

/// The caller's content could not be read; hyper carries this in its error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct ContentError(io::Error);

/// How much of a body has been taken, seen from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<AtomicU64>);

impl Progress {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl ContentError {
    /// The error as the caller's own content gave it.
    pub(crate) fn to_io(&self) -> io::Error {
        io::Error::new(self.0.kind(), self.0.to_string())
    }
}

impl Outgoing {
    pub(crate) fn bytes(bytes: Bytes) -> Self {
        Self {
            remaining: bytes.len() as u64,
            source: Source::Bytes(bytes),
            progress: Progress::default(),
        }
    }

    /// The next `size` bytes of a stream.
    pub(crate) fn stream(stream: ByteStream, size: u64) -> Self {
        Self {
            source: Source::Stream(stream),
            remaining: size,
            progress: Progress::default(),
        }
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match &mut self.source {
            Source::Bytes(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Source::Stream(stream) => stream.as_mut().poll_next(cx),
        }
    }

    fn take(&mut self, bytes: Option<io::Result<Bytes>>) -> Result<Bytes, ContentError> {
        let mut bytes = bytes
            .unwrap_or_else(|| Err(ended_early()))
            .map_err(ContentError)?;
        bytes.truncate(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        self.remaining -= bytes.len() as u64;
        self.progress
            .0
            .fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = ContentError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ContentError>>> {
        let this = self.get_mut();
        if this.remaining == 0 {
            return Poll::Ready(None);
        }
        let bytes = std::task::ready!(this.poll_source(cx));
        Poll::Ready(Some(this.take(bytes).map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}

fn ended_early() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "it ended before the size that was promised",
    )
}
