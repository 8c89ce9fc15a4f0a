//! A server of the test's own.

use std::{env, fs, path::Path, process::Command, sync::Arc, time::Duration};

use registry_core::backend::BlobStore;
use registry_storage::{
    SystemRandom,
    contract::blob_store::BlobStoreHarness,
    object::{
        ObjectBlobs, ObjectSettings,
        object_store::{
            BackoffConfig, Error, ObjectStoreExt, RetryConfig,
            aws::{AmazonS3, AmazonS3Builder},
        },
    },
};

use crate::server::Server;

pub(crate) const ACCESS_KEY: &str = "registry";
pub(crate) const SECRET_KEY: &str = "not a secret";
pub(crate) const REGION: &str = "us-east-1";

/// The least part size of S3.
const PART_SIZE: u64 = 5 << 20;

/// A program that is like S3, and keeps buckets in directories of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Versitygw,
    Minio,
}

/// A bucket of a server that ends with it.
pub(crate) struct Bucket {
    program: Program,
    server: Server,
}

impl Bucket {
    /// Starts a server whose only bucket this is.
    pub(crate) async fn start(program: Program) -> Self {
        let server = Server::start(|port, directory| {
            fs::create_dir(directory.join("content")).unwrap();
            program.command(directory, port)
        });
        let mut bucket = Self { program, server };
        bucket.wait().await;
        bucket
    }

    /// Ends the server.
    pub(crate) fn stop(&mut self) {
        self.server.stop();
    }

    /// A client of a bucket of the server.
    pub(crate) fn client(&self, bucket: &str, secret: &str) -> AmazonS3 {
        let client = self.builder(bucket).with_secret_access_key(secret);
        client.build().unwrap()
    }

    /// One that is not yet made. Its signatures leave the bytes out, as with TLS.
    pub(crate) fn builder(&self, bucket: &str) -> AmazonS3Builder {
        let quick = RetryConfig {
            max_retries: 2,
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(1),
                max_backoff: Duration::from_millis(10),
                ..BackoffConfig::default()
            },
            ..RetryConfig::default()
        };
        AmazonS3Builder::new()
            .with_endpoint(format!("http://127.0.0.1:{}", self.port()))
            .with_allow_http(true)
            .with_region(REGION)
            .with_bucket_name(bucket)
            .with_access_key_id(ACCESS_KEY)
            .with_secret_access_key(SECRET_KEY)
            .with_unsigned_payload(true)
            .with_retry(quick)
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    /// Waits until the server knows what is in the bucket.
    async fn wait(&mut self) {
        let client = self.client("content", SECRET_KEY);
        let knows = async || {
            let looked = client.head(&"absent".into()).await;
            matches!(looked, Err(Error::NotFound { .. }))
        };
        self.server.wait_until(knows).await;
    }
}

impl BlobStoreHarness for Bucket {
    fn store(&self) -> Arc<dyn BlobStore> {
        Arc::new(open(self.client("content", SECRET_KEY)))
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

    /// versitygw compares what a completion names, and then opens the parts by their numbers.
    fn completes_at_one_moment(&self) -> bool {
        self.program != Program::Versitygw
    }

    fn readers_hold_objects(&self) -> bool {
        self.program == Program::Minio
    }
}

/// A store over a client.
pub(crate) fn open(client: AmazonS3) -> ObjectBlobs {
    open_with(client, settings())
}

pub(super) fn settings() -> ObjectSettings {
    ObjectSettings {
        part_size: PART_SIZE,
        prefix: "registry".to_owned(),
        ..ObjectSettings::default()
    }
}

pub(super) fn open_with(client: AmazonS3, settings: ObjectSettings) -> ObjectBlobs {
    let client = Arc::new(client);
    ObjectBlobs::new(client.clone(), client, settings, Arc::new(SystemRandom)).unwrap()
}

impl Program {
    fn command(self, directory: &Path, port: u16) -> Command {
        let (variable, module) = match self {
            Self::Versitygw => (
                "VERSITYGW",
                "github.com/versity/versitygw/cmd/versitygw@v1.8.0",
            ),
            Self::Minio => ("MINIO", "github.com/minio/minio@latest"),
        };
        let path = env::var_os(variable).unwrap_or_else(|| {
            panic!("{variable} must be the path of the server: go install {module}")
        });
        let mut server = Command::new(path);
        let address = format!("127.0.0.1:{port}");
        match self {
            Self::Versitygw => server
                .env("ROOT_ACCESS_KEY", ACCESS_KEY)
                .env("ROOT_SECRET_KEY", SECRET_KEY)
                .args(["--quiet", "--port", &address, "posix"]),
            Self::Minio => server
                .env("MINIO_ROOT_USER", ACCESS_KEY)
                .env("MINIO_ROOT_PASSWORD", SECRET_KEY)
                .env("MINIO_BROWSER", "off")
                .args(["server", "--quiet", "--address", &address]),
        };
        server.arg(directory);
        server
    }
}
