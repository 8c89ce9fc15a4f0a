//! What a client did.

use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, Method, StatusCode, Uri};
use registry_core::RepositoryName;

/// A request that reached the test registry, and how it was answered.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) repository: Option<RepositoryName>,
    pub(super) status: StatusCode,
    pub(super) faulted: bool,
}

impl Request {
    /// Its method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Its path, as sent.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// Its query, as sent.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    /// Its headers. They hold the client's credentials: print them with care.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The repository it asked for.
    #[must_use]
    pub fn repository(&self) -> Option<&RepositoryName> {
        self.repository.as_ref()
    }

    /// The status it was answered with; 444 where a fault dropped the connection before any answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether a fault met it.
    #[must_use]
    pub fn faulted(&self) -> bool {
        self.faulted
    }
}

/// Requests in the order in which their answers began.
#[derive(Default)]
pub(super) struct Log(Mutex<Vec<Request>>);

impl Log {
    pub(super) fn add(&self, request: Request) {
        self.lock().push(request);
    }

    pub(super) fn all(&self) -> Vec<Request> {
        self.lock().clone()
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Request>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
