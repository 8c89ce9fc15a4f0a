//! A line for each request.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header::USER_AGENT};
use registry_core::{Caller, RepositoryName};

use super::RouteClass;
use crate::{
    ClientAddress,
    route::{Resource, Route},
};

/// Who is told of every request, once its answer was sent or given up.
///
/// It is called where requests are served, so it must neither wait nor fail.
pub trait AccessLog: Send + Sync {
    /// A request is over.
    fn record(&self, entry: &AccessEntry);
}

/// A request that is over. What could let somebody else in (credentials, queries, the ids of upload
/// sessions) is not part of it, and so cannot be logged by mistake.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccessEntry {
    /// The id that the client finds in the answer's `X-Request-Id`.
    pub request_id: String,
    /// Where it came from, if the server says.
    pub client: Option<ClientAddress>,
    /// The account that was signed in.
    pub caller: Option<String>,
    /// The method.
    pub method: Method,
    /// The kind of resource: `ping`, `catalog`, `blob`, `uploads`, `upload`, `manifest`, `tags`,
    /// `referrers`, or `other` for what is none.
    pub route: &'static str,
    /// The repository, as it was asked for.
    pub repository: Option<RepositoryName>,
    /// The tag or digest.
    pub reference: Option<String>,
    /// The answer's status; none where the client went away before there was an answer.
    pub status: Option<StatusCode>,
    /// Bytes of the request's body that came.
    pub received: u64,
    /// Bytes of the answer's body that were handed to the connection.
    pub sent: u64,
    /// Whether that was the whole answer.
    pub complete: bool,
    /// From the request's head to the answer's.
    pub answered_after: Duration,
    /// From the request's head to the end.
    pub ended_after: Duration,
    /// What the client says it is, as far as it is text, and no more than a few hundred characters.
    pub user_agent: Option<String>,
}

/// The longest user agent that is repeated.
const USER_AGENT_LENGTH: usize = 256;

impl AccessEntry {
    /// What is known at the beginning.
    pub(super) fn begin(
        request_id: &str,
        client: Option<ClientAddress>,
        method: &Method,
        headers: &HeaderMap,
    ) -> Self {
        Self {
            request_id: request_id.to_owned(),
            client,
            caller: None,
            method: method.clone(),
            route: RouteClass::default().as_str(),
            repository: None,
            reference: None,
            status: None,
            received: 0,
            sent: 0,
            complete: false,
            answered_after: Duration::ZERO,
            ended_after: Duration::ZERO,
            user_agent: headers.get(USER_AGENT).map(|value| {
                let text = String::from_utf8_lossy(value.as_bytes());
                text.chars().take(USER_AGENT_LENGTH).collect()
            }),
        }
    }

    pub(super) fn route(&mut self, route: &Route) {
        self.route = RouteClass::from(route).as_str();
        if let Route::Repository { name, resource } = route {
            self.repository = Some(name.clone());
            self.reference = match resource {
                Resource::Blob(digest) | Resource::Referrers(digest) => Some(digest.to_string()),
                Resource::Manifest(reference) => Some(reference.to_string()),
                Resource::Uploads | Resource::Upload(_) | Resource::Tags => None,
            };
        }
    }

    pub(super) fn caller(&mut self, caller: &Caller) {
        self.caller = caller.name().map(str::to_owned);
    }
}
