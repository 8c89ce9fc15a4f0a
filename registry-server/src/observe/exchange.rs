//! One request and its answer, watched to the end.
//!
//! An exchange ends when the answer's body was sent or dropped, not when its handler is done; and it ends
//! also where the client went away and the handler was dropped half way. So what watches it travels with
//! the request, then with the answer's body, and counts when it is dropped.

use std::{sync::Arc, time::Duration};

use http::{Response, StatusCode, request::Parts};
use registry_core::Caller;
use tokio::time::Instant;
use tracing::Span;

use super::{
    AccessEntry, AccessLog, RouteClass, Traffic, classes::method_index, span, traffic::Kind,
};
use crate::{ClientAddress, incoming::Incoming, limit::Place, respond::Body, route::Route};

/// Who watches.
#[derive(Default)]
pub(crate) struct Watchers {
    pub(crate) traffic: Option<Arc<Traffic>>,
    pub(crate) log: Option<Arc<dyn AccessLog>>,
}

/// A request that has no answer yet.
pub(crate) struct Exchange {
    pub(crate) body: Incoming,
    span: Span,
    method: usize,
    watched: Option<Watched>,
    place: Option<Place>,
}

/// What stays with an answer until it was sent.
pub(crate) struct Tail {
    _span: Span,
    watched: Option<Watched>,
    /// The request's, among those under way.
    _place: Option<Place>,
}

/// A request under way, as far as it is known.
struct Watched {
    watchers: Arc<Watchers>,
    started: Instant,
    kind: Kind,
    status: Option<StatusCode>,
    answered_after: Duration,
    received: u64,
    sent: u64,
    promised: u64,
    entry: Option<Box<AccessEntry>>,
}

impl Exchange {
    pub(crate) fn begin(
        watchers: &Arc<Watchers>,
        head: &Parts,
        request_id: &str,
        mut body: Incoming,
    ) -> Self {
        if let Some(traffic) = &watchers.traffic {
            traffic.begin();
            body.count(traffic);
        }
        let watched = watchers.anybody().then(|| Watched {
            started: Instant::now(),
            kind: Kind::of(&head.method),
            status: None,
            answered_after: Duration::ZERO,
            received: 0,
            sent: 0,
            promised: 0,
            entry: watchers.entry(head, request_id),
            watchers: Arc::clone(watchers),
        });
        let place = None;
        Self {
            body,
            span: span::begin(head, request_id),
            method: method_index(&head.method),
            watched,
            place,
        }
    }

    /// The request's span, if anybody wants it.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// It is known what is asked for.
    pub(crate) fn route(&mut self, route: &Route) {
        span::route(&self.span, self.method, RouteClass::from(route));
        let Some(watched) = &mut self.watched else {
            return;
        };
        watched.kind.route = RouteClass::from(route);
        if let Some(entry) = &mut watched.entry {
            entry.route(route);
        }
    }

    /// It is known who asks.
    pub(crate) fn caller(&mut self, caller: &Caller) {
        self.span.record("user.name", caller.name());
        let watched = self.watched.as_mut();
        if let Some(entry) = watched.and_then(|watched| watched.entry.as_mut()) {
            entry.caller(caller);
        }
    }

    /// It has a place among those under way, until its answer was sent.
    pub(crate) fn occupy(&mut self, place: Option<Place>) {
        self.place = place;
    }

    /// There is an answer, which is watched from now on.
    pub(crate) fn answered(mut self, response: &mut Response<Body>) {
        let (received, promised) = (self.body.seen(), response.body().remaining());
        span::answered(&self.span, response.status(), received, promised);
        let mut watched = self.watched.take();
        if let Some(watched) = &mut watched {
            watched.promised = promised;
            watched.answered(Some(response.status()), received);
        }
        let place = self.place.take();
        let span = std::mem::replace(&mut self.span, Span::none());
        if watched.is_some() || place.is_some() || !span.is_disabled() {
            let tail = Tail {
                _span: span,
                watched,
                _place: place,
            };
            response.body_mut().watch(tail);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let Some(watched) = &mut self.watched {
            watched.answered(None, self.body.seen());
        }
    }
}

impl Tail {
    /// So much of the answer was handed over.
    pub(crate) fn sent(&mut self, bytes: usize) {
        let Some(watched) = &mut self.watched else {
            return;
        };
        watched.sent += bytes as u64;
        if let Some(traffic) = &watched.watchers.traffic {
            traffic.sent(bytes);
        }
    }
}

impl Watched {
    fn answered(&mut self, status: Option<StatusCode>, received: u64) {
        self.status = status;
        self.received = received;
        self.answered_after = self.started.elapsed();
        if let Some(traffic) = &self.watchers.traffic {
            traffic.answered(self.kind, status, self.answered_after);
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(traffic) = &self.watchers.traffic {
            traffic.end();
        }
        if let (Some(log), Some(mut entry)) = (&self.watchers.log, self.entry.take()) {
            entry.status = self.status;
            entry.received = self.received;
            entry.sent = self.sent;
            entry.complete = self.status.is_some() && self.sent == self.promised;
            entry.answered_after = self.answered_after;
            entry.ended_after = self.started.elapsed();
            log.record(&entry);
        }
    }
}

impl Watchers {
    fn anybody(&self) -> bool {
        self.traffic.is_some() || self.log.is_some()
    }

    fn entry(&self, head: &Parts, request_id: &str) -> Option<Box<AccessEntry>> {
        self.log.is_some().then(|| {
            let client = head.extensions.get::<ClientAddress>().copied();
            let entry = AccessEntry::begin(request_id, client, &head.method, &head.headers);
            Box::new(entry)
        })
    }
}
