//! Servers that share a bucket of Google's, as far as MinIO has one: it speaks the same XML. It knows no token of
//! Google's, and takes whoever brings one for anybody. So the bucket is open to everybody, and what the tests see of a token
//! they see on its way.

use std::fs;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rcgen::{KeyPair, PKCS_RSA_SHA256, SigningKey};
use registry_storage::object::object_store::{
    aws::{AwsAuthorizer, AwsCredential},
    client::{HttpRequest, HttpRequestBody},
};
use reqwest::blocking::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    http::{Head, Proxy, answering},
    replica::{Cluster, PART, Replica, content},
    services::{Bucket, Postgres, Program},
    until::until,
};

const ACCOUNT: &str = "registry@project.iam.gserviceaccount.com";

/// A bucket that lets everybody do everything.
pub(crate) fn open_bucket() -> Bucket {
    let bucket = Bucket::of(Program::Minio);
    until("the bucket is open to everybody", || {
        let request = policy(&bucket);
        let put = Client::new().put(request.uri().to_string());
        let put = put.headers(request.headers().clone()).body(EVERYTHING);
        put.send().is_ok_and(|answer| answer.status() == 204)
    });
    bucket
}

const EVERYTHING: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::registry", "arn:aws:s3:::registry/*"]
    }]
}"#;

/// The request that makes it so, signed with the bucket's own keys.
fn policy(bucket: &Bucket) -> HttpRequest {
    let mut request = HttpRequest::new(HttpRequestBody::from(EVERYTHING.to_owned()));
    *request.method_mut() = "PUT".parse().unwrap();
    let url = format!("{}/{}?policy=", bucket.endpoint, bucket.name);
    *request.uri_mut() = url.parse().unwrap();
    let key = AwsCredential {
        key_id: bucket.access_key.clone(),
        secret_key: bucket.secret_key.clone(),
        token: None,
    };
    let authorizer = AwsAuthorizer::new(&key, "s3", "us-east-1");
    authorizer.try_authorize(&mut request, None).unwrap();
    request
}

/// A service account, with its file where gcloud would have it in a home.
pub(crate) struct Account {
    key: KeyPair,
    home: TempDir,
    pub(crate) file: String,
}

impl Account {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join(".config/gcloud");
        let file = directory.join("application_default_credentials.json");
        let text = json!({
            "type": "service_account",
            "client_email": ACCOUNT,
            "private_key_id": "its-key",
            "private_key": key.serialize_pem(),
        });
        fs::create_dir_all(directory).unwrap();
        fs::write(&file, text.to_string()).unwrap();
        let file = file.to_str().unwrap().to_owned();
        Self { key, home, file }
    }

    /// Panics unless the key has signed a token, and the token is as Google wants it.
    fn assert_signed(&self, token: &str) {
        let (message, signature) = token.rsplit_once('.').unwrap();
        // The same bytes have the same signature with such a key.
        let signed = self.key.sign(message.as_bytes()).unwrap();
        assert_eq!(signature, BASE64_URL_SAFE_NO_PAD.encode(signed));
        let (header, claims) = message.split_once('.').unwrap();
        let header = decoded(header);
        assert_eq!([&header["alg"], &header["kid"]], ["RS256", "its-key"]);
        let claims = decoded(claims);
        assert_eq!([&claims["iss"], &claims["sub"]], [ACCOUNT; 2]);
        let scope = "https://www.googleapis.com/auth/cloud-platform";
        assert_eq!(claims["scope"], scope);
    }
}

fn decoded(part: &str) -> Value {
    let json = BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// The settings of a server, with the way in last.
pub(crate) fn settings(more: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("REGISTRY_OBJECTS_PROVIDER", "gcs".to_owned()),
        ("REGISTRY_OBJECTS_ACCESS_KEY", String::new()),
        ("REGISTRY_OBJECTS_SECRET_KEY", String::new()),
    ];
    settings.extend_from_slice(more);
    settings
}

/// The tokens that a server sends to its bucket when it starts.
fn tokens(more: &[(&'static str, String)]) -> Vec<String> {
    let (postgres, bucket, proxy) = (Postgres::start(), open_bucket(), Proxy::start());
    let mut settings = settings(more);
    settings.push(("REGISTRY_OBJECTS_PROXY", proxy.url.clone()));
    drop(Replica::start_with(
        &postgres.create("registry"),
        &bucket,
        &settings,
    ));
    let noted = proxy.noted(&["/registry"]);
    let token = |(asked, _): &(Head, Head)| {
        let token = asked.field("authorization")?.strip_prefix("Bearer ")?;
        Some(token.to_owned())
    };
    let tokens: Option<_> = noted.iter().map(token).collect();
    tokens.expect("one in each request")
}

/// Each chunk of an upload at another server; the object has several parts.
#[test]
fn servers_share_a_bucket_by_the_key_of_a_service_account() {
    let (account, mut cluster) = (Account::new(), Cluster::over(open_bucket(), 0));
    let settings = settings(&[
        ("REGISTRY_OBJECTS_SERVICE_ACCOUNT", account.file.clone()),
        (
            "REGISTRY_OBJECTS_ENDPOINT",
            format!("{}/", cluster.bucket.endpoint),
        ),
        ("REGISTRY_OBJECTS_PREFIX", "team".to_owned()),
    ]);
    let replica = || Replica::start_with(&cluster.database, &cluster.bucket, &settings);
    cluster.replicas = vec![replica(), replica()];

    let bytes = content(3 * PART + 5);
    let mut upload = cluster.begin(0, "a/b");
    for (turn, chunk) in bytes.chunks(PART + 1).enumerate() {
        upload = cluster.chunk(turn, &upload, chunk);
    }
    let digest = cluster.finish(1, &upload, &bytes);
    let path = format!("/v2/a/b/blobs/{digest}");
    for replica in 0..2 {
        assert!(cluster.get(replica, &path).bytes().unwrap() == bytes);
        let url = cluster.at(replica, &path);
        let end = cluster.client.get(&url).header("range", "bytes=-6");
        let end = end.send().unwrap();
        assert_eq!(end.status(), 206);
        assert_eq!(end.bytes().unwrap(), bytes[bytes.len() - 6..]);
        let head = cluster.client.head(&url).send().unwrap();
        assert_eq!(head.headers()["content-length"], bytes.len().to_string());
    }
}

/// And not by another's that is further away.
#[test]
fn each_request_has_a_token_that_the_nearest_key_has_signed() {
    const PLACES: [&str; 3] = [
        "REGISTRY_OBJECTS_SERVICE_ACCOUNT",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "HOME",
    ];
    let (account, other) = (Account::new(), Account::new());
    let at = |place, account: &Account| {
        let home = account.home.path().to_str().unwrap();
        let value = if place == "HOME" { home } else { &account.file };
        (place, value.to_owned())
    };
    for nearest in 0..PLACES.len() {
        let mut set = vec![at(PLACES[nearest], &account)];
        let further = PLACES[nearest + 1..].iter();
        set.extend(further.map(|place| at(place, &other)));
        let tokens = tokens(&set);
        assert!(!tokens.is_empty());
        tokens.iter().for_each(|token| account.assert_signed(token));
    }
}

#[test]
fn a_token_comes_from_the_metadata_server_where_there_is_no_file() {
    let home = tempfile::tempdir().unwrap();
    let machine = answering(|asked: &Head| {
        let token = "/computeMetadata/v1/instance/service-accounts/default/token";
        let known = asked.field("metadata-flavor") == Some("Google");
        let answer = r#"{"access_token": "ya29.of-the-machine", "expires_in": 3600}"#;
        (known && asked.line.contains(token)).then(|| answer.to_owned())
    });
    let machine = machine.strip_prefix("http://").unwrap().to_owned();
    let tokens = tokens(&[
        ("GCE_METADATA_HOST", machine),
        ("GOOGLE_APPLICATION_CREDENTIALS", String::new()),
        ("HOME", home.path().to_str().unwrap().to_owned()),
    ]);
    assert!(!tokens.is_empty());
    assert!(tokens.iter().all(|token| token == "ya29.of-the-machine"));
}

#[test]
fn what_is_wrong_with_the_way_in_is_said() {
    let (postgres, bucket) = (Postgres::start(), Bucket::of(Program::Minio));
    let database = postgres.create("registry");
    let (account, directory) = (Account::new(), tempfile::tempdir().unwrap());
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    const SETTING: &str = "REGISTRY_OBJECTS_SERVICE_ACCOUNT";
    for (variable, value, words) in [
        (
            SETTING,
            "/absent".to_owned(),
            "objects.service_account: /absent: No such file",
        ),
        (SETTING, file("empty", "{}"), "missing field `private_key`"),
        (
            "GOOGLE_APPLICATION_CREDENTIALS",
            file("elsewhere", r#"{"type": "external_account"}"#),
            "unknown variant `external_account`",
        ),
        // Nobody has opened this bucket to everybody.
        (SETTING, account.file.clone(), "403"),
    ] {
        let settings = settings(&[(variable, value)]);
        let refused = Replica::refused_with(&database, &bucket, &settings);
        assert!(refused.contains(words), "{words}: {refused}");
    }
}
