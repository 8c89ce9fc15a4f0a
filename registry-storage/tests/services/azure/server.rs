//! A server of the test's own.

use std::{env, process::Command, sync::Arc};

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

use crate::server::Server;

/// The account that every azurite has, and the key that everybody knows.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Small, since azurite takes parts of any size.
pub(crate) const PART_SIZE: u64 = 256 << 10;

/// A container of a server that ends with it.
pub(crate) struct Container {
    server: Server,
}

impl Container {
    /// Starts a server whose only container this is.
    pub(crate) async fn start() -> Self {
        let program = env::var_os("AZURITE")
            .expect("AZURITE must be the path of azurite-blob: npm install azurite@3.37.0");
        let mut server = Server::start(|port, directory| {
            let mut azurite = Command::new(program);
            azurite
                .args(["--silent", "--disableTelemetry", "--skipApiVersionCheck"])
                .args(["--blobPort", &port.to_string(), "--location"])
                .arg(directory);
            azurite
        });
        make(&mut server).await;
        Self { server }
    }

    /// A client of the container.
    pub(crate) fn builder(&self) -> MicrosoftAzureBuilder {
        MicrosoftAzureBuilder::new()
            .with_endpoint(endpoint(&self.server))
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
}

fn endpoint(server: &Server) -> String {
    format!("http://127.0.0.1:{}/{ACCOUNT}", server.port())
}

/// Makes the container, as soon as the server answers.
async fn make(server: &mut Server) {
    let options = ClientOptions::new().with_allow_http(true);
    let http = ReqwestConnector::default().connect(&options).unwrap();
    let url = format!("{}/content?restype=container", endpoint(server));
    let made = async || match http.execute(creation(&url)).await {
        Ok(answer) => {
            assert_eq!(answer.status().as_u16(), 201);
            true
        }
        Err(_) => false,
    };
    server.wait_until(made).await;
}

fn creation(url: &str) -> HttpRequest {
    let mut request = HttpRequest::new(HttpRequestBody::empty());
    *request.method_mut() = "PUT".parse().unwrap();
    *request.uri_mut() = url.parse().unwrap();
    let key = AzureCredential::AccessKey(AzureAccessKey::try_new(KEY).unwrap());
    let authorizer = AzureAuthorizer::new(&key, ACCOUNT);
    authorizer.try_authorize(&mut request).unwrap();
    request
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
