//! Who is calling, and how that is found out.

use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use crate::secret::Secret;

/// Who makes a call: nobody in particular, or an account by name.
///
/// A caller says who, never what they may do: that is the policy's to decide, each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    name: Option<Arc<str>>,
    groups: Arc<[String]>,
}

impl Caller {
    /// A caller who did not sign in.
    pub fn anonymous() -> Self {
        Self {
            name: None,
            groups: Arc::new([]),
        }
    }

    /// The account of that name.
    pub fn named(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: Some(name.into()),
            groups: Arc::new([]),
        }
    }

    /// The same caller, belonging to these groups.
    #[must_use]
    pub fn in_groups(self, groups: impl IntoIterator<Item = String>) -> Self {
        Self {
            groups: groups.into_iter().collect(),
            ..self
        }
    }

    /// The account's name; none for an anonymous caller.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The groups an authenticator found the caller in.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Whether nobody signed in.
    pub fn is_anonymous(&self) -> bool {
        self.name.is_none()
    }
}

/// What a client sent to say who it is.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A name and a password.
    Basic {
        /// The account's name, as sent.
        name: String,
        /// The password, or a token in its place.
        password: Secret,
    },
    /// A bearer token.
    Bearer(Secret),
}

/// Why nobody can be named.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuthenticateError {
    /// The credentials are wrong. Which part is not told.
    #[error("the name or the secret is wrong")]
    Refused,
    /// The source of accounts cannot be asked now.
    #[error("accounts cannot be looked up now: {0}")]
    Unavailable(String),
}

/// Turns credentials into a caller.
///
/// 1. Credentials that are not exactly right are refused, never taken for anonymous.
/// 2. An unknown account and a wrong secret differ neither in the answer nor in the time it takes.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// Who sent these credentials; `None` where a client sent none.
    async fn authenticate(
        &self,
        credentials: Option<&Credentials>,
    ) -> Result<Caller, AuthenticateError>;

    /// Values for `WWW-Authenticate` that tell a client how to sign in.
    fn challenges(&self) -> Vec<String>;
}
