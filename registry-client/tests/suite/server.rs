//! A server that answers as a test says, and remembers what it was asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Method, path and query, e.g. `GET /v2/?n=1`.
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// What is answered.
#[derive(Clone)]
pub(crate) enum Reply {
    Answer(Answer),
    /// The connection is closed without an answer.
    HangUp,
    /// No answer ever comes.
    Silence,
}

#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
    breaks_after: Option<usize>,
    chunked: bool,
}

pub(crate) fn reply(status: u16) -> Reply {
    Reply::Answer(Answer {
        status,
        headers: Vec::new(),
        body: Bytes::new(),
        breaks_after: None,
        chunked: false,
    })
}

impl Reply {
    pub(crate) fn header(self, name: &'static str, value: impl ToString) -> Self {
        self.with(|answer| answer.headers.push((name, value.to_string())))
    }

    pub(crate) fn body(self, body: impl Into<Bytes>) -> Self {
        self.with(|answer| answer.body = body.into())
    }

    /// The connection breaks after so many bytes of the body.
    pub(crate) fn breaks_after(self, bytes: usize) -> Self {
        self.with(|answer| answer.breaks_after = Some(bytes))
    }

    /// The length is not announced.
    pub(crate) fn chunked(self) -> Self {
        self.with(|answer| answer.chunked = true)
    }

    fn with(mut self, change: impl FnOnce(&mut Answer)) -> Self {
        if let Self::Answer(answer) = &mut self {
            change(answer);
        }
        self
    }
}

type Script = dyn Fn(&Seen) -> Reply + Send + Sync;

pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::new(script), Arc::clone(&seen)));
        Self {
            address,
            seen,
            _tasks: tasks,
        }
    }

    /// A server that gives these replies one after the other.
    pub(crate) async fn script(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies = Mutex::new(replies.into_iter().collect::<Vec<_>>().into_iter());
        Self::start(move |seen| {
            let next = replies.lock().unwrap().next();
            next.unwrap_or_else(|| reply(599).header("x-unexpected", &seen.line))
        })
        .await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    /// One header of each request, in order.
    pub(crate) fn sent(&self, name: &str) -> Vec<Option<String>> {
        let seen = self.seen();
        seen.iter()
            .map(|seen| seen.header(name).map(str::to_owned))
            .collect()
    }
}

async fn accept(listener: TcpListener, script: Arc<Script>, seen: Arc<Mutex<Vec<Seen>>>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.spawn(serve(stream, Arc::clone(&script), Arc::clone(&seen)));
    }
}

async fn serve(stream: TcpStream, script: Arc<Script>, seen: Arc<Mutex<Vec<Seen>>>) {
    let service = service_fn(|request| respond(request, &script, &seen));
    let connection = hyper::server::conn::http1::Builder::new();
    // Connections that break are what some tests are about.
    let _ = connection
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn respond(
    request: Request<Incoming>,
    script: &Arc<Script>,
    seen: &Mutex<Vec<Seen>>,
) -> Result<Response<Breaking>, &'static str> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().unwrap();
    let request = Seen {
        line: format!("{} {target}", head.method),
        headers: head.headers,
        body: body.collect().await.map_err(|_| "broken")?.to_bytes(),
    };
    seen.lock().unwrap().push(request.clone());
    match script(&request) {
        Reply::Answer(answer) => Ok(answer.response()),
        Reply::HangUp => Err("hung up"),
        Reply::Silence => std::future::pending::<Result<_, Infallible>>()
            .await
            .map_err(|never| match never {}),
    }
}

impl Answer {
    fn response(self) -> Response<Breaking> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response
            .body(Breaking {
                size: (!self.chunked).then_some(self.body.len() as u64),
                rest: self.body,
                breaks_after: self.breaks_after,
                flushed: false,
            })
            .unwrap()
    }
}

/// A body that may end in an error, after what came before it was sent.
struct Breaking {
    size: Option<u64>,
    rest: Bytes,
    breaks_after: Option<usize>,
    flushed: bool,
}

impl Body for Breaking {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        let whole = std::mem::take(&mut self.rest);
        let breaks_after = self.breaks_after;
        match breaks_after {
            Some(bytes) if bytes > 0 && !whole.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(whole.slice(..bytes)))))
            }
            // hyper writes what it has when a body is not ready, and drops it when a body fails.
            Some(_) if !std::mem::replace(&mut self.flushed, true) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(_) => Poll::Ready(Some(Err("broken on purpose"))),
            None => Poll::Ready((!whole.is_empty()).then(|| Ok(Frame::data(whole)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.breaks_after.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.size
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
