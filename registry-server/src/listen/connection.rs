//! One connection, from its first byte to its last.

use std::{
    error::Error,
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};
use tower_service::Service;

use super::{
    ListenSettings, guarded::Guarded, settings::USUAL_HEADERS, shared_reads::SharedReads,
    stream::Stream,
};
use crate::{ClientAddress, TrustedProxies, observe::Connections};

/// Told when the server stops.
pub(super) type Stopped = watch::Receiver<Option<Duration>>;

/// How long a stopping server waits for the first request of a connection that it has accepted. Its
/// client may have sent one already, and has no other connection to send it on.
pub(super) const FIRST_REQUEST: Duration = Duration::from_secs(1);

/// What is served.
pub(super) struct Connection {
    pub(super) stream: Stream,
    pub(super) peer: ClientAddress,
    pub(super) proxies: Arc<TrustedProxies>,
    pub(super) settings: ListenSettings,
    pub(super) stopped: Stopped,
    /// All that are open, this one among them.
    pub(super) connections: Arc<Connections>,
}

/// Serves a connection until it ends, or until the server stops and its request is answered.
pub(super) async fn serve<S, B>(connection: Connection, service: S)
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Connection {
        stream,
        peer,
        proxies,
        settings,
        #[cfg_attr(not(feature = "http2"), expect(unused_mut))]
        mut stopped,
        connections,
    } = connection;
    let begun = &Notify::new();
    let service = service_fn(move |request: Request<Incoming>| {
        begun.notify_one();
        let request = with_origin(request, peer, &proxies);
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
                let io = TokioIo::new(Guarded::new(
                    SharedReads::new(stream, connections),
                    settings.pace,
                ));
                let connection = builder(&settings).serve_connection(io, service);
                return until_done(connection, |it| it.graceful_shutdown(), begun, stopped).await;
            }
            None => return,
        }
    };
    let io = TokioIo::new(Guarded::new(
        SharedReads::new(stream, connections),
        settings.pace,
    ));
    let connection = builder(&settings).serve_connection(io, service);
    until_done(connection, |it| it.graceful_shutdown(), begun, stopped).await;
}

/// A request with what is known of where it comes from.
fn with_origin(
    request: Request<Incoming>,
    peer: ClientAddress,
    proxies: &TrustedProxies,
) -> Request<Incoming> {
    let (mut head, body) = request.into_parts();
    let origin = proxies.origin(peer, &head);
    head.extensions.insert(origin.client);
    if let Some(url) = origin.url {
        head.extensions.insert(url);
    }
    Request::from_parts(head, body)
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

async fn until_done<C>(connection: C, stop: fn(Pin<&mut C>), begun: &Notify, stopped: Stopped)
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut connection = pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = time_to_end(begun, stopped) => {
            stop(connection.as_mut());
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Resolves when the server stops, and a request has come or none is to be expected.
async fn time_to_end(begun: &Notify, mut stopped: Stopped) {
    // Its sender goes only with the task that this runs in.
    let _ = stopped.wait_for(Option::is_some).await;
    let _ = timeout(FIRST_REQUEST, begun.notified()).await;
}
