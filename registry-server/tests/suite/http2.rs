//! HTTP/2 with prior knowledge, on the port that serves HTTP/1 as well.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use registry_core::Digest;
use tokio::{net::TcpStream, task::JoinHandle};

use crate::support::{Harness, bytes, escaped, image};

type Sender = SendRequest<Full<Bytes>>;

async fn connect(address: SocketAddr) -> (Sender, JoinHandle<hyper::Result<()>>) {
    let stream = TcpStream::connect(address).await.unwrap();
    let io = TokioIo::new(stream);
    let (sender, connection) = handshake(TokioExecutor::new(), io).await.unwrap();
    (sender, tokio::spawn(connection))
}

async fn send(sender: &mut Sender, method: &str, target: &str, body: Vec<u8>) -> Response<Bytes> {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://test{target}"))
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Response::from_parts(head, body)
}

#[tokio::test]
async fn both_are_spoken_on_one_port() {
    let harness = Harness::open().await;
    let (mut sender, _connection) = connect(harness.address()).await;
    let ping = send(&mut sender, "GET", "/v2/", Vec::new()).await;
    assert_eq!(
        (ping.status().as_u16(), &ping.body()[..]),
        (200, &b"{}"[..])
    );
    harness.client().get("/v2/").await.expect(200);
    // The first bytes of the two may look alike for a while.
    let mut slow = harness.client().connect().await;
    for piece in ["P", "U", "T /v2/ HTTP/1.1\r\nhost: x\r\n\r\n"] {
        slow.write(piece.as_bytes()).await;
        tokio::task::yield_now().await;
    }
    slow.reply(false).await.expect_error(405, "UNSUPPORTED");
}

#[tokio::test]
async fn content_goes_in_and_comes_out() {
    let harness = Harness::open().await;
    let (mut sender, _connection) = connect(harness.address()).await;
    for content in [Vec::new(), bytes("http2", 3_000_000)] {
        let digest = Digest::sha256(&content);
        let post = format!("/v2/a/blobs/uploads/?digest={}", escaped(&digest));
        let pushed = send(&mut sender, "POST", &post, content.clone()).await;
        assert_eq!(pushed.status(), 201);
        let path = format!("/v2/a/blobs/{digest}");
        let whole = send(&mut sender, "GET", &path, Vec::new()).await;
        assert!(whole.status() == 200 && whole.body() == &content);
        let head = send(&mut sender, "HEAD", &path, Vec::new()).await;
        assert_eq!(head.headers()["content-length"], content.len().to_string());
        assert!(head.status() == 200 && head.body().is_empty());
    }
}

#[tokio::test]
async fn an_early_answer_ends_its_request_and_not_the_connection() {
    let harness = Harness::open().await;
    let (mut sender, _connection) = connect(harness.address()).await;
    for _ in 0..3 {
        let body = vec![b'x'; 300_000];
        let refused = send(&mut sender, "PUT", "/v2/A/manifests/v1", body).await;
        assert_eq!(refused.status(), 400);
        assert!(!refused.headers().contains_key("connection"));
    }
    let body = image("a").with("layers", serde_json::json!([])).bytes();
    let answer = send(&mut sender, "PUT", "/v2/a/manifests/v1", body).await;
    assert_eq!(answer.status(), 404);
}

#[tokio::test]
async fn a_drain_ends_the_connection() {
    let harness = Harness::open().await;
    let (mut sender, connection) = connect(harness.address()).await;
    send(&mut sender, "GET", "/v2/", Vec::new()).await;
    let mut silent = harness.client().connect().await;
    assert_eq!(harness.running().shutdown(Duration::from_secs(60)).await, 0);
    connection.await.unwrap().unwrap();
    assert!(silent.is_ended().await);
}
