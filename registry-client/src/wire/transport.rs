//! One request over one connection of the pool.

use std::error::Error as StdError;
use std::time::Duration;

use http::{HeaderValue, Request, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::idle::unless_idle;
use super::{Answer, Connector, ContentError, Outgoing};
use crate::url::Url;
use crate::{Error, Result};

const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The connections of a client.
pub(crate) struct Transport {
    client: Client<Connector, Outgoing>,
    user_agent: HeaderValue,
    idle: Duration,
}

impl Transport {
    pub(crate) fn new(connector: Connector, user_agent: HeaderValue, idle: Duration) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .build(connector);
        Self {
            client,
            user_agent,
            idle,
        }
    }

    /// Sends a request to `url`, whatever the request itself says of its address.
    pub(crate) async fn send(&self, url: &Url, mut request: Request<Outgoing>) -> Result<Answer> {
        let unusable = |error| Error::protocol(url.origin(), format!("{url}: {error}"));
        *request.uri_mut() = url.uri().map_err(unusable)?;
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, self.user_agent.clone());
        let progress = request.body().progress();
        let sent = unless_idle(self.idle, &progress, self.client.request(request)).await;
        let response = sent
            .map_err(|_| stalled(url, self.idle))?
            .map_err(|error| failure(url, &error))?;
        Ok(Answer::new(url.clone(), response, self.idle))
    }
}

pub(super) fn stalled(url: &Url, limit: Duration) -> Error {
    Error::Stalled {
        host: url.origin().authority(),
        limit,
    }
}

/// What a failure of hyper means to the caller.
pub(super) fn failure(url: &Url, error: &(dyn StdError + 'static)) -> Error {
    if let Some(content) = chain(error).find_map(|cause| cause.downcast_ref::<ContentError>()) {
        return Error::Content(content.to_io());
    }
    let mut reasons: Vec<String> = chain(error).map(ToString::to_string).collect();
    // hyper and tokio often wrap an error in one that says the same.
    reasons.dedup();
    Error::Connection {
        host: url.origin().authority(),
        reason: reasons.join(": "),
    }
}

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
