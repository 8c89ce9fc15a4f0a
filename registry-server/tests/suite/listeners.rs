//! Listeners, and what a service learns from them about a request.

use std::{
    net::SocketAddr,
    os::{fd::AsFd, unix::fs::PermissionsExt},
    path::PathBuf,
    time::Duration,
};

use registry_server::{
    Address, ForwardedHeader, ListenSettings, Listener, Running, Server, TrustedProxies,
};
use tokio::net::{TcpStream, UnixStream};

use crate::support::{Client, Connection, Echo, Reply, service};

const PING: &[u8] = b"GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n";

fn loopback() -> Address {
    Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)))
}

fn socket(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("registry-{name}-{}.sock", std::process::id()))
}

async fn tcp(running: &Running) -> Connection {
    Client::new(running.local_addr().unwrap()).connect().await
}

async fn unix(path: &PathBuf) -> Connection<UnixStream> {
    Connection::new(UnixStream::connect(path).await.unwrap())
}

/// The answer to these bytes, on a connection of their own.
async fn answer(running: &Running, sent: &[u8]) -> Reply {
    let mut connection = tcp(running).await;
    connection.write(sent).await;
    connection.reply(false).await.expect(200)
}

fn loopback_proxies() -> TrustedProxies {
    TrustedProxies {
        networks: vec!["127.0.0.0/8".parse().unwrap()],
        unix: true,
        header: ForwardedHeader::XForwarded,
    }
}

#[tokio::test]
async fn a_request_says_where_it_comes_from() {
    let running = Server::bind(&loopback()).unwrap().serve(Echo);
    let reply = answer(&running, PING).await;
    reply.expect_header("client", "127.0.0.1");
}

#[tokio::test]
async fn a_request_over_a_unix_socket_has_no_address() {
    let path = socket("peer");
    let server = Server::bind(&Address::Unix(path.clone())).unwrap();
    let _running = server.serve(Echo);
    let mut connection = Connection::new(UnixStream::connect(&path).await.unwrap());
    connection.write(PING).await;
    let reply = connection.reply(false).await.expect(200);
    reply.expect_header("client", "unix");
}

#[tokio::test]
async fn several_listeners_are_one_server_with_one_drain() {
    let path = socket("several");
    let listeners = vec![
        Listener::bind(&loopback()).unwrap(),
        Listener::bind(&Address::Unix(path.clone())).unwrap(),
        Listener::bind(&loopback()).unwrap(),
    ];
    let running = Server::new(listeners).unwrap().serve(Echo);
    let endpoints: Vec<_> = running.endpoints().to_vec();
    assert_eq!(endpoints.len(), 3);
    for _ in 0..3 {
        for endpoint in &endpoints {
            let reply = match endpoint.address.tcp() {
                Some(address) => {
                    let mut connection = Client::new(address).connect().await;
                    connection.write(PING).await;
                    connection.reply(false).await
                }
                None => {
                    let mut connection = unix(&path).await;
                    connection.write(PING).await;
                    connection.reply(false).await
                }
            };
            reply.expect(200);
        }
    }
    assert_eq!(running.shutdown(Duration::from_secs(60)).await, 0);
    assert!(!path.exists());
    for address in endpoints.iter().filter_map(|at| at.address.tcp()) {
        assert!(TcpStream::connect(address).await.is_err());
    }
}

#[tokio::test]
async fn the_limit_of_connections_is_for_all_listeners_together() {
    let listeners = vec![
        Listener::bind(&loopback()).unwrap(),
        Listener::bind(&loopback()).unwrap(),
    ];
    let settings = ListenSettings {
        connections: 1,
        ..ListenSettings::default()
    };
    let running = Server::new(listeners)
        .unwrap()
        .settings(settings)
        .serve(Echo);
    let other = Client::new(running.endpoints()[1].address.tcp().unwrap());
    let mut first = tcp(&running).await;
    first.write(PING).await;
    first.reply(false).await.expect(200);
    let mut second = other.connect().await;
    second.write(PING).await;
    first.write(PING).await;
    first.reply(false).await.expect(200);
    drop(first);
    second.reply(false).await.expect(200);
}

#[test]
fn a_server_needs_a_listener() {
    assert!(Server::new(Vec::new()).is_err());
}

#[tokio::test]
async fn a_unix_socket_has_the_permissions_that_were_asked_for() {
    let path = socket("mode");
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for wanted in [0o600, 0o666] {
        let listener = Listener::bind_unix(&path, wanted).unwrap();
        assert_eq!(mode(&path), wanted);
        drop(listener);
        assert!(!path.exists());
    }
}

