//! Callers and their rights.

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use registry_core::{
    Action, AuthenticateError, Authenticator, Caller, Credentials, Decision, Namespace, Policy,
    Resource, Visible, VisibleSet,
};

/// Everybody's password, and everybody's token, is their name. A few names are trouble.
pub(crate) struct People;

#[async_trait]
impl Authenticator for People {
    async fn authenticate(
        &self,
        credentials: Option<&Credentials>,
    ) -> Result<Caller, AuthenticateError> {
        let (name, secret) = match credentials {
            None => return Ok(Caller::anonymous()),
            Some(Credentials::Basic { name, password }) => (name.clone(), password),
            Some(Credentials::Bearer(token)) => (token.expose().clone(), token),
        };
        match name.as_str() {
            "trouble" => panic!("a test's panic"),
            "down" => Err(AuthenticateError::Unavailable("ldap://secret".into())),
            "wrong" => Err(AuthenticateError::Refused),
            _ if *secret.expose() != name => Err(AuthenticateError::Refused),
            _ => Ok(Caller::named(name)),
        }
    }

    fn challenges(&self) -> Vec<String> {
        vec![
            "Bearer realm=\"http://test/token\",service=\"test\"".to_owned(),
            "Basic realm=\"test\"".to_owned(),
        ]
    }
}

/// Everybody owns the namespace of their name; all pull what is public.
pub(crate) struct Rooms;

#[async_trait]
impl Policy for Rooms {
    async fn decide(&self, caller: &Caller, resource: Resource<'_>, action: Action) -> Decision {
        let namespace = match resource {
            Resource::Namespace { name, .. } => name.clone(),
            Resource::Repository { name, .. } => name.namespace(),
        };
        match (caller.name(), action) {
            (Some("operator"), _) => Decision::Allow,
            (Some("scoped"), _) => Decision::OutOfScope,
            (Some("reader"), Action::Pull) => Decision::Allow,
            (Some("creator"), Action::Push) => Decision::AllowCreate,
            (Some(name), _) if name == namespace.as_str() => Decision::Allow,
            (_, Action::Pull) if resource.is_public() => Decision::Allow,
            _ => Decision::Deny,
        }
    }

    async fn visible(&self, caller: &Caller, _: Action) -> Visible {
        let own = match caller.name() {
            Some("operator" | "reader") => return Visible::All,
            name => name.and_then(|name| Namespace::parse(name).ok()),
        };
        Visible::Some(VisibleSet {
            public: true,
            namespaces: own.into_iter().collect(),
            ..VisibleSet::default()
        })
    }
}

/// The header of a name and its password.
pub(crate) fn basic(name: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{name}")))
}
