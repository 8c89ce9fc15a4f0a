//! Listeners, and what a service learns from them about a request.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::SocketAddr,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use registry_server::{Address, ClientAddress, Server};
use tokio::net::UnixStream;
use tower_service::Service;

use crate::support::{Client, Connection};

const PING: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// Answers where a request comes from.
#[derive(Clone)]
struct Echo;

impl Service<Request<Incoming>> for Echo {
    type Response = Response<Full<&'static [u8]>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let client = request.extensions().get::<ClientAddress>().unwrap();
        let response = Response::builder().header("client", client.to_string());
        ready(Ok(response.body(Full::default()).unwrap()))
    }
}

fn loopback() -> Address {
    Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)))
}

#[tokio::test]
async fn a_request_says_where_it_comes_from() {
    let running = Server::bind(&loopback()).unwrap().serve(Echo);
    let client = Client::new(running.local_addr().unwrap());
    let mut connection = client.connect().await;
    connection.write(PING).await;
    let reply = connection.reply(false).await.expect(200);
    reply.expect_header("client", "127.0.0.1");
}

#[tokio::test]
async fn a_request_over_a_unix_socket_has_no_address() {
    let path = std::env::temp_dir().join(format!("registry-peer-{}.sock", std::process::id()));
    let server = Server::bind(&Address::Unix(path.clone())).unwrap();
    let _running = server.serve(Echo);
    let mut connection = Connection::new(UnixStream::connect(&path).await.unwrap());
    connection.write(PING).await;
    let reply = connection.reply(false).await.expect(200);
    reply.expect_header("client", "unix");
}
