//! TLS to the database and to the bucket: verified, or not spoken.

use std::{fs, path::Path};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::{
    replica::Replica,
    services::{Bucket, Postgres, Program, unused_port},
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

#[test]
fn the_way_to_the_database_is_encrypted_and_its_end_is_verified() {
    let directory = tempfile::tempdir().unwrap();
    certify(directory.path());
    let port = unused_port();
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
