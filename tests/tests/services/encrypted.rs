//! TLS to the database: verified, or not spoken.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::{
    replica::Replica,
    services::{Bucket, Postgres, unused_port},
};

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

#[test]
fn the_way_to_the_database_is_encrypted_and_its_end_is_verified() {
    let directory = tempfile::tempdir().unwrap();
    let (trusted, other) = (authority(), authority());
    let file = |name: &str| directory.path().join(name);
    fs::write(file("trusted"), trusted.pem()).unwrap();
    fs::write(file("other"), other.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &trusted).unwrap();
    fs::write(file("certificate"), certificate.pem()).unwrap();
    fs::write(file("key"), key.serialize_pem()).unwrap();

    let port = unused_port();
    let postgres = Postgres::start_tls(port, directory.path());
    let bucket = Bucket::start();
    postgres.create("registry");
    let by_name = format!("postgres://registry@localhost:{port}/registry?hostaddr=127.0.0.1");
    let trusting = |name: &str| {
        let authorities = file(name).to_str().unwrap().to_owned();
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
