//! Links to objects, which Google's client signs with a service account's key, or has signed.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use registry_core::{
    Digest, Secret,
    backend::{LinkStore, ObjectKey, StoreError, StoreErrorKind},
};
use registry_storage::{
    contract::run,
    object::{
        ObjectLinks,
        object_store::{
            self, ClientOptions, StaticCredentialProvider,
            client::{HttpConnector, HttpRequest, HttpRequestBody, ReqwestConnector, Signer},
            gcp::{GcpSigningCredential, GoogleCloudStorageBuilder, ServiceAccountKey},
        },
    },
};

use super::{
    OpenBucket,
    answers::{Answers, object},
    open,
    server::builder,
};
use crate::s3::trouble::push;

const ACCOUNT: &str = "registry@project.iam.gserviceaccount.com";
const MINUTE: Duration = Duration::from_secs(60);

/// Stands for an account's key: the signature is what was to be signed.
struct Signature;

impl Signer for Signature {
    fn sign(&self, string_to_sign: &[u8]) -> object_store::Result<Vec<u8>> {
        Ok(string_to_sign.to_vec())
    }
}

fn signing(
    client: GoogleCloudStorageBuilder,
    private_key: Option<ServiceAccountKey>,
) -> GoogleCloudStorageBuilder {
    let email = ACCOUNT.to_owned();
    let account = GcpSigningCredential { email, private_key };
    let account = Arc::new(StaticCredentialProvider::new(account));
    client.with_signing_credentials(account)
}

async fn link(
    client: GoogleCloudStorageBuilder,
    key: &ObjectKey,
) -> Result<Option<Secret>, StoreError> {
    let signer = Arc::new(client.clone().build().unwrap());
    let links = ObjectLinks::new(&open(client), signer);
    links.link(key, MINUTE).await
}

async fn get(url: &str) -> Bytes {
    let options = ClientOptions::new().with_allow_http(true);
    let http = ReqwestConnector::default().connect(&options).unwrap();
    let mut request = HttpRequest::new(HttpRequestBody::empty());
    *request.uri_mut() = url.parse().unwrap();
    let answer = http.execute(request).await.unwrap();
    answer.into_body().bytes().await.unwrap()
}

/// The server lets everybody in and verifies no signature; but the object is where the link says.
#[test]
fn an_accounts_key_makes_links_to_an_object() {
    run(async {
        let bucket = OpenBucket::start().await;
        let blobs = open(bucket.builder());
        let bytes = Bytes::from_static(b"hello");
        let key = push(&blobs, bytes.clone()).await.unwrap();
        let account = Some(ServiceAccountKey::new(Box::new(Signature)));
        let made = link(signing(bucket.builder(), account), &key)
            .await
            .unwrap();
        let made = made.unwrap();
        let url = made.expose();
        assert_eq!(get(url).await, bytes);
        let of = format!("http://127.0.0.1:{}/content/registry/{key}?", bucket.port());
        assert!(url.starts_with(&of), "{url}");
        assert!(url.contains("&X-Goog-Expires=60&"), "{url}");
    });
}

#[test]
fn a_link_is_signed_for_googles_own_host() {
    run(async {
        let account = Some(ServiceAccountKey::new(Box::new(Signature)));
        let made = link(signing(builder(1), account), &object()).await;
        let made = made.unwrap().unwrap();
        let (signed, signature) = made.expose().split_once("&X-Goog-Signature=").unwrap();
        let (path, query) = signed.split_once('?').unwrap();
        let path = path.strip_prefix("http://127.0.0.1:1").unwrap();
        let host = "host:storage.googleapis.com\n\nhost";
        let request = format!("GET\n{path}\n{query}\n{host}\nUNSIGNED-PAYLOAD");
        let digest = Digest::sha256(request.as_bytes());
        let digest = digest.encoded().bytes();
        let digest: String = digest.map(|byte| format!("{byte:02x}")).collect();
        assert!(signature.ends_with(&digest), "{signed}");
    });
}

#[test]
fn without_a_key_each_link_is_signed_by_google() {
    run(async {
        let answers = Answers::of(&[(200, r#"{"signedBlob": "AQID"}"#); 2]);
        let client = || signing(builder(1), None).with_http_connector(answers.clone());
        for _ in 0..2 {
            let made = link(client(), &object()).await.unwrap().unwrap();
            assert!(made.expose().ends_with("&X-Goog-Signature=010203"));
        }
        let service = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts";
        let asked = format!("POST {service}/{ACCOUNT}:signBlob");
        assert_eq!(answers.asked(), [asked.clone(), asked]);
    });
}

#[test]
fn what_google_does_not_sign_is_no_link() {
    run(async {
        let answers = Answers::of(&[(403, "iam.serviceAccounts.signBlob denied")]);
        let client = signing(builder(1), None).with_http_connector(answers);
        let error = link(client, &object()).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
        assert!(error.message.contains("signBlob denied"), "{error}");
    });
}
