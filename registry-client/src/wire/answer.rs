//! An answer whose body has not been read yet.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{self, AsHeaderName};
use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use registry_core::Timestamp;

use super::transport::{failure, stalled};
use crate::url::Url;
use crate::{Error, ErrorAnswer, Result};

/// Status and headers of an answer, and its body to come.
pub(crate) struct Answer {
    url: Url,
    response: Response<Incoming>,
    idle: Duration,
}

impl Answer {
    pub(super) fn new(url: Url, response: Response<Incoming>, idle: Duration) -> Self {
        Self {
            url,
            response,
            idle,
        }
    }

    /// Who answered, after all redirects.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The first header of that name, where it is text.
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The length of the body that follows, where it is known.
    pub(crate) fn body_size(&self) -> Option<u64> {
        self.response.body().size_hint().exact()
    }

    /// The address that a header of this answer names.
    pub(crate) fn resolve(&self, location: &str) -> Result<Url> {
        self.url.resolve(location).map_err(|error| {
            let reason = format!("the address it refers to cannot be followed: {error}");
            Error::protocol(self.url.origin(), reason)
        })
    }

    /// The address in the `Location` of this answer.
    pub(crate) fn location(&self) -> Result<Url> {
        let Some(location) = self.header(header::LOCATION) else {
            let reason = format!("a {} without a Location", self.status());
            return Err(Error::protocol(self.url.origin(), reason));
        };
        self.resolve(location)
    }

    /// The next bytes of the body.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>> {
        loop {
            let frame = tokio::time::timeout(self.idle, self.response.body_mut().frame()).await;
            let frame = frame.map_err(|_| stalled(&self.url, self.idle))?;
            match frame
                .transpose()
                .map_err(|error| failure(&self.url, &error))?
            {
                None => return Ok(None),
                Some(frame) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }

    /// The whole body, unless it is longer than `limit`.
    pub(crate) async fn read(&mut self, what: &'static str, limit: usize) -> Result<Bytes> {
        let host = self.url.origin().authority();
        let too_large = || Error::TooLarge {
            host: host.clone(),
            what,
            limit,
        };
        if self.body_size().is_some_and(|size| size > limit as u64) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(bytes) = self.chunk().await? {
            if body.len() + bytes.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&bytes);
        }
        Ok(body.freeze())
    }

    /// The error that this answer is. A body that cannot be read leaves the status.
    pub(crate) async fn into_error(mut self, limit: usize, now: Timestamp) -> Error {
        let body = self.read("an error", limit).await.unwrap_or_default();
        let retry_after = self.retry_after(now);
        let status = self.status();
        Box::new(ErrorAnswer::new(
            self.url.origin(),
            status,
            retry_after,
            &body,
        ))
        .into()
    }

    fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let value = self.header(header::RETRY_AFTER)?.trim();
        if let Ok(seconds) = value.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = httpdate::parse_http_date(value).ok()?;
        let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Timestamp::default().plus(since_epoch).since(now))
    }
}
