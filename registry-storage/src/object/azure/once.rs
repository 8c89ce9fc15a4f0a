//! Commits of blocks that make an object, and never change one.
//!
//! The client has no such option for blocks, so the condition is added to its requests on their way out. An
//! account's key signs it, too; other credentials sign no headers.

use async_trait::async_trait;
use object_store::{
    ClientOptions, Result,
    azure::{AzureAccessKey, AzureAuthorizer, AzureCredential},
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
        HttpService, ReqwestConnector,
    },
};

/// What a commit of blocks has among its parameters.
const COMMIT: &str = "comp=blocklist";

/// Connects as the client would, and adds the condition.
#[derive(Clone, Debug)]
pub(super) struct Once {
    pub(super) account: String,
    pub(super) key: Option<AzureAccessKey>,
}

#[derive(Debug)]
struct Service {
    client: HttpClient,
    once: Once,
}

impl HttpConnector for Once {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        let once = self.clone();
        Ok(HttpClient::new(Service { client, once }))
    }
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let query = request.uri().query().unwrap_or_default();
        if request.method() == "PUT" && query.split('&').any(|parameter| parameter == COMMIT) {
            self.once.bind(&mut request)?;
        }
        self.client.execute(request).await
    }
}

impl Once {
    fn bind(&self, request: &mut HttpRequest) -> Result<(), HttpError> {
        let unusable = |error| HttpError::new(HttpErrorKind::Request, error);
        let nothing = "*".parse();
        request.headers_mut().insert(
            "if-none-match",
            nothing.map_err(|error| HttpError::new(HttpErrorKind::Request, error))?,
        );
        let Some(key) = &self.key else {
            return Ok(());
        };
        request.headers_mut().remove("authorization");
        let credential = AzureCredential::AccessKey(key.clone());
        let authorizer = AzureAuthorizer::new(&credential, &self.account);
        authorizer.try_authorize(request).map_err(unusable)
    }
}
