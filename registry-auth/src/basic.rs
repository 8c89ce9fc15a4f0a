//! A static table of users with passwords.
//!
//! The table keeps hashes, so that a dump of the process shows no password. They are plain sha256,
//! not a slow hash: the table lives in memory only, and a slow hash on each request would let
//! anybody tie up the server. Users that are stored anywhere need the verifiers of a user database.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use registry_core::{AuthenticateError, Authenticator, Caller, Credentials, Secret};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

type Verifier = [u8; 32];

/// Users known by name and password. Requests without credentials are anonymous.
#[derive(Clone, Debug)]
pub struct BasicUsers {
    realm: String,
    users: HashMap<Arc<str>, Secret<Verifier>>,
}

impl BasicUsers {
    /// No users yet. Clients show the realm when they ask for a password.
    pub fn new(realm: impl Into<String>) -> Self {
        Self {
            realm: realm.into().replace(['"', '\\'], ""),
            users: HashMap::new(),
        }
    }

    /// Adds a user, or gives one another password.
    #[must_use]
    pub fn user(mut self, name: impl Into<Arc<str>>, password: &Secret) -> Self {
        self.users
            .insert(name.into(), Secret::new(verifier(password)));
        self
    }

    fn check(&self, name: &str, password: &Secret) -> Option<Caller> {
        let sent = verifier(password);
        // An unknown name is compared, too, so that it takes as long.
        let known = self.users.get_key_value(name);
        let expected = known.map_or(&[0; 32], |(_, verifier)| verifier.expose());
        let same = bool::from(sent.ct_eq(expected));
        known
            .filter(|_| same)
            .map(|(name, _)| Caller::named(Arc::clone(name)))
    }
}

#[async_trait]
impl Authenticator for BasicUsers {
    async fn authenticate(
        &self,
        credentials: Option<&Credentials>,
    ) -> Result<Caller, AuthenticateError> {
        match credentials {
            None => Ok(Caller::anonymous()),
            Some(Credentials::Basic { name, password }) => {
                self.check(name, password).ok_or(AuthenticateError::Refused)
            }
            Some(Credentials::Bearer(_)) => Err(AuthenticateError::Refused),
        }
    }

    fn challenges(&self) -> Vec<String> {
        vec![format!("Basic realm=\"{}\", charset=\"UTF-8\"", self.realm)]
    }
}

fn verifier(password: &Secret) -> Verifier {
    Sha256::digest(password.expose().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;

    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn ask(credentials: Option<Credentials>) -> Result<Caller, AuthenticateError> {
        let users = BasicUsers::new("here").user("ada", &secret("right"));
        block_on(users.authenticate(credentials.as_ref()))
    }

    fn basic(name: &str, password: &str) -> Option<Credentials> {
        Some(Credentials::Basic {
            name: name.to_owned(),
            password: secret(password),
        })
    }

    #[test]
    fn the_right_password_names_the_caller() {
        assert_eq!(ask(basic("ada", "right")), Ok(Caller::named("ada")));
        assert_eq!(ask(None), Ok(Caller::anonymous()));
    }

    #[test]
    fn whatever_is_wrong_is_refused_and_never_anonymous() {
        for (name, password) in [("ada", "wrong"), ("ada", ""), ("bob", "right"), ("", "")] {
            assert_eq!(
                ask(basic(name, password)),
                Err(AuthenticateError::Refused),
                "{name}"
            );
        }
        let bearer = Credentials::Bearer(secret("right"));
        assert_eq!(ask(Some(bearer)), Err(AuthenticateError::Refused));
    }

    #[test]
    fn hazard_31_a_table_of_users_prints_no_password() {
        let users = BasicUsers::new("here").user("ada", &secret("right"));
        let printed = format!("{users:?} {:?}", basic("ada", "right"));
        assert!(
            printed.contains("ada") && !printed.contains("right"),
            "{printed}"
        );
    }

    #[test]
    fn a_realm_cannot_break_out_of_its_quotes() {
        let users = BasicUsers::new("a\" b\\");
        assert_eq!(
            users.challenges(),
            ["Basic realm=\"a b\", charset=\"UTF-8\""]
        );
    }
}
