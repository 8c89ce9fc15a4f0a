//! The token service that a challenge names, once it is known to be one that may be asked.

use super::challenge::Challenge;
use crate::url::{Origin, Url};
use crate::{Error, Result};

/// A token service that the rules of this module allow.
pub(super) struct Realm {
    pub(super) url: Url,
    pub(super) service: Option<String>,
}

impl Realm {
    /// The realm of a Bearer challenge from the registry at `registry`.
    pub(super) fn of(
        challenge: &Challenge,
        registry: &Origin,
        token_hosts: &[String],
    ) -> Result<Self> {
        let Some(realm) = challenge.parameter("realm") else {
            return Err(Error::sign_in(
                registry,
                "its Bearer challenge has no realm",
            ));
        };
        let invalid = |error| Error::sign_in(registry, format!("its realm is no address: {error}"));
        let url = Url::parse(realm).map_err(invalid)?;
        check(url.origin(), registry, token_hosts)?;
        let service = challenge.parameter("service").map(str::to_owned);
        Ok(Self { url, service })
    }
}

/// The scopes that a challenge asks for, of which there may be several in one text.
pub(super) fn scopes(challenge: &Challenge) -> Vec<String> {
    let scopes = challenge.parameter("scope").unwrap_or_default();
    scopes.split_ascii_whitespace().map(str::to_owned).collect()
}

fn check(realm: &Origin, registry: &Origin, token_hosts: &[String]) -> Result<()> {
    if registry.is_https() && !realm.is_https() {
        let reason = format!("its token service {realm} is not https");
        return Err(Error::sign_in(registry, reason));
    }
    let host = realm.authority();
    if realm == registry || token_hosts.contains(&host) {
        return Ok(());
    }
    Err(Error::TokenHost {
        registry: registry.authority(),
        host,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(registry: &str, realm: &str, token_hosts: &[&str]) -> bool {
        let registry = Url::parse(registry).unwrap();
        let realm = Url::parse(realm).unwrap();
        let token_hosts: Vec<String> = token_hosts.iter().map(ToString::to_string).collect();
        check(realm.origin(), registry.origin(), &token_hosts).is_ok()
    }

    #[test]
    fn hazard_30_a_realm_is_asked_only_on_the_own_or_an_allowed_host() {
        let own = "https://registry.test";
        assert!(allowed(own, "https://registry.test/token", &[]));
        assert!(allowed(own, "https://registry.test:443/token", &[]));
        assert!(!allowed(own, "https://registry.test:8443/token", &[]));
        assert!(!allowed(own, "https://registry.test.evil.test/token", &[]));
        assert!(!allowed(own, "https://auth.test/token", &[]));
        assert!(allowed(own, "https://auth.test/token", &["auth.test"]));
        assert!(!allowed(
            own,
            "https://auth.test:8443/token",
            &["auth.test"]
        ));
    }

    #[test]
    fn hazard_30_a_realm_of_an_https_registry_is_https() {
        let own = "https://registry.test";
        assert!(!allowed(own, "http://registry.test/token", &[]));
        assert!(!allowed(own, "http://registry.test:443/token", &[]));
        assert!(!allowed(own, "http://auth.test/token", &["auth.test"]));
        assert!(allowed(
            "http://registry.test",
            "http://registry.test/token",
            &[]
        ));
        assert!(!allowed(
            "http://registry.test",
            "https://registry.test/token",
            &[]
        ));
    }
}
