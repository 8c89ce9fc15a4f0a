//! A body that does not come as it should.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::respond::Body;

/// What a body is made into.
#[derive(Clone, Debug)]
pub(in crate::testing) enum Shape {
    DropAfter(u64),
    Truncate(u64),
    Corrupt,
    Drip { bytes: usize, pause: Duration },
}

/// An answer's body, with or without a fault.
pub(in crate::testing) struct FaultyBody {
    inner: Body,
    shape: Option<Shape>,
    sent: u64,
    held: Bytes,
    /// One idle poll lets the connection flush what was sent before it is dropped.
    flushed: bool,
    pause: Option<Pin<Box<Sleep>>>,
}

/// The fault asked for the connection to be dropped.
#[derive(Debug, thiserror::Error)]
#[error("dropped by a test's fault")]
pub(in crate::testing) struct Dropped;

type Polled = Poll<Option<Result<Frame<Bytes>, Dropped>>>;

impl FaultyBody {
    pub(in crate::testing) fn new(inner: Body, shape: Option<Shape>) -> Self {
        Self {
            inner,
            shape,
            sent: 0,
            held: Bytes::new(),
            flushed: false,
            pause: None,
        }
    }

    /// The length that the answer shall promise.
    pub(in crate::testing) fn length(&self) -> u64 {
        let whole = self.inner.remaining();
        match self.shape {
            Some(Shape::Truncate(bytes)) => whole.min(bytes),
            _ => whole,
        }
    }

    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Dropped>>> {
        if !self.held.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.held))));
        }
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        let data = frame.map(|frame| frame.map_err(|_| Dropped).and_then(into_data));
        Poll::Ready(data)
    }

    /// At most `limit` bytes in all, then `end`.
    fn cut(&mut self, limit: u64, drops: bool, context: &mut Context<'_>) -> Polled {
        let room = limit.saturating_sub(self.sent);
        if room == 0 {
            return if drops {
                self.drop_connection(context)
            } else {
                Poll::Ready(None)
            };
        }
        let Some(mut bytes) = ready!(self.next(context))
            .transpose()
            .map_err(Some)
            .ok()
            .flatten()
        else {
            return if drops {
                self.drop_connection(context)
            } else {
                Poll::Ready(None)
            };
        };
        bytes.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        self.sent += bytes.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn drop_connection(&mut self, context: &mut Context<'_>) -> Polled {
        if std::mem::replace(&mut self.flushed, true) {
            return Poll::Ready(Some(Err(Dropped)));
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn corrupt(&mut self, context: &mut Context<'_>) -> Polled {
        let bytes = ready!(self.next(context));
        let first = self.sent == 0;
        Poll::Ready(bytes.map(|bytes| {
            let bytes = bytes?;
            self.sent += bytes.len() as u64;
            Ok(Frame::data(if first { flip_first(&bytes) } else { bytes }))
        }))
    }

    fn drip(&mut self, size: usize, pause: Duration, context: &mut Context<'_>) -> Polled {
        let sleeping = self.pause.get_or_insert_with(|| Box::pin(sleep(pause)));
        ready!(sleeping.as_mut().poll(context));
        let Some(bytes) = ready!(self.next(context)) else {
            return Poll::Ready(None);
        };
        let mut bytes = bytes?;
        self.held = bytes.split_off(size.min(bytes.len()));
        self.pause = None;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}

impl http_body::Body for FaultyBody {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        match self.shape {
            Some(Shape::DropAfter(bytes)) => self.cut(bytes, true, context),
            Some(Shape::Truncate(bytes)) => self.cut(bytes, false, context),
            Some(Shape::Corrupt) => self.corrupt(context),
            Some(Shape::Drip { bytes, pause }) => self.drip(bytes, pause, context),
            None => self.next(context).map_ok(Frame::data),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.shape.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length().saturating_sub(self.sent))
    }
}

fn into_data(frame: Frame<Bytes>) -> Result<Bytes, Dropped> {
    frame.into_data().map_err(|_| Dropped)
}

fn flip_first(bytes: &[u8]) -> Bytes {
    let mut bytes = BytesMut::from(bytes);
    if let Some(first) = bytes.first_mut() {
        *first ^= 0xff;
    }
    bytes.freeze()
}
