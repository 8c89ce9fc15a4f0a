//! HTTPS, proxies, and sockets that somebody else has opened.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::{
        fd::OwnedFd,
        unix::{
            fs::PermissionsExt,
            net::{UnixDatagram, UnixStream},
        },
    },
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
};

use crate::server::{Server, ask, end, program, run};

/// A directory with a certificate for this machine, and the authority that clients trust.
pub(crate) struct Place {
    directory: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("registry-listening-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let place = Self { directory, issuer };
        place.install();
        place
    }

    /// Writes another certificate.
    fn install(&self) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.path("server.pem"), certificate.pem()).unwrap();
        fs::write(self.path("server.key"), key.serialize_pem()).unwrap();
        fs::write(self.path("ca.pem"), self.issuer.pem()).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.directory.join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn serve(&self) -> Server {
        let (certificate, key) = (self.path("server.pem"), self.path("server.key"));
        Server::start(&[
            "--listen",
            "127.0.0.1:0 tls",
            "--tls-certificate",
            &certificate,
            "--tls-key",
            &key,
        ])
    }

    fn connect(&self, server: &Server) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let host = server.address.strip_prefix("https://").unwrap();
        StreamOwned::new(connection, TcpStream::connect(host).unwrap())
    }

    /// The certificate that a new connection is shown.
    fn shown(&self, server: &Server) -> CertificateDer<'static> {
        let mut stream = self.connect(server);
        assert!(ask(&mut stream, "GET /v2/").starts_with("HTTP/1.1 200"));
        stream.conn.peer_certificates().unwrap()[0].clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn ping(stream: &mut (impl Read + Write)) {
    write!(stream, "GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n{}") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[test]
fn a_hangup_changes_the_certificate_and_ends_no_connection() {
    let place = Place::new("hangup");
    let server = place.serve();
    let before = place.shown(&server);
    let mut open = place.connect(&server);
    ping(&mut open);
    place.install();
    server.signal("HUP");
    while place.shown(&server) == before {}
    ping(&mut open);
    let after = place.shown(&server);
    fs::write(place.path("server.pem"), "nonsense").unwrap();
    server.signal("HUP");
    assert_eq!(place.shown(&server), after);
    ping(&mut open);
    drop(open);
    server.signal("TERM");
    let ended = server.ended();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_at_the_start() {
    let place = Place::new("refused");
    fs::write(place.path("server.key"), "nonsense").unwrap();
    let (certificate, key) = (place.path("server.pem"), place.path("server.key"));
    let ended = run(&[
        "serve",
        "--memory",
        "--listen",
        "127.0.0.1:0 tls",
        "--tls-certificate",
        &certificate,
        "--tls-key",
        &key,
    ]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.err.contains(&key), "{}", ended.err);
}

#[test]
fn a_load_balancer_and_a_proxy_are_believed_where_they_are_named() {
    let server = Server::start(&[
        "--listen",
        "127.0.0.1:0 proxy-protocol",
        "--trusted-proxies",
        "127.0.0.1",
        "--trusted-proxies",
        "192.0.2.0/24",
    ]);
    let mut stream = server.connect();
    write!(stream, "PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n").unwrap();
    write!(
        stream,
        "POST /v2/a/b/blobs/uploads/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-length: 0\r\nx-forwarded-proto: https\r\n\
         x-forwarded-host: registry.example.com\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let location = "location: https://registry.example.com/v2/a/b/blobs/uploads/";
    assert!(answer.contains(location), "{answer}");
    let mut stranger = server.connect();
    // Whether the request can still be written does not matter.
    let _ = write!(stranger, "GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut answer = String::new();
    let _ = stranger.read_to_string(&mut answer);
    assert_eq!(answer, "");
}

#[test]
fn a_unix_socket_has_the_permissions_that_are_set() {
    let place = Place::new("mode");
    let path = place.path("r.sock");
    let server = Server::start(&["--listen", &format!("unix:{path} mode=600")]);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut stream = UnixStream::connect(&path).unwrap();
    assert!(ask(&mut stream, "GET /v2/").starts_with("HTTP/1.1 200"));
    server.signal("TERM");
    assert_eq!(server.ended().status.code(), Some(0));
}

/// The server, with a socket passed to it as systemd does that.
fn activated(socket: TcpListener, arguments: &[&str]) -> Command {
    const PASS: &str = "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", PASS, "sh"]);
    command.arg(program(&[]).get_program()).args(arguments);
    command.stdin(OwnedFd::from(socket));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_socket_of_systemd_is_served_and_systemd_is_told() {
    let place = Place::new("systemd");
    let notify = UnixDatagram::bind(place.path("notify.sock")).unwrap();
    let told = || {
        let mut buffer = [0; 200];
        let read = notify.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..read].to_vec()).unwrap()
    };
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    // Before there is a server.
    let mut waiting = TcpStream::connect(&address).unwrap();
    let mut command = activated(socket, &["serve", "--memory", "--listen", &address]);
    let server = Server::of(command.env("NOTIFY_SOCKET", place.path("notify.sock")));
    assert!(ask(&mut waiting, "GET /v2/").starts_with("HTTP/1.1 200"));
    assert_eq!(told(), "READY=1");
    server.signal("HUP");
    assert!(told().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(told(), "READY=1");
    server.signal("TERM");
    assert_eq!(told(), "STOPPING=1");
    assert_eq!(server.ended().status.code(), Some(0));
}

#[test]
fn a_socket_of_systemd_that_nobody_asked_for_is_refused() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let ended = end(&mut activated(
        socket,
        &["serve", "--memory", "--listen", "127.0.0.1:0"],
    ));
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.err.contains(&address), "{}", ended.err);
}
