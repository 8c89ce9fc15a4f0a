//! A server of the test's own.

use std::{
    env,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use registry_core::backend::BlobStore;
use registry_storage::{
    SystemRandom,
    contract::blob_store::BlobStoreHarness,
    object::{
        ObjectBlobs, ObjectSettings,
        object_store::{
            ClientOptions,
            azure::{AzureAccessKey, AzureAuthorizer, AzureCredential, MicrosoftAzureBuilder},
            client::{HttpConnector, HttpRequest, HttpRequestBody, ReqwestConnector},
        },
    },
};
use tempfile::TempDir;

use crate::port::unused_port;

/// The account that every azurite has, and the key that everybody knows.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Small, since azurite takes parts of any size.
pub(crate) const PART_SIZE: u64 = 256 << 10;

/// A server is waited for at most so many times, this long.
const LOOKS: u32 = 1500;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A container of a server that ends with it.
pub(crate) struct Container {
    server: Child,
    port: u16,
    _directory: TempDir,
}

impl Container {
    /// Starts a server whose only container this is.
    pub(crate) async fn start() -> Self {
        let program = env::var_os("AZURITE")
            .expect("AZURITE must be the path of azurite-blob: npm install azurite@3.37.0");
        let directory = tempfile::tempdir().unwrap();
        let port = unused_port();
        let server = Command::new(program)
            .args(["--silent", "--disableTelemetry", "--skipApiVersionCheck"])
            .args(["--blobPort", &port.to_string(), "--location"])
            .arg(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        let mut container = Self {
            server: server.expect("the server starts"),
            port,
            _directory: directory,
        };
        container.make().await;
        container
    }

    /// A client of the container.
    pub(crate) fn builder(&self) -> MicrosoftAzureBuilder {
        MicrosoftAzureBuilder::new()
            .with_endpoint(self.endpoint())
            .with_account(ACCOUNT)
            .with_access_key(KEY)
            .with_container_name("content")
            .with_client_options(ClientOptions::new().with_allow_http(true))
    }

    pub(crate) fn open(&self) -> ObjectBlobs {
        let settings = ObjectSettings {
            part_size: PART_SIZE,
            prefix: "registry".to_owned(),
            ..ObjectSettings::default()
        };
        ObjectBlobs::azure(self.builder(), settings, Arc::new(SystemRandom)).unwrap()
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/{ACCOUNT}", self.port)
    }

    /// Makes the container, as soon as the server answers.
    async fn make(&mut self) {
        let options = ClientOptions::new().with_allow_http(true);
        let http = ReqwestConnector::default().connect(&options).unwrap();
        for _ in 0..LOOKS {
            if let Ok(answer) = http.execute(self.creation()).await {
                assert_eq!(answer.status().as_u16(), 201);
                return;
            }
            let ended = self.server.try_wait().unwrap();
            assert_eq!(ended, None, "the server ended before it answered");
            thread::sleep(BETWEEN_LOOKS);
        }
        panic!("the server does not answer at port {}", self.port);
    }

    fn creation(&self) -> HttpRequest {
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        let url = format!("{}/content?restype=container", self.endpoint());
        *request.method_mut() = "PUT".parse().unwrap();
        *request.uri_mut() = url.parse().unwrap();
        let key = AzureCredential::AccessKey(AzureAccessKey::try_new(KEY).unwrap());
        let authorizer = AzureAuthorizer::new(&key, ACCOUNT);
        authorizer.try_authorize(&mut request).unwrap();
        request
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

impl BlobStoreHarness for Container {
    fn store(&self) -> Arc<dyn BlobStore> {
        Arc::new(self.open())
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
}
