//! The body of a request, as the engine takes it.
//!
//! The service is generic over the bodies of whatever server it is mounted into; here that ends, so
//! that everything behind it is compiled once.

use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use futures_util::{FutureExt, StreamExt};
use registry_core::BodyError;

use crate::{limits::Pace, observe::Traffic, pacing::Pacing};

/// The body of a request: bytes or the reason why there are none, and no slower than it may be.
pub(crate) struct Incoming {
    source: Option<Pin<Box<dyn Source>>>,
    unread: bool,
    length: Option<u64>,
    promised: Option<u64>,
    seen: u64,
    traffic: Option<Arc<Traffic>>,
    pacing: Pacing,
}

/// A body of any server.
trait Source: Send {
    fn poll_bytes(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>>;
}

impl<B> Source for B
where
    B: http_body::Body + Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    fn poll_bytes(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            let frame = match ready!(self.as_mut().poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(broken(&*error.into())))),
            };
            // Trailers mean nothing here.
            if let Ok(mut data) = frame.into_data() {
                let bytes = data.copy_to_bytes(data.remaining());
                if !bytes.is_empty() {
                    return Poll::Ready(Some(Ok(bytes)));
                }
            }
        }
    }
}

impl Incoming {
    pub(crate) fn new<B>(body: B, pace: Pace) -> Self
    where
        B: http_body::Body + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let length = body.size_hint().exact();
        let source = (!body.is_end_stream()).then(|| Box::pin(body) as Pin<Box<dyn Source>>);
        Self {
            unread: source.is_some(),
            source,
            length,
            promised: None,
            seen: 0,
            traffic: None,
            pacing: Pacing::new(pace),
        }
    }

    /// The whole length, where the request says it.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Has its bytes counted as they come.
    pub(crate) fn count(&mut self, traffic: &Arc<Traffic>) {
        if self.source.is_some() {
            self.traffic = Some(Arc::clone(traffic));
        }
    }

    /// How many bytes have come.
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }

    /// Holds the body to a length that something else in the request says.
    pub(crate) fn promise(&mut self, length: u64) {
        self.promised = Some(length);
    }

    /// The whole body in memory, in a buffer of its own: whoever keeps it shall not keep the
    /// connection's read buffer with it.
    pub(crate) async fn read_all(&mut self, limit: usize) -> Result<Bytes, BodyError> {
        let room = |bytes: u64| match usize::try_from(bytes) {
            Ok(bytes) if bytes <= limit => Ok(bytes),
            _ => Err(BodyError::TooLarge {
                limit: limit as u64,
            }),
        };
        let mut whole = Vec::with_capacity(room(self.length.unwrap_or_default())?);
        while let Some(bytes) = self.next().await.transpose()? {
            room((whole.len() + bytes.len()) as u64)?;
            whole.extend_from_slice(&bytes);
        }
        Ok(Bytes::from(whole))
    }

    /// Whether there may be more to come.
    pub(crate) fn is_unread(&self) -> bool {
        self.unread
    }

    /// Throws away what has arrived already, so that the connection stays usable after an early
    /// answer. It never waits: a client that is still sending finds the connection closed.
    pub(crate) fn discard(&mut self) {
        const MOST: u64 = 64 << 10;
        let start = self.seen;
        while self.seen - start < MOST && matches!(self.next().now_or_never(), Some(Some(Ok(_)))) {}
    }

    fn poll_source(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        // Out of its place while it is polled: a body that panics is not polled again.
        let Some(mut source) = self.source.take() else {
            return Poll::Ready(None);
        };
        let polled = source.as_mut().poll_bytes(context);
        let Poll::Ready(next) = polled else {
            self.source = Some(source);
            let waited = self.pacing.poll_wait(context);
            return waited.map(|_| Some(Err(BodyError::TooSlow)));
        };
        let moved = next.as_ref().and_then(|next| next.as_ref().ok());
        let paced = self.pacing.moved(moved.map_or(0, Bytes::len));
        let next = match (next, paced) {
            (Some(Ok(_)), Err(_)) => Some(Err(BodyError::TooSlow)),
            (next, _) => self.account(next),
        };
        match next {
            Some(Ok(_)) => self.source = Some(source),
            Some(Err(_)) => {}
            None => self.unread = false,
        }
        Poll::Ready(next)
    }

    /// Holds the body to what was promised.
    fn account(
        &mut self,
        next: Option<Result<Bytes, BodyError>>,
    ) -> Option<Result<Bytes, BodyError>> {
        if let Some(Ok(bytes)) = &next {
            self.seen += bytes.len() as u64;
            if let Some(traffic) = &self.traffic {
                traffic.received(bytes.len());
            }
        }
        let ended = next.is_none();
        match self.promised {
            Some(promised) if self.seen > promised || (ended && self.seen < promised) => {
                let found = if ended { "only" } else { "at least" };
                let reason = format!(
                    "its range has {promised} bytes, it has {found} {}",
                    self.seen
                );
                Some(Err(BodyError::Broken(reason)))
            }
            _ => next,
        }
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_source(context)
    }
}

fn broken(error: &(dyn Error + Send + Sync)) -> BodyError {
    BodyError::Broken(error.to_string())
}
