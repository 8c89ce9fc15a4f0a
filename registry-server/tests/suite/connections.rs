//! Connections: what the parser refuses by itself, early answers, slow clients, and the end.

use std::time::Duration;

use registry_core::{Digest, Settings};
use registry_server::{Address, Limits, ListenSettings, Pace, RegistryService, Server};
use registry_storage::memory;
use tokio::net::UnixStream;

use crate::support::{Client, Connection, Harness, basic, bytes, escaped, listen, service};

const PING: &[u8] = b"GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn a_connection_serves_many_requests_also_when_they_come_at_once() {
    let harness = Harness::open().await;
    let mut connection = harness.client().connect().await;
    for _ in 0..3 {
        connection.write(PING).await;
        connection.reply(false).await.expect(200);
    }
    connection.write(&PING.repeat(3)).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let reply = connection.reply(false).await.expect(200);
        ids.push(reply.header("x-request-id").to_owned());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn hazard_47_what_the_parser_refuses_it_answers_without_a_body() {
    let harness = Harness::open().await;
    let many = format!("GET /v2/ HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(101));
    let large = format!("GET /v2/ HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(200_000));
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(66_000));
    for (request, status) in [
        (&b"nonsense\r\n\r\n"[..], 400),
        (b"GET /v2/ HTTP/9.9\r\n\r\n", 400),
        (b"GET /v2/ HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"GET /v2/a b HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            400,
        ),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n", 400),
        (many.as_bytes(), 431),
        (large.as_bytes(), 431),
        (long.as_bytes(), 414),
    ] {
        let mut connection = harness.client().connect().await;
        connection.write(request).await;
        let reply = connection.reply(false).await.expect(status);
        reply.expect_header("content-length", "0");
        assert!(connection.is_ended().await);
    }
    harness.client().get("/v2/").await.expect(200);
}

#[tokio::test]
async fn hazard_47_our_own_limits_lie_below_those_of_the_parser() {
    let harness = Harness::open().await;
    let mut request = harness.client().request("GET", "/v2/");
    for index in 0..98 {
        request = request.header(&format!("x-{index}"), "y");
    }
    request.send().await.expect_error(431, "UNSUPPORTED");
    let path = format!("/v2/{}/tags/list", "a".repeat(60_000));
    harness
        .client()
        .get(&path)
        .await
        .expect_error(414, "NAME_INVALID");
    let large = harness.client().request("GET", "/v2/");
    let large = large.header("x", &"y".repeat(100_000));
    large.send().await.expect_error(431, "UNSUPPORTED");
}

#[tokio::test]
async fn limits_may_be_raised_together() {
    let limits = Limits {
        headers: 200,
        ..Limits::default()
    };
    let settings = ListenSettings {
        headers: 300,
        ..ListenSettings::default()
    };
    let service = RegistryService::builder(memory::registry()).limits(limits);
    let running = listen(settings).serve(service.build());
    let client = Client::new(running.local_addr().unwrap());
    let send = async |count: usize| {
        let mut connection = client.connect().await;
        let head = format!("GET /v2/ HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(count));
        connection.write(head.as_bytes()).await;
        connection.reply(false).await
    };
    send(200).await.expect(200);
    send(201).await.expect_error(431, "UNSUPPORTED");
    send(301).await.expect(431).expect_body(b"");
}

#[tokio::test]
async fn hazard_47_a_panic_ends_its_request_and_nothing_else() {
    let harness = Harness::guarded().await;
    let mut connection = harness.client().connect().await;
    let request = |name| {
        let value = basic(name);
        format!("GET /v2/ HTTP/1.1\r\nhost: x\r\nauthorization: {value}\r\n\r\n")
    };
    for _ in 0..2 {
        connection.write(request("trouble").as_bytes()).await;
        let reply = connection.reply(false).await;
        reply.expect_error(500, "UNKNOWN").header("x-request-id");
        connection.write(request("ann").as_bytes()).await;
        connection.reply(false).await.expect(200);
    }
}

#[tokio::test]
async fn an_early_answer_to_a_small_body_keeps_the_connection() {
    let harness = Harness::open().await;
    let mut connection = harness.client().connect().await;
    for _ in 0..3 {
        connection
            .write(b"PUT /v2/a/tags/list HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello")
            .await;
        let reply = connection
            .reply(false)
            .await
            .expect_error(405, "UNSUPPORTED");
        reply.expect_no("connection");
    }
    connection.write(PING).await;
    connection.reply(false).await.expect(200);
}

#[tokio::test]
async fn an_early_answer_reaches_a_client_that_is_still_sending() {
    let harness = Harness::open().await;
    let mut connection = harness.client().connect().await;
    let head = "PUT /v2/A/manifests/v1 HTTP/1.1\r\nhost: x\r\ncontent-length: 4000000\r\n\r\n";
    connection.write(head.as_bytes()).await;
    connection.write(&vec![b'x'; 4_000_000]).await;
    let reply = connection.reply(false).await;
    let reply = reply.expect_error(400, "NAME_INVALID");
    reply.expect_header("connection", "close");
    assert!(connection.is_ended().await);
}

#[tokio::test]
async fn a_refused_body_is_not_asked_for() {
    let harness = Harness::open().await;
    let mut connection = harness.client().connect().await;
    let head = "PUT /v2/A/manifests/v1 HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n";
    connection.write(head.as_bytes()).await;
    connection
        .reply(false)
        .await
        .expect_error(400, "NAME_INVALID");
    let mut connection = harness.client().connect().await;
    connection
        .write(head.replace("/A/", "/a/").as_bytes())
        .await;
    connection.reply(false).await.expect(100);
    connection.write(b"not json.").await;
    let reply = connection.reply(false).await;
    reply.expect_error(400, "MANIFEST_INVALID");
}

/// A registry whose clients must not pause for long.
async fn impatient() -> Harness {
    let pace = Pace {
        idle: Duration::from_millis(50),
        bytes_per_second: 1,
    };
    let limits = Limits {
        pace,
        ..Limits::default()
    };
    Harness::with(Settings::default(), |service| service.limits(limits)).await
}

#[tokio::test]
async fn hazard_32_a_body_that_stops_coming_is_408_and_its_upload_goes_on() {
    let harness = impatient().await;
    let client = harness.client();
    let location = client.begin("a").await;
    let mut connection = client.connect().await;
    let head = format!("PATCH {location} HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n\r\nabc");
    connection.write(head.as_bytes()).await;
    let reply = connection.reply(false).await;
    reply.expect_error(408, "BLOB_UPLOAD_INVALID");
    assert!(connection.is_ended().await);
    client
        .get(&location)
        .await
        .expect(204)
        .expect_header("range", "0-2");
    let digest = Digest::sha256(b"abcdef");
    let put = client.put(&format!("{location}?digest={}", escaped(&digest)), b"def");
    put.header("content-range", "3-5").send().await.expect(201);
}

#[tokio::test]
async fn hazard_01_a_broken_chunk_can_be_resumed_where_it_broke() {
    let harness = Harness::open().await;
    let client = harness.client();
    let content = bytes("broken", 100_000);
    let location = client.begin("a").await;
    let mut connection = client.connect().await;
    let head = format!("PATCH {location} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n");
    connection.write(head.as_bytes()).await;
    connection.write(&content[..60_000]).await;
    drop(connection);
    let status = client.get(&location).await.expect(204);
    let kept: usize = match status.header("range").strip_prefix("0-") {
        Some("0") => 0,
        last => last.unwrap().parse::<usize>().unwrap() + 1,
    };
    assert!(kept <= 60_000);
    let digest = Digest::sha256(&content);
    let target = format!("{location}?digest={}", escaped(&digest));
    let range = format!("{kept}-99999");
    let put = client
        .put(&target, &content[kept..])
        .header("content-range", &range);
    let reply = put.send().await;
    if reply.status == 416 {
        // More of it was kept than the status had told.
        let last = reply.header("range").strip_prefix("0-").unwrap();
        let kept = last.parse::<usize>().unwrap() + 1;
        let put = client.put(&target, &content[kept..]);
        put.send().await.expect(201);
    } else {
        reply.expect(201);
    }
    let blob = client.get(&format!("/v2/a/blobs/{digest}")).await;
    blob.expect(200).expect_body(&content);
}

#[tokio::test]
async fn hazard_32_a_connection_without_a_request_is_closed() {
    let head_timeout = Duration::from_millis(50);
    let settings = ListenSettings {
        head_timeout,
        ..ListenSettings::default()
    };
    let running = listen(settings).serve(service());
    let client = Client::new(running.local_addr().unwrap());
    let mut idle = client.connect().await;
    let mut half = client.connect().await;
    half.write(b"GET /v2/ HTTP/1.1\r\nhost").await;
    assert!(idle.is_ended().await && half.is_ended().await);
}

#[tokio::test]
async fn hazard_32_connections_beyond_the_limit_wait_their_turn() {
    let settings = ListenSettings {
        connections: 1,
        ..ListenSettings::default()
    };
    let running = listen(settings).serve(service());
    let client = Client::new(running.local_addr().unwrap());
    let mut first = client.connect().await;
    first.write(PING).await;
    first.reply(false).await.expect(200);
    let mut second = client.connect().await;
    second.write(PING).await;
    first.write(PING).await;
    first.reply(false).await.expect(200);
    drop(first);
    second.reply(false).await.expect(200);
}

#[tokio::test]
async fn a_drain_ends_idle_connections_and_finishes_requests() {
    let harness = Harness::open().await;
    let client = harness.client();
    let location = client.begin("a").await;
    let mut idle = client.connect().await;
    idle.write(PING).await;
    idle.reply(false).await.expect(200);
    let mut busy = client.connect().await;
    let head = format!(
        "PATCH {location} HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\nexpect: 100-continue\r\n\r\n"
    );
    busy.write(head.as_bytes()).await;
    busy.reply(false).await.expect(100);
    let address = harness.address();
    let draining = tokio::spawn(harness.running().shutdown(Duration::from_secs(60)));
    assert!(idle.is_ended().await);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    busy.write(b"abcdef").await;
    let reply = busy.reply(false).await.expect(202);
    reply.expect_header("connection", "close");
    assert!(busy.is_ended().await);
    drop(busy);
    assert_eq!(draining.await.unwrap(), 0);
}

#[tokio::test]
async fn a_drain_has_a_limit() {
    let harness = Harness::open().await;
    let client = harness.client();
    let location = client.begin("a").await;
    let mut stuck = client.connect().await;
    let head = format!(
        "PATCH {location} HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\nexpect: 100-continue\r\n\r\n"
    );
    stuck.write(head.as_bytes()).await;
    stuck.reply(false).await.expect(100);
    let cut_off = harness.running().shutdown(Duration::from_millis(50)).await;
    assert_eq!(cut_off, 1);
    assert!(stuck.is_ended().await);
}

#[tokio::test]
async fn a_dropped_server_leaves_nothing_behind() {
    for _ in 0..20 {
        let harness = Harness::open().await;
        let mut connection = harness.client().connect().await;
        connection.write(PING).await;
        connection.reply(false).await.expect(200);
        drop(harness);
        assert!(connection.is_ended().await);
    }
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let harness = Harness::open().await;
    let error = Server::bind(&Address::Tcp(harness.address())).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_unix_socket_serves_and_goes_with_its_server() {
    let path = std::env::temp_dir().join(format!("registry-{}.sock", std::process::id()));
    let address = Address::Unix(path.clone());
    let running = Server::bind(&address).unwrap().serve(service());
    assert_eq!(running.address(), &address);
    assert!(Server::bind(&address).is_err());
    let mut connection = Connection::new(UnixStream::connect(&path).await.unwrap());
    connection.write(PING).await;
    connection.reply(false).await.expect(200);
    drop(connection);
    assert_eq!(running.shutdown(Duration::from_secs(60)).await, 0);
    assert!(!path.exists());
    // One that was left behind is replaced.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let running = Server::bind(&address).unwrap().serve(service());
    assert_eq!(running.shutdown(Duration::from_secs(60)).await, 0);
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_a_length_and_an_end() {
    let harness = Harness::open().await;
    let mut connection = harness.client().connect().await;
    connection.write(b"GET /v2/ HTTP/1.0\r\n\r\n").await;
    connection.reply(false).await.expect(200).expect_body(b"{}");
    assert!(connection.is_ended().await);
}