#[tokio::test]
async fn what_is_no_socket_is_not_replaced() {
    let path = socket("file");
    std::fs::write(&path, "somebody's").unwrap();
    assert!(Listener::bind_unix(&path, 0o600).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"somebody's");
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn a_socket_outlives_a_server_where_another_handle_is_kept() {
    let path = socket("kept");
    let kept = [
        Listener::bind(&loopback()).unwrap(),
        Listener::bind_unix(&path, 0o600).unwrap(),
    ];
    let again = || {
        kept.iter()
            .map(|listener| listener.try_clone().unwrap())
            .collect()
    };
    let first = Server::new(again()).unwrap().serve(Echo);
    answer(&first, PING).await;
    assert_eq!(first.shutdown(Duration::from_secs(60)).await, 0);
    // Nobody accepts now, and yet nobody is refused.
    let address = kept[0].endpoint().address.tcp().unwrap();
    let mut waiting = Client::new(address).connect().await;
    waiting.write(PING).await;
    let mut waiting_too = unix(&path).await;
    waiting_too.write(PING).await;
    let second = Server::new(again()).unwrap().serve(Echo);
    waiting.reply(false).await.expect(200);
    waiting_too.reply(false).await.expect(200);
    drop(kept);
    assert!(path.exists());
    drop((waiting, waiting_too));
    assert_eq!(second.shutdown(Duration::from_secs(60)).await, 0);
    assert!(!path.exists());
}

#[tokio::test]
async fn an_inherited_socket_is_served_and_its_file_is_left() {
    let path = socket("inherited");
    let theirs = [
        Listener::bind(&loopback()).unwrap(),
        Listener::bind_unix(&path, 0o600).unwrap(),
    ];
    let inherited = theirs.iter().map(|listener| {
        let socket = listener.as_fd().try_clone_to_owned().unwrap();
        Listener::inherit(socket).unwrap()
    });
    let running = Server::new(inherited.collect()).unwrap().serve(Echo);
    for (theirs, ours) in theirs.iter().zip(running.endpoints()) {
        assert_eq!(&theirs.endpoint(), ours);
    }
    answer(&running, PING).await;
    let mut connection = unix(&path).await;
    connection.write(PING).await;
    connection.reply(false).await.expect(200);
    drop(connection);
    assert_eq!(running.shutdown(Duration::from_secs(60)).await, 0);
    assert!(path.exists());
    theirs.iter().for_each(Listener::leave_file);
    drop(theirs);
    assert!(path.exists());
    let socket = std::os::unix::net::UnixDatagram::unbound().unwrap();
    assert!(Listener::inherit(socket.into()).is_err());
    std::fs::remove_file(&path).unwrap();
}

/// A connection that was accepted has its request answered, though the server was told to stop before
/// it came: its client cannot know.
#[tokio::test]
async fn a_stopping_server_waits_for_the_first_request_of_what_it_accepted() {
    let running = Server::bind(&loopback()).unwrap().serve(Echo);
    let mut late = tcp(&running).await;
    // Answered: so those who connected before were accepted.
    let mut sign = tcp(&running).await;
    sign.write(PING).await;
    sign.reply(false).await.expect(200);
    let draining = tokio::spawn(running.shutdown(Duration::from_secs(60)));
    assert!(sign.is_ended().await);
    late.write(PING).await;
    late.reply(false).await.expect(200);
    assert!(late.is_ended().await);
    drop((late, sign));
    assert_eq!(draining.await.unwrap(), 0);
}

#[cfg(feature = "handover")]
#[tokio::test]
async fn listeners_go_to_another_process() {
    let path = socket("handed");
    let sent = [
        Listener::bind(&loopback()).unwrap(),
        Listener::bind_unix(&path, 0o600).unwrap(),
    ];
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut waiting = Client::new(sent[0].endpoint().address.tcp().unwrap())
        .connect()
        .await;
    waiting.write(PING).await;
    Listener::send_all(&sent, &ours).await.unwrap();
    let received = Listener::receive_all(&theirs).await.unwrap();
    for (sent, received) in sent.iter().zip(&received) {
        assert_eq!(sent.endpoint(), received.endpoint());
        sent.leave_file();
    }
    drop(sent);
    let received = received.into_iter().map(Listener::own_file).collect();
    let running = Server::new(received).unwrap().serve(Echo);
    // It connected when nobody accepted, and the socket was another's.
    waiting.reply(false).await.expect(200);
    drop(waiting);
    assert_eq!(running.shutdown(Duration::from_secs(60)).await, 0);
    assert!(!path.exists());
}

#[cfg(feature = "handover")]
#[tokio::test]
async fn what_is_no_handover_is_an_error() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.try_write(&[1]).unwrap();
    assert!(Listener::receive_all(&theirs).await.is_err());
    drop(ours);
    assert!(Listener::receive_all(&theirs).await.is_err());
}

