//! One connection, from its first byte to its last.

use std::{error::Error, future::poll_fn, pin::Pin, pin::pin, time::Duration};

use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::watch;
use tower_service::Service;

use super::{ListenSettings, acceptor::Stream, guarded::Guarded, settings::USUAL_HEADERS};
use crate::ClientAddress;

/// Told when the server stops.
pub(super) type Stopped = watch::Receiver<Option<Duration>>;

/// Serves a connection until it ends, or until the server stops and its request is answered.
pub(super) async fn serve<S, B>(
    (stream, client): (Stream, ClientAddress),
    service: S,
    settings: ListenSettings,
    #[cfg_attr(not(feature = "http2"), expect(unused_mut))] mut stopped: Stopped,
) where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(client);
        let mut service = service.clone();
        async move {
            poll_fn(|context| service.poll_ready(context)).await?;
            service.call(request).await
        }
    });
    #[cfg(feature = "http2")]
    let stream = {
        use super::http2::{Spoken, builder, recognise};
        match recognise(stream, settings.head_timeout, &mut stopped).await {
            Some(Spoken::Http1(stream)) => stream,
            Some(Spoken::Http2(stream)) => {
                let io = TokioIo::new(Guarded::new(stream, settings.pace));
                let connection = builder(&settings).serve_connection(io, service);
                return until_done(connection, |it| it.graceful_shutdown(), stopped).await;
            }
            None => return,
        }
    };
    let io = TokioIo::new(Guarded::new(stream, settings.pace));
    let connection = builder(&settings).serve_connection(io, service);
    until_done(connection, |it| it.graceful_shutdown(), stopped).await;
}

fn builder(settings: &ListenSettings) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::default())
        .header_read_timeout(settings.head_timeout)
        .max_buf_size(settings.buffer_bytes);
    if settings.headers != USUAL_HEADERS {
        builder.max_headers(settings.headers);
    }
    builder
}

async fn until_done<C>(connection: C, stop: fn(Pin<&mut C>), mut stopped: Stopped)
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut connection = pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        _ = stopped.changed() => {
            stop(connection.as_mut());
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection broke off");
    }
}
