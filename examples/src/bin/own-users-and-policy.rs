//! A registry with a product's own users: each may write below their own name and read everything.
//!
//! `cargo run -p registry-examples --bin own-users-and-policy`

use std::sync::Arc;

use async_trait::async_trait;
use registry_core::{
    Action, AuthenticateError, Authenticator, Caller, Credentials, Decision, Policy, Resource,
    Visible,
};
use registry_server::{Address, RegistryService, Server, TokioSpawner};
use registry_storage::memory;

/// The product's sessions. This one knows two.
struct Sessions;

#[async_trait]
impl Authenticator for Sessions {
    async fn authenticate(
        &self,
        credentials: Option<&Credentials>,
    ) -> Result<Caller, AuthenticateError> {
        let Some(Credentials::Bearer(token)) = credentials else {
            return Ok(Caller::anonymous());
        };
        match token.expose().as_str() {
            "session-of-ada" => Ok(Caller::named("ada")),
            "session-of-bob" => Ok(Caller::named("bob")),
            _ => Err(AuthenticateError::Refused),
        }
    }

    fn challenges(&self) -> Vec<String> {
        vec!["Bearer realm=\"https://product.example/token\",service=\"registry\"".to_owned()]
    }
}

/// Everybody who signed in reads; a namespace belongs to the user of its name.
struct OwnNamespace;

#[async_trait]
impl Policy for OwnNamespace {
    async fn decide(&self, caller: &Caller, resource: Resource<'_>, action: Action) -> Decision {
        let namespace = match resource {
            Resource::Namespace { name, .. } => name.clone(),
            Resource::Repository { name, .. } => name.namespace(),
        };
        let own = caller.name() == Some(namespace.as_str());
        let reads = action == Action::Pull && !caller.is_anonymous();
        if own || reads {
            Decision::Allow
        } else {
            Decision::Deny
        }
    }

    async fn visible(&self, caller: &Caller, action: Action) -> Visible {
        match action {
            Action::Pull if !caller.is_anonymous() => Visible::All,
            _ => Visible::Nothing,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = memory::builder()
        .policy(OwnNamespace)
        .spawner(TokioSpawner::current())
        .build()
        .await?;
    let service = RegistryService::builder(registry)
        .authenticator(Arc::new(Sessions))
        .build();
    let server = Server::bind(&Address::Tcp(([127, 0, 0, 1], 0).into()))?.serve(service);

    let client = reqwest::Client::new();
    for (who, namespace) in [("ada", "ada"), ("bob", "ada"), ("nobody", "ada")] {
        let url = format!("{}/v2/{namespace}/app/blobs/uploads/", server.address());
        let mut request = client.post(url);
        if who != "nobody" {
            request = request.bearer_auth(format!("session-of-{who}"));
        }
        println!(
            "{who} pushes to {namespace}/app: {}",
            request.send().await?.status()
        );
    }
    Ok(())
}
