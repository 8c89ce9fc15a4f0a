//! A service that answers what it was told of a request.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use registry_server::{ClientAddress, PublicUrl};
use tower_service::Service;

/// Answers where a request comes from, and how the client reached us.
#[derive(Clone)]
pub(crate) struct Echo;

impl Service<Request<Incoming>> for Echo {
    type Response = Response<Full<&'static [u8]>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let known = request.extensions();
        let client = known.get::<ClientAddress>().unwrap();
        let mut response = Response::builder().header("client", client.to_string());
        if let Some(url) = known.get::<PublicUrl>() {
            response = response.header("url", url.to_string());
        }
        ready(Ok(response.body(Full::default()).unwrap()))
    }
}
