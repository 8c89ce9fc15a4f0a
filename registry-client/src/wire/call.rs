//! A request before it has a connection.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body::Body;

use super::Outgoing;
use crate::auth::Scopes;
use crate::url::Url;

/// A request as often as it has to be sent.
pub(crate) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) scopes: Scopes,
}

impl Call {
    /// A request without a body that needs a token of these scopes.
    pub(crate) fn new(method: Method, url: Url, scopes: &Scopes) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            scopes: scopes.clone(),
        }
    }

    /// With a header.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// With a body.
    pub(crate) fn body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    /// The request with its own body, or another one in its place.
    pub(super) fn request(&self, body: Option<Outgoing>) -> Request<Outgoing> {
        let body = body.unwrap_or_else(|| Outgoing::bytes(self.body.clone()));
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        request.headers_mut().extend(self.headers.clone());
        if request.body().is_end_stream() && !is_read(&self.method) {
            // hyper leaves it out, and registries want it of an empty POST, PUT and DELETE.
            let zero = HeaderValue::from_static("0");
            request.headers_mut().insert(header::CONTENT_LENGTH, zero);
        }
        request
    }
}

/// Whether the method only reads.
pub(super) fn is_read(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}