fn proxied() -> Listener {
    let listener = Listener::bind(&loopback()).unwrap();
    listener.proxy_protocol(loopback_proxies())
}

#[tokio::test]
async fn a_load_balancer_says_for_whom_it_connects() {
    let running = Server::new(vec![proxied()]).unwrap().serve(Echo);
    let line = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n";
    let reply = answer(&running, &[line, PING].concat()).await;
    reply.expect_header("client", "192.0.2.7");
    let binary = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x08\xc0\0\x02\x01\x12\x34\x01\xbb";
    let reply = answer(&running, &[&binary[..], PING].concat()).await;
    reply.expect_header("client", "192.0.2.8");
    let itself = b"PROXY UNKNOWN\r\n";
    let reply = answer(&running, &[itself, PING].concat()).await;
    reply.expect_header("client", "127.0.0.1");
}

#[tokio::test]
async fn who_says_nothing_for_whom_it_connects_is_closed() {
    let running = Server::new(vec![proxied()]).unwrap().serve(Echo);
    let mut connection = tcp(&running).await;
    connection.write(PING).await;
    assert!(connection.is_ended().await);
}

#[tokio::test]
async fn a_stranger_cannot_say_for_whom_it_connects() {
    let from = TrustedProxies {
        networks: vec!["192.0.2.0/24".parse().unwrap()],
        ..TrustedProxies::default()
    };
    let listener = Listener::bind(&loopback()).unwrap().proxy_protocol(from);
    let running = Server::new(vec![listener]).unwrap().serve(Echo);
    let mut connection = tcp(&running).await;
    connection
        .write(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n")
        .await;
    connection.write(PING).await;
    assert!(connection.is_ended().await);
}

#[tokio::test]
async fn hazard_32_a_beginning_that_does_not_end_keeps_nobody_waiting() {
    let settings = ListenSettings {
        handshake_timeout: Duration::from_millis(50),
        ..ListenSettings::default()
    };
    let server = Server::new(vec![proxied()]).unwrap().settings(settings);
    let running = server.serve(Echo);
    let mut silent = tcp(&running).await;
    let mut half = tcp(&running).await;
    half.write(b"PROXY TCP4 ").await;
    answer(&running, &[b"PROXY UNKNOWN\r\n", PING].concat()).await;
    assert!(silent.is_ended().await && half.is_ended().await);
}

const FORWARDED: &[u8] = b"GET /v2/ HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.7\r\n\
    x-forwarded-proto: https\r\nx-forwarded-host: registry.example.com\r\n\r\n";

#[tokio::test]
async fn a_proxy_is_believed_where_it_is_trusted() {
    let trusting = Server::bind(&loopback()).unwrap();
    let trusting = trusting.trusted_proxies(loopback_proxies()).serve(Echo);
    let reply = answer(&trusting, FORWARDED).await;
    let reply = reply.expect_header("client", "192.0.2.7");
    reply.expect_header("url", "https://registry.example.com");
    let wary = Server::bind(&loopback()).unwrap().serve(Echo);
    let reply = answer(&wary, FORWARDED).await;
    reply.expect_header("client", "127.0.0.1").expect_no("url");
}

#[tokio::test]
async fn addresses_are_those_that_a_trusted_proxy_was_asked_for() {
    let begin = String::from_utf8_lossy(FORWARDED).replace("GET /v2/", "POST /v2/a/blobs/uploads/");
    let begin = begin.replacen("\r\n", "\r\ncontent-length: 0\r\n", 1);
    for (proxies, start) in [
        (
            loopback_proxies(),
            "https://registry.example.com/v2/a/blobs/uploads/",
        ),
        (TrustedProxies::default(), "/v2/a/blobs/uploads/"),
    ] {
        let server = Server::bind(&loopback()).unwrap().trusted_proxies(proxies);
        let running = server.serve(service());
        let mut connection = tcp(&running).await;
        connection.write(begin.as_bytes()).await;
        let reply = connection.reply(false).await.expect(202);
        assert!(reply.header("location").starts_with(start));
    }
}
