//! The body of an answer.
//!
//! An enum of our own instead of a boxed `dyn Body`: most answers are a few bytes at hand, and they
//! shall cost neither an allocation nor a virtual call.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use registry_core::backend::ByteStream;

use crate::observe::Tail;

/// The body of an answer: nothing, bytes at hand, or content as it comes from a store.
///
/// Its length is always known, so every answer has a `Content-Length` and a transfer that was cut
/// short never looks whole.
#[derive(Default)]
pub struct Body {
    content: Content,
    watched: Option<Tail>,
}

#[derive(Default)]
enum Content {
    #[default]
    Empty,
    Full(Bytes),
    Stream {
        bytes: ByteStream,
        remaining: u64,
    },
}

/// The content of an answer did not come as promised. The connection is closed, so that the client
/// notices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the content broke off: {0}")]
pub struct BodyBroken(String);

impl Body {
    /// No body.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Bytes at hand.
    #[must_use]
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() {
            Self::empty()
        } else {
            Content::Full(bytes).into()
        }
    }

    /// Content that comes in pieces, exactly so many bytes in all.
    #[must_use]
    pub fn stream(bytes: ByteStream, length: u64) -> Self {
        let remaining = length;
        Content::Stream { bytes, remaining }.into()
    }

    /// How many bytes are still to come.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        match &self.content {
            Content::Empty => 0,
            Content::Full(bytes) => bytes.len() as u64,
            Content::Stream { remaining, .. } => *remaining,
        }
    }
}

impl Body {
    /// Has somebody told how much of it is sent, and when it ends.
    pub(crate) fn watch(&mut self, tail: Tail) {
        self.watched = Some(tail);
    }

    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Piece> {
        let Content::Stream { bytes, remaining } = &mut self.content else {
            let content = std::mem::take(&mut self.content);
            return Poll::Ready(content.into_bytes().map(Ok));
        };
        let next = ready!(poll_caught(bytes, context));
        let piece = account(next, remaining);
        if !matches!(piece, Some(Ok(_))) {
            self.content = Content::Empty;
        }
        Poll::Ready(piece)
    }
}

impl From<Content> for Body {
    fn from(content: Content) -> Self {
        let watched = None;
        Self { content, watched }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.remaining())
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyBroken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        let piece = ready!(self.poll_bytes(context));
        if let (Some(Ok(bytes)), Some(tail)) = (&piece, &mut self.watched) {
            tail.sent(bytes.len());
        }
        Poll::Ready(piece.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining())
    }
}

impl Content {
    fn into_bytes(self) -> Option<Bytes> {
        match self {
            Self::Full(bytes) => Some(bytes),
            Self::Empty | Self::Stream { .. } => None,
        }
    }
}

type Piece = Option<Result<Bytes, BodyBroken>>;

/// Polls a store's stream. A panic in it ends this answer, not the connection's other ones.
fn poll_caught(stream: &mut ByteStream, context: &mut Context<'_>) -> Poll<Piece> {
    let polled = catch_unwind(AssertUnwindSafe(|| stream.as_mut().poll_next(context)));
    let piece = match polled {
        Ok(Poll::Pending) => return Poll::Pending,
        Ok(Poll::Ready(piece)) => piece.map(|piece| piece.map_err(|e| BodyBroken(e.message))),
        Err(_) => Some(Err(BodyBroken("reading it panicked".to_owned()))),
    };
    if let Some(Err(error)) = &piece {
        tracing::error!(%error, "a transfer was broken off");
    }
    Poll::Ready(piece)
}

/// Holds a stream to the length that was promised.
fn account(piece: Piece, remaining: &mut u64) -> Piece {
    match piece {
        None if *remaining == 0 => None,
        None => Some(Err(BodyBroken(format!("{remaining} bytes are missing")))),
        Some(Ok(bytes)) => match remaining.checked_sub(bytes.len() as u64) {
            Some(rest) => {
                *remaining = rest;
                Some(Ok(bytes))
            }
            None => Some(Err(BodyBroken(
                "it is longer than it was said to be".into(),
            ))),
        },
        broken => broken,
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use http_body_util::BodyExt;
    use registry_core::backend::{StoreError, StoreErrorKind};

    use super::*;

    fn pieces(pieces: Vec<Result<&'static str, StoreError>>) -> ByteStream {
        stream::iter(pieces)
            .map(|piece| piece.map(Bytes::from))
            .boxed()
    }

    async fn collect(body: Body) -> Result<Bytes, BodyBroken> {
        body.collect().await.map(|whole| whole.to_bytes())
    }

    #[tokio::test]
    async fn content_arrives_as_it_is() {
        assert_eq!(collect(Body::empty()).await.unwrap(), "");
        assert_eq!(collect(Body::full("abc")).await.unwrap(), "abc");
        let stream = pieces(vec![Ok("ab"), Ok("c")]);
        assert_eq!(collect(Body::stream(stream, 3)).await.unwrap(), "abc");
    }

    #[tokio::test]
    async fn a_wrong_length_is_an_error() {
        let short = Body::stream(pieces(vec![Ok("ab")]), 3);
        assert!(collect(short).await.is_err());
        let long = Body::stream(pieces(vec![Ok("ab"), Ok("cd")]), 3);
        assert!(collect(long).await.is_err());
        let broken = StoreError::new(StoreErrorKind::Unavailable, "gone");
        let broken = Body::stream(pieces(vec![Ok("ab"), Err(broken)]), 3);
        assert!(collect(broken).await.is_err());
    }

    #[tokio::test]
    async fn hazard_47_a_panic_in_a_stream_is_an_error_of_its_answer() {
        let panics = stream::once(async { panic!("a test's panic") }).boxed();
        assert!(collect(Body::stream(panics, 3)).await.is_err());
    }
}
