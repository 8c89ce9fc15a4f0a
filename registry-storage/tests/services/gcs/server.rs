//! A server that speaks the XML of Google's store, as far as that is S3's.

use std::{sync::Arc, time::Duration};

use registry_core::backend::BlobStore;
use registry_storage::{
    SystemRandom,
    contract::blob_store::BlobStoreHarness,
    object::{
        ObjectBlobs, ObjectSettings,
        object_store::{
            BackoffConfig, ClientOptions, RetryConfig,
            aws::{AwsAuthorizer, AwsCredential},
            client::{HttpConnector, HttpRequest, HttpRequestBody, ReqwestConnector},
            gcp::GoogleCloudStorageBuilder,
        },
    },
};

use crate::s3::{
    Bucket, Program,
    server::{ACCESS_KEY, REGION, SECRET_KEY},
};

/// The least part size of Google's store.
pub(crate) const PART_SIZE: u64 = 5 << 20;

/// What Google's client sends with each request. The server has no such tokens, and takes it for nobody's.
pub(super) const TOKEN: &str = "ya29.token";

/// A bucket that lets everybody do everything, of a server that ends with it.
pub(crate) struct OpenBucket {
    bucket: Bucket,
}

impl OpenBucket {
    /// Starts a server whose only bucket this is.
    pub(crate) async fn start() -> Self {
        let bucket = Bucket::start(Program::Minio).await;
        open_to_all(bucket.port()).await;
        Self { bucket }
    }

    /// Ends the server.
    pub(super) fn stop(&mut self) {
        self.bucket.stop();
    }

    pub(super) fn port(&self) -> u16 {
        self.bucket.port()
    }

    /// Google's client of the bucket.
    pub(crate) fn builder(&self) -> GoogleCloudStorageBuilder {
        builder(self.port())
    }
}

/// Google's client of a bucket at a port.
pub(super) fn builder(port: u16) -> GoogleCloudStorageBuilder {
    let quick = RetryConfig {
        max_retries: 2,
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(1),
            max_backoff: Duration::from_millis(10),
            ..BackoffConfig::default()
        },
        ..RetryConfig::default()
    };
    GoogleCloudStorageBuilder::new()
        .with_base_url(&format!("http://127.0.0.1:{port}"))
        .with_bucket_name("content")
        .with_bearer_token(TOKEN)
        .with_retry(quick)
}

/// A store over a client.
pub(crate) fn open(client: GoogleCloudStorageBuilder) -> ObjectBlobs {
    open_with(client, settings())
}

pub(super) fn open_with(
    client: GoogleCloudStorageBuilder,
    settings: ObjectSettings,
) -> ObjectBlobs {
    let client = Arc::new(client.build().unwrap());
    ObjectBlobs::new(client.clone(), client, settings, Arc::new(SystemRandom)).unwrap()
}

pub(super) fn settings() -> ObjectSettings {
    ObjectSettings {
        part_size: PART_SIZE,
        prefix: "registry".to_owned(),
        ..ObjectSettings::default()
    }
}

/// Gives the bucket a policy by which nobody needs credentials.
async fn open_to_all(port: u16) {
    let options = ClientOptions::new().with_allow_http(true);
    let http = ReqwestConnector::default().connect(&options).unwrap();
    let answer = http.execute(policy(port)).await.unwrap();
    assert_eq!(answer.status().as_u16(), 204);
}

fn policy(port: u16) -> HttpRequest {
    let everything = r#"{
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::content", "arn:aws:s3:::content/*"]
        }]
    }"#;
    let mut request = HttpRequest::new(HttpRequestBody::from(everything.to_owned()));
    *request.method_mut() = "PUT".parse().unwrap();
    let url = format!("http://127.0.0.1:{port}/content?policy=");
    *request.uri_mut() = url.parse().unwrap();
    let key = AwsCredential {
        key_id: ACCESS_KEY.to_owned(),
        secret_key: SECRET_KEY.to_owned(),
        token: None,
    };
    let authorizer = AwsAuthorizer::new(&key, "s3", REGION);
    authorizer.try_authorize(&mut request, None).unwrap();
    request
}

impl BlobStoreHarness for OpenBucket {
    fn store(&self) -> Arc<dyn BlobStore> {
        Arc::new(open(self.builder()))
    }

    fn second(&self) -> Arc<dyn BlobStore> {
        self.store()
    }

    fn lists_unfinished(&self) -> bool {
        false
    }

    fn keeps_short_writes(&self) -> bool {
        false
    }

    fn overtaken_may_spoil(&self) -> bool {
        true
    }

    fn readers_hold_objects(&self) -> bool {
        true
    }
}
