//! The service without a server of ours.

use std::{convert::Infallible, future::poll_fn, io};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use registry_core::Digest;
use registry_server::{Body, RegistryService};
use registry_storage::memory;
use tower_service::Service;

fn service() -> RegistryService {
    RegistryService::builder(memory::registry()).build()
}

/// Calls it as a tower stack does.
async fn call<B>(mut service: RegistryService, request: Request<B>) -> Response<Body>
where
    RegistryService: Service<Request<B>, Response = Response<Body>, Error = Infallible>,
{
    let ready = poll_fn(|context| Service::<Request<B>>::poll_ready(&mut service, context));
    let Ok(()) = ready.await;
    let Ok(response) = service.call(request).await;
    response
}

fn post(digest: &Digest) -> http::request::Builder {
    Request::post(format!("/v2/a/blobs/uploads/?digest={digest}"))
}

#[tokio::test]
async fn it_takes_bodies_of_any_kind() {
    let service = service();
    let digest = Digest::sha256(b"abc");
    let full = post(&digest).body(Full::new(Bytes::from("abc"))).unwrap();
    assert_eq!(call(service.clone(), full).await.status(), 201);
    let text = post(&digest).body("abc".to_owned()).unwrap();
    assert_eq!(call(service.clone(), text).await.status(), 201);
    let path = format!("/v2/a/blobs/{digest}");
    let get = Request::get(path).body(String::new()).unwrap();
    let response = call(service, get).await;
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "abc");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400() {
    let pieces = [
        Ok(http_body::Frame::data(Bytes::from("ab"))),
        Err(io::Error::other("gone")),
    ];
    let body = StreamBody::new(futures_util::stream::iter(pieces));
    let response = call(service(), post(&Digest::sha256(b"abc")).body(body).unwrap()).await;
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn hazard_47_a_panic_in_a_body_is_a_500_with_the_error_body() {
    let body = StreamBody::new(futures_util::stream::poll_fn(
        |_| -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, io::Error>>> {
            panic!("a test's panic")
        },
    ));
    let service = service();
    let request = post(&Digest::sha256(b"abc")).body(body).unwrap();
    let response = call(service.clone(), request).await;
    assert_eq!(response.status(), 500);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(json["errors"][0]["code"], "UNKNOWN");
    let ping = Request::get("/v2/").body(String::new()).unwrap();
    assert_eq!(call(service, ping).await.status(), 200);
}
