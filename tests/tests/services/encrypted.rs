//! TLS to the database and to the bucket: verified, or not spoken.

use std::{
    fs,
    io::{BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    sync::{Arc, Mutex},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use registry_tests::ports::unused_address;
use reqwest::blocking::Client;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::{
    http::{Head, forward, listen},
    replica::{PART, Replica, content, sha256},
    services::{Bucket, Postgres, Program},
};

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Makes a certificate and its key for `localhost`, one authority that has signed it and another that has not.
pub(crate) fn certify(directory: &Path) {
    let (trusted, other) = (authority(), authority());
    let write = |name: &str, text: String| fs::write(directory.join(name), text).unwrap();
    write("trusted", trusted.pem());
    write("other", other.pem());
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &trusted).unwrap();
    write("certificate", certificate.pem());
    write("key", key.serialize_pem());
}

type Encrypted = StreamOwned<ServerConnection, TcpStream>;

/// Listens at `localhost` with what was certified, and has each connection in a thread of its own.
pub(crate) fn listen_tls(
    tls: &Path,
    serve: impl Fn(&mut Encrypted) + Send + Sync + 'static,
) -> String {
    let certificate = CertificateDer::from_pem_file(tls.join("certificate")).unwrap();
    let key = PrivateKeyDer::from_pem_file(tls.join("key")).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let url = listen(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        serve(&mut stream);
        stream.conn.send_close_notify();
        stream.flush().ok();
    });
    url.replace("http://127.0.0.1", "https://localhost")
}

#[test]
fn the_way_to_the_database_is_encrypted_and_its_end_is_verified() {
    let directory = tempfile::tempdir().unwrap();
    certify(directory.path());
    let port = unused_address().port();
    let postgres = Postgres::start_tls(port, directory.path());
    let bucket = Bucket::start();
    postgres.create("registry");
    let by_name = format!("postgres://registry@localhost:{port}/registry?hostaddr=127.0.0.1");
    let trusting = |name: &str| {
        let authorities = directory.path().join(name).to_str().unwrap().to_owned();
        vec![
            ("REGISTRY_DATABASE_TLS", "true".to_owned()),
            ("REGISTRY_DATABASE_AUTHORITIES", authorities),
        ]
    };
    let replica = Replica::start_with(&by_name, &bucket, &trusting("trusted"));
    let ready = reqwest::blocking::get(format!("{}/readyz", replica.url)).unwrap();
    assert_eq!(ready.status(), 200);
    let refused = Replica::refused_with(&by_name, &bucket, &trusting("other"));
    assert!(refused.contains("certificate"), "{refused}");
    let by_another = format!("postgres://registry@127.0.0.1:{port}/registry");
    let refused = Replica::refused_with(&by_another, &bucket, &trusting("trusted"));
    assert!(refused.contains("certificate"), "{refused}");
}

#[test]
fn the_way_to_the_bucket_is_encrypted_and_its_end_is_verified() {
    let directory = tempfile::tempdir().unwrap();
    certify(directory.path());
    let postgres = Postgres::start();
    let database = postgres.create("registry");
    let bucket = Bucket::of(Program::Encrypted(directory.path().to_owned()));
    let trusting = |name: &str| {
        let authorities = directory.path().join(name).to_str().unwrap().to_owned();
        vec![
            ("REGISTRY_OBJECTS_PLAIN_HTTP", "false".to_owned()),
            ("REGISTRY_OBJECTS_AUTHORITIES", authorities),
        ]
    };
    let replica = Replica::start_with(&database, &bucket, &trusting("trusted"));
    let ready = reqwest::blocking::get(format!("{}/readyz", replica.url)).unwrap();
    assert_eq!(ready.status(), 200);
    let refused = Replica::refused_with(&database, &bucket, &trusting("other"));
    assert!(refused.contains("certificate"), "{refused}");
    let refused = Replica::refused_with(&database, &bucket, &trusting("key"));
    assert!(refused.contains("it holds no certificate"), "{refused}");
}

/// Passes a request on, and notes of a put what its signature covers.
fn relay(client: impl Read + Write, port: u16, covered: &Mutex<Vec<String>>) {
    let mut client = BufReader::new(client);
    let asked = Head::read(&mut client);
    let passed = asked.and_then(|asked| forward(&mut client, asked, port));
    if let Some((asked, _)) = passed
        && asked.line.starts_with("PUT ")
    {
        let hash = asked.field("x-amz-content-sha256").map(str::to_owned);
        covered.lock().unwrap().extend(hash);
    }
}

/// Nobody on the way can change them then, and to hash them once more for the signature is work. It is seen where TLS
/// ends before the bucket.
#[test]
fn bytes_are_hashed_for_a_signature_only_where_the_way_is_plain() {
    let directory = tempfile::tempdir().unwrap();
    certify(directory.path());
    let postgres = Postgres::start();
    let bucket = Bucket::of(Program::Minio);
    let (_, port) = bucket.endpoint.rsplit_once(':').unwrap();
    let port = port.parse().unwrap();
    let covered = Arc::new(Mutex::new(Vec::new()));
    let notes = [Arc::clone(&covered), Arc::clone(&covered)];
    let [of_encrypted, of_plain] = notes;
    let encrypted = listen_tls(directory.path(), move |client| {
        relay(client, port, &of_encrypted);
    });
    let plain = listen(move |client| relay(client, port, &of_plain));
    let authorities = directory.path().join("trusted");
    let bytes = content(2 * PART);
    let digest = sha256(&bytes);
    for (name, endpoint) in [("encrypted", encrypted), ("plain", plain)] {
        covered.lock().unwrap().clear();
        let is_plain = name == "plain";
        let settings = [
            ("REGISTRY_OBJECTS_PLAIN_HTTP", is_plain.to_string()),
            (
                "REGISTRY_OBJECTS_AUTHORITIES",
                authorities.display().to_string(),
            ),
            ("REGISTRY_OBJECTS_PREFIX", name.to_owned()),
            ("REGISTRY_OBJECTS_ENDPOINT", endpoint),
        ];
        let replica = Replica::start_with(&postgres.create(name), &bucket, &settings);
        let url = format!("{}/v2/a/b/blobs/uploads/?digest={digest}", replica.url);
        let answer = Client::new().post(url).body(bytes.clone()).send().unwrap();
        assert_eq!(answer.status(), 201);
        let covered = covered.lock().unwrap();
        assert!(covered.len() > 2, "a marker and two parts: {covered:?}");
        let is_hashed = |covered: &String| covered != "UNSIGNED-PAYLOAD";
        assert!(
            covered.iter().all(|covered| is_hashed(covered) == is_plain),
            "{covered:?}"
        );
    }
}
