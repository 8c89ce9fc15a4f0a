//! HTTP/2 with prior knowledge: told from HTTP/1 by the first bytes of a connection.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    time::{sleep, timeout},
};

use super::{
    ListenSettings,
    connection::{FIRST_REQUEST, Stopped},
    stream::Stream,
};

const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a client speaks.
pub(super) enum Spoken {
    Http1(Rewound),
    Http2(Rewound),
}

/// A connection with its first bytes put back.
pub(super) struct Rewound {
    first: [u8; PREFACE.len()],
    filled: usize,
    given: usize,
    stream: Stream,
}

/// Reads until it is clear what a client speaks. None where it says nothing in time, or the server
/// stops first.
pub(super) async fn recognise(
    stream: Stream,
    patience: Duration,
    stopped: &mut Stopped,
) -> Option<Spoken> {
    let end = async {
        // Its sender goes only with the task that this runs in.
        let _ = stopped.wait_for(Option::is_some).await;
        sleep(FIRST_REQUEST).await;
    };
    tokio::select! {
        spoken = timeout(patience, read_preface(stream)) => spoken.ok()?.ok(),
        () = end => None,
    }
}

async fn read_preface(mut stream: Stream) -> io::Result<Spoken> {
    let mut first = [0; PREFACE.len()];
    let mut filled = 0;
    let is_http2 = loop {
        let read = stream.read(&mut first[filled..]).await?;
        filled += read;
        if read == 0 || first[..filled] != PREFACE[..filled] {
            break false;
        }
        if filled == PREFACE.len() {
            break true;
        }
    };
    let rewound = Rewound {
        first,
        filled,
        given: 0,
        stream,
    };
    Ok(match is_http2 {
        true => Spoken::Http2(rewound),
        false => Spoken::Http1(rewound),
    })
}

pub(super) fn builder(settings: &ListenSettings) -> http2::Builder<TokioExecutor> {
    /// Bytes that a client may send before they are read: enough to fill a long link.
    const STREAM_WINDOW: u32 = 512 << 10;
    const CONNECTION_WINDOW: u32 = 2 << 20;
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::default())
        .keep_alive_interval(settings.pace.idle)
        .keep_alive_timeout(settings.pace.idle)
        .max_concurrent_streams(128)
        .max_header_list_size(u32::try_from(settings.buffer_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(settings.buffer_bytes)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    builder
}

impl AsyncRead for Rewound {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let rest = &self.first[self.given..self.filled];
        if rest.is_empty() || buffer.remaining() == 0 {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let given = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..given]);
        self.given += given;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Rewound {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
