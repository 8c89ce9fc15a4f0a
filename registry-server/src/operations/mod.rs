//! What operators ask a server: is it alive, is it ready, what are its figures.
//!
//! `/healthz` says that requests are answered at all. `/readyz` tries what requests need, so that traffic
//! goes elsewhere while the disk or the database does not answer; what failed and why goes to the log,
//! and only the part's name to whoever asks, who may be anybody. `/metrics` is told to few (see
//! [`MetricsFor`]): it names nothing that is kept, but how much is kept and how busy the server is.
//!
//! They are a service of their own ([`OperationsService`]) for a listener that only operators reach, or
//! are mounted beside the protocol.

mod ongoing;
mod page;
mod readiness;
mod service;

use std::{fmt, sync::Arc, time::Duration};

use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE},
    request::Parts,
};
use serde_json::json;

pub use readiness::{HealthCheck, Readiness, ReadinessSettings, Unhealthy};
pub use service::{OperationsFuture, OperationsService};

use crate::{ClientAddress, observe::Gather, respond::Body};
use page::Page;

/// Answers to operators' questions.
pub struct Operations {
    readiness: Arc<Readiness>,
    page: Page,
}

/// Who is told figures on listeners that others reach, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricsFor {
    /// Nobody.
    Nobody,
    /// Clients on this machine, by a loopback address or a unix socket. A request that a proxy passed on
    /// is not one of them, as far as the proxy says so: one that says nothing makes every client look
    /// local.
    #[default]
    Local,
    /// Everybody who reaches the listener.
    Everybody,
}

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Alive,
    Ready,
    Metrics,
}

impl Question {
    fn of(path: &str) -> Option<Self> {
        match path {
            "/healthz" => Some(Self::Alive),
            "/readyz" => Some(Self::Ready),
            "/metrics" => Some(Self::Metrics),
            _ => None,
        }
    }
}

impl Operations {
    /// Answers from these parts.
    #[must_use]
    pub fn new(readiness: Arc<Readiness>, figures: Vec<Arc<dyn Gather>>) -> Self {
        Self {
            readiness,
            page: Page::new(figures),
        }
    }

    /// The answer to a question; none where it is no question, or not one that this client may ask.
    pub(crate) async fn answer(&self, head: &Parts, metrics: MetricsFor) -> Option<Response<Body>> {
        let question = Question::of(head.uri.path())?;
        if question == Question::Metrics && !metrics.includes(head) {
            return None;
        }
        if !matches!(head.method, Method::GET | Method::HEAD) {
            let mut response = json(StatusCode::METHOD_NOT_ALLOWED, "it can only be read");
            let headers = response.headers_mut();
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Some(response);
        }
        Some(match question {
            Question::Alive => json(StatusCode::OK, "alive"),
            Question::Ready => self.readiness.answer().await,
            Question::Metrics => self.page.answer().await,
        })
    }
}

impl MetricsFor {
    fn includes(self, head: &Parts) -> bool {
        match self {
            Self::Nobody => false,
            Self::Local => is_local(head),
            Self::Everybody => true,
        }
    }
}

/// Whether a request comes from this machine, and nobody else's word is in it.
fn is_local(head: &Parts) -> bool {
    const OF_PROXIES: [&str; 6] = [
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
    ];
    let client = head.extensions.get::<ClientAddress>();
    let local = client.is_some_and(|client| client.ip().is_none_or(|ip| ip.is_loopback()));
    let passed_on = |name: &&str| head.headers.contains_key(*name);
    local && !OF_PROXIES.iter().any(passed_on)
}

fn json(status: StatusCode, word: &str) -> Response<Body> {
    answer(
        status,
        "application/json",
        json!({ "status": word }).to_string(),
    )
}

/// Such an answer is true only now.
fn answer(status: StatusCode, kind: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::full(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The longest that figures may take.
const PAGE_LIMIT: Duration = Duration::from_secs(10);

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations").finish_non_exhaustive()
    }
}
