//! HTTPS, with certificates that change.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use registry_server::{
    Address, ClientCertificates, ListenSettings, Listener, Running, Server, TlsFiles, TlsSettings,
    TlsVersion,
};
use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::support::{Connection, Echo};

const PING: &[u8] = b"GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n";
const BOTH: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];

type Issuer = CertifiedIssuer<'static, KeyPair>;
type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// A directory with an authority's certificates.
struct Authority {
    issuer: Issuer,
    directory: PathBuf,
}

fn issuer() -> Issuer {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

impl Authority {
    fn new(name: &str) -> Self {
        let directory =
            std::env::temp_dir().join(format!("registry-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let issuer = issuer();
        fs::write(directory.join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.directory.join(file)
    }

    /// A certificate for this machine and its key, as PEM.
    fn issue(&self, last_year: i32) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_after = date_time_ymd(last_year, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// Writes a certificate that is good until a year begins.
    fn install(&self, last_year: i32) {
        let (certificate, key) = self.issue(last_year);
        fs::write(self.path("server.pem"), certificate).unwrap();
        fs::write(self.path("server.key"), key).unwrap();
    }

    fn settings(&self) -> TlsSettings {
        TlsSettings::new(self.path("server.pem"), self.path("server.key"))
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        roots
    }

    fn client(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        builder(self.roots(), versions).with_no_client_auth()
    }

    /// A client with a certificate of another authority, or of this one.
    fn client_with(&self, identity: Identity) -> ClientConfig {
        builder(self.roots(), BOTH)
            .with_client_auth_cert(vec![identity.0], identity.1)
            .unwrap()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn builder(
    roots: RootCertStore,
    versions: &[&'static SupportedProtocolVersion],
) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
}

fn identity(issuer: &Issuer) -> Identity {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["ann".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    (certificate.der().clone(), key)
}

fn serve(files: &TlsFiles) -> Running {
    serve_with(files, ListenSettings::default())
}

fn serve_with(files: &TlsFiles, settings: ListenSettings) -> Running {
    let listener = Listener::bind(&Address::Tcp(([127, 0, 0, 1], 0).into())).unwrap();
    let server = Server::new(vec![listener.tls(files)]).unwrap();
    server.settings(settings).serve(Echo)
}

async fn connect(running: &Running, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(running.local_addr().unwrap()).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// Connects and asks; answers the certificate that was shown.
async fn ask(running: &Running, config: ClientConfig) -> CertificateDer<'static> {
    let stream = connect(running, config).await.unwrap();
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    let mut connection = Connection::new(stream);
    connection.write(PING).await;
    connection.reply(false).await.expect(200);
    shown
}

/// Whether a client is turned away: with TLS 1.3 it learns that only when it reads.
async fn is_refused(running: &Running, config: ClientConfig) -> bool {
    match connect(running, config).await {
        Err(_) => true,
        Ok(stream) => {
            let mut connection = Connection::new(stream);
            connection.write(PING).await;
            connection.is_ended().await
        }
    }
}

#[tokio::test]
async fn both_versions_are_spoken_unless_a_newer_one_is_the_least() {
    let authority = Authority::new("tls-versions");
    authority.install(2100);
    let settings = authority.settings();
    let running = serve(&TlsFiles::open(settings.clone()).unwrap());
    assert_eq!(running.endpoints()[0].to_string()[..8], *"https://");
    for (version, expected) in [
        (&TLS12, ProtocolVersion::TLSv1_2),
        (&TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let stream = connect(&running, authority.client(&[version]))
            .await
            .unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
    }
    let minimum = TlsVersion::Tls13;
    let running = serve(
        &TlsFiles::open(TlsSettings {
            minimum,
            ..settings
        })
        .unwrap(),
    );
    assert!(is_refused(&running, authority.client(&[&TLS12])).await);
    ask(&running, authority.client(&[&TLS13])).await;
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn http_2_is_agreed_on_inside() {
    let authority = Authority::new("tls-alpn");
    authority.install(2100);
    let running = serve(&TlsFiles::open(authority.settings()).unwrap());
    for (offered, agreed) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        let mut config = authority.client(BOTH);
        config.alpn_protocols = offered
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        let stream = connect(&running, config).await.unwrap();
        assert_eq!(
            stream.get_ref().1.alpn_protocol(),
            agreed.map(str::as_bytes)
        );
        if agreed == Some("h2") {
            let io = hyper_util::rt::TokioIo::new(stream);
            let executor = hyper_util::rt::TokioExecutor::new();
            let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io)
                .await
                .unwrap();
            let connection = tokio::spawn(connection);
            let body = http_body_util::Empty::<&[u8]>::new();
            let request = http::Request::get("https://localhost/v2/")
                .body(body)
                .unwrap();
            assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
            connection.abort();
        }
    }
}

#[tokio::test]
async fn a_new_certificate_is_used_from_the_next_connection_on() {
    let authority = Authority::new("tls-reload");
    authority.install(2100);
    let files = TlsFiles::open(authority.settings()).unwrap();
    let running = serve(&files);
    let before = ask(&running, authority.client(BOTH)).await;
    let stream = connect(&running, authority.client(BOTH)).await.unwrap();
    let mut open = Connection::new(stream);
    assert!(!files.reload().unwrap());
    authority.install(2101);
    assert_eq!(ask(&running, authority.client(BOTH)).await, before);
    assert!(files.reload().unwrap());
    assert_ne!(ask(&running, authority.client(BOTH)).await, before);
    // Those who are connected do not notice.
    open.write(PING).await;
    open.reply(false).await.expect(200);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_leaves_the_old_one_in_use() {
    let authority = Authority::new("tls-broken");
    authority.install(2100);
    let files = TlsFiles::open(authority.settings()).unwrap();
    let running = serve(&files);
    let before = ask(&running, authority.client(BOTH)).await;
    let (certificate, _) = authority.issue(2101);
    for broken in [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n",
        // A good one, but not of this key.
        &certificate,
    ] {
        fs::write(authority.path("server.pem"), broken).unwrap();
        for _ in 0..2 {
            let error = files.reload().unwrap_err().to_string();
            assert!(error.contains("server.pem"), "{error}");
        }
        assert_eq!(ask(&running, authority.client(BOTH)).await, before);
    }
    fs::remove_file(authority.path("server.pem")).unwrap();
    let error = files.reload().unwrap_err().to_string();
    assert!(
        error.contains("cannot read") && error.contains("server.pem"),
        "{error}"
    );
    assert_eq!(ask(&running, authority.client(BOTH)).await, before);
    authority.install(2102);
    assert!(files.reload().unwrap());
    assert_ne!(ask(&running, authority.client(BOTH)).await, before);
}

#[tokio::test]
async fn files_that_change_are_read_again_by_themselves() {
    let authority = Authority::new("tls-watch");
    authority.install(2100);
    let files = TlsFiles::open(authority.settings()).unwrap();
    let running = serve(&files);
    let before = ask(&running, authority.client(BOTH)).await;
    let watching = tokio::spawn(files.watch(Duration::from_millis(5)));
    authority.install(2101);
    while ask(&running, authority.client(BOTH)).await == before {}
    watching.abort();
}

#[test]
fn when_the_certificate_expires_is_known() {
    let authority = Authority::new("tls-expiry");
    for (year, days) in [
        (2030, 21_915),
        (2049, 28_855),
        (2050, 29_220),
        (2400, 157_054),
    ] {
        authority.install(year);
        let files = TlsFiles::open(authority.settings()).unwrap();
        let left = files
            .expires()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        assert_eq!(left, Duration::from_secs(days * 86_400), "{year}");
    }
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let authority = Authority::new("tls-wrong");
    let missing = TlsFiles::open(authority.settings())
        .unwrap_err()
        .to_string();
    assert!(missing.contains("server.pem"), "{missing}");
    authority.install(2100);
    fs::copy(authority.path("server.pem"), authority.path("server.key")).unwrap();
    let no_key = TlsFiles::open(authority.settings())
        .unwrap_err()
        .to_string();
    assert!(
        no_key.contains("server.key holds no private key"),
        "{no_key}"
    );
    authority.install(2100);
    let mut settings = authority.settings();
    settings.clients = ClientCertificates::Required(authority.path("server.key"));
    let no_authority = TlsFiles::open(settings).unwrap_err().to_string();
    assert!(
        no_authority.contains("server.key holds no usable authorit"),
        "{no_authority}"
    );
}

#[tokio::test]
async fn clients_show_certificates_where_they_must() {
    let authority = Authority::new("tls-clients");
    authority.install(2100);
    let mut settings = authority.settings();
    settings.clients = ClientCertificates::Required(authority.path("ca.pem"));
    let running = serve(&TlsFiles::open(settings.clone()).unwrap());
    let own = || authority.client_with(identity(&authority.issuer));
    let strange = || authority.client_with(identity(&issuer()));
    ask(&running, own()).await;
    assert!(is_refused(&running, strange()).await);
    assert!(is_refused(&running, authority.client(BOTH)).await);
    settings.clients = ClientCertificates::Optional(authority.path("ca.pem"));
    let running = serve(&TlsFiles::open(settings).unwrap());
    ask(&running, own()).await;
    assert!(is_refused(&running, strange()).await);
    ask(&running, authority.client(BOTH)).await;
}

#[tokio::test]
async fn hazard_32_a_handshake_that_does_not_end_keeps_nobody_waiting() {
    let authority = Authority::new("tls-slow");
    authority.install(2100);
    let settings = ListenSettings {
        handshake_timeout: Duration::from_secs(3),
        ..ListenSettings::default()
    };
    let running = serve_with(&TlsFiles::open(authority.settings()).unwrap(), settings);
    let address = running.local_addr().unwrap();
    let mut silent = Connection::new(TcpStream::connect(address).await.unwrap());
    ask(&running, authority.client(BOTH)).await;
    assert!(silent.is_ended().await);
}

#[tokio::test]
async fn what_is_no_tls_is_closed() {
    let authority = Authority::new("tls-plain");
    authority.install(2100);
    let running = serve(&TlsFiles::open(authority.settings()).unwrap());
    let address = running.local_addr().unwrap();
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(PING).await.unwrap();
    let mut answer = Vec::new();
    // An alert of TLS, at most.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/"));
}

#[tokio::test]
async fn a_load_balancer_speaks_before_tls_does() {
    let authority = Authority::new("tls-proxied");
    authority.install(2100);
    let files = TlsFiles::open(authority.settings()).unwrap();
    let from = registry_server::TrustedProxies {
        networks: vec!["127.0.0.1".parse().unwrap()],
        ..Default::default()
    };
    let listener = Listener::bind(&Address::Tcp(([127, 0, 0, 1], 0).into())).unwrap();
    let listener = listener.tls(&files).proxy_protocol(from);
    let running = Server::new(vec![listener]).unwrap().serve(Echo);
    let mut stream = TcpStream::connect(running.local_addr().unwrap())
        .await
        .unwrap();
    let line = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n";
    stream.write_all(line).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(authority.client(BOTH)));
    let mut connection = Connection::new(connector.connect(name, stream).await.unwrap());
    connection.write(PING).await;
    let reply = connection.reply(false).await.expect(200);
    reply.expect_header("client", "192.0.2.7");
}
