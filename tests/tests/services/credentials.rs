//! Where the keys of a bucket may come from, each way with the store that takes them at its end.

use std::{
    fs,
    io::{BufReader, Write},
    path::Path,
};

use super::{
    encrypted::{certify, listen_tls},
    http::{Head, answering},
    replica::{Replica, content},
    services::{Bucket, Postgres},
};

/// Variables of the environment, without keys in the settings themselves.
fn instead(more: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("REGISTRY_OBJECTS_ACCESS_KEY", String::new()),
        ("REGISTRY_OBJECTS_SECRET_KEY", String::new()),
    ];
    settings.extend_from_slice(more);
    settings
}

/// Panics unless a server starts with them, for which it writes to the bucket and reads from it.
fn assert_taken(bucket: &Bucket, more: &[(&'static str, String)]) -> Replica {
    let postgres = Postgres::start();
    let replica = Replica::start_with(&postgres.create("registry"), bucket, &instead(more));
    let ready = reqwest::blocking::get(format!("{}/readyz", replica.url)).unwrap();
    assert_eq!(ready.status(), 200);
    replica
}

#[test]
fn keys_come_from_the_environment() {
    let bucket = Bucket::start();
    let keys = |secret: &str| {
        [
            ("AWS_ACCESS_KEY_ID", bucket.access_key.clone()),
            ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
        ]
    };
    let postgres = Postgres::start();
    let database = postgres.create("registry");
    let refused = Replica::refused_with(&database, &bucket, &instead(&keys("a guess")));
    assert!(refused.contains("403"), "{refused}");
    assert_taken(&bucket, &keys(&bucket.secret_key));
}

/// They are those of the settings where both are there, without a session that belongs to the others.
#[test]
fn keys_of_the_settings_count_before_those_of_the_environment() {
    let bucket = Bucket::start();
    let proxy = super::http::Proxy::start();
    let settings = [
        ("AWS_ACCESS_KEY_ID", "another".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "another".to_owned()),
        ("AWS_SESSION_TOKEN", "another".to_owned()),
        ("REGISTRY_OBJECTS_PROXY", proxy.url.clone()),
    ];
    let postgres = Postgres::start();
    drop(Replica::start_with(
        &postgres.create("registry"),
        &bucket,
        &settings,
    ));
    let noted = proxy.noted(&[]);
    let tokens = noted
        .iter()
        .map(|(asked, _)| asked.field("x-amz-security-token"));
    assert!(!noted.is_empty() && tokens.flatten().next().is_none());
}

#[test]
fn keys_come_from_a_file_and_are_read_again_when_they_are_exchanged() {
    let mut bucket = Bucket::start();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("credentials");
    let write = |bucket: &Bucket| {
        let (key, secret) = (&bucket.access_key, &bucket.secret_key);
        let text = format!(
            "[default]\n[registry]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
        );
        fs::write(&path, text).unwrap();
    };
    write(&bucket);
    let postgres = Postgres::start();
    let settings = instead(&[
        (
            "REGISTRY_OBJECTS_CREDENTIALS",
            path.to_str().unwrap().to_owned(),
        ),
        ("REGISTRY_OBJECTS_PROFILE", "registry".to_owned()),
    ]);
    let replica = Replica::start_with(&postgres.create("registry"), &bucket, &settings);
    let push = || {
        let url = format!("{}/v2/a/b/blobs/uploads/?digest={}", replica.url, sha256());
        let client = reqwest::blocking::Client::new();
        client
            .post(url)
            .body(content(1 << 20))
            .send()
            .unwrap()
            .status()
    };
    bucket.stop();
    bucket.secret_key = "exchanged".to_owned();
    bucket.start_again();
    assert_eq!(push(), 503);
    write(&bucket);
    assert_eq!(push(), 201);
}

fn sha256() -> String {
    super::replica::sha256(&content(1 << 20))
}

/// What a machine, or a container, is told of its role. The store knows no sessions, so theirs has no name.
fn role(bucket: &Bucket) -> String {
    let (key, secret) = (&bucket.access_key, &bucket.secret_key);
    format!(
        r#"{{"AccessKeyId":"{key}","SecretAccessKey":"{secret}","Token":"","Expiration":"2999-01-01T00:00:00Z"}}"#
    )
}

#[test]
fn keys_come_from_the_role_of_the_machine() {
    let bucket = Bucket::start();
    let role = role(&bucket);
    let machine = answering(move |asked: &Head| {
        const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
        let known = asked.field("x-aws-ec2-metadata-token") == Some("so that it is not anybody");
        let path = asked.line.split(' ').nth(1)?;
        match path {
            "/latest/api/token" => Some("so that it is not anybody".to_owned()),
            ROLES if known => Some("registry".to_owned()),
            _ if known && path == format!("{ROLES}registry") => Some(role.clone()),
            _ => None,
        }
    });
    assert_taken(&bucket, &[("AWS_METADATA_ENDPOINT", machine)]);
}

#[test]
fn keys_come_from_the_role_of_the_container() {
    let bucket = Bucket::start();
    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join("token");
    fs::write(&token, "the container's").unwrap();
    let role = role(&bucket);
    let agent = answering(move |asked: &Head| {
        let known = asked.field("authorization") == Some("the container's");
        known.then(|| role.clone())
    });
    let settings = [
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{agent}/role"),
        ),
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            token.to_str().unwrap().to_owned(),
        ),
    ];
    assert_taken(&bucket, &settings);
}

#[test]
fn keys_come_from_a_web_identity() {
    let bucket = Bucket::start();
    let directory = tempfile::tempdir().unwrap();
    certify(directory.path());
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::write(file("token"), "an-identity").unwrap();
    let service = service_of_identities(directory.path(), &bucket);
    let settings = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file("token")),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/registry".to_owned()),
        ("AWS_ENDPOINT_URL_STS", service),
        ("REGISTRY_OBJECTS_AUTHORITIES", file("trusted")),
    ];
    assert_taken(&bucket, &settings);
}

/// Exchanges the one identity for the bucket's keys; no client asks for it but by TLS.
fn service_of_identities(tls: &Path, bucket: &Bucket) -> String {
    let (key, secret) = (&bucket.access_key, &bucket.secret_key);
    let answer = format!(
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
         <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
         <SessionToken></SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>\
         </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    );
    listen_tls(tls, move |stream| {
        let Some(head) = Head::read(&mut BufReader::new(&mut *stream)) else {
            return;
        };
        let known = head.line.contains("WebIdentityToken=an-identity")
            && head
                .line
                .contains("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fregistry");
        let status = if known { "200 OK" } else { "403 Forbidden" };
        let length = answer.len();
        let text = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}"
        );
        stream.write_all(text.as_bytes()).ok();
    })
}
