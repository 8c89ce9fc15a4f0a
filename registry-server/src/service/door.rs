//! Who is calling, and how to sign in.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderValue, Response,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use registry_core::{AuthenticateError, Authenticator, Caller, Credentials, Secret};

use crate::respond::{Body, Failure};

/// Where requests come in: it names the caller, or says how to become one.
pub(crate) struct Door {
    authenticator: Option<Arc<dyn Authenticator>>,
    anonymous: Caller,
}

/// What a challenge says besides how to sign in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Challenge<'a> {
    /// What a token must be asked for.
    pub(crate) scope: Option<&'a str>,
    /// Why the credentials that were sent did not do.
    pub(crate) error: Option<&'static str>,
}

impl Door {
    pub(crate) fn new(authenticator: Option<Arc<dyn Authenticator>>) -> Self {
        Self {
            authenticator,
            anonymous: Caller::anonymous(),
        }
    }

    /// Who sent a request. Credentials that are wrong or cannot be read are refused, never taken for
    /// none.
    pub(crate) async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Failure> {
        let Some(authenticator) = &self.authenticator else {
            return Ok(self.anonymous.clone());
        };
        let credentials = credentials(headers)?;
        let found = authenticator.authenticate(credentials.as_ref()).await;
        found.map_err(|error| match error {
            AuthenticateError::Refused => Failure::Credentials,
            AuthenticateError::Unavailable(reason) => Failure::AccountsUnavailable(reason),
        })
    }

    /// Whether there is a way to sign in.
    pub(crate) fn is_guarded(&self) -> bool {
        !self.challenges().is_empty()
    }

    /// Adds every way to sign in to an answer.
    pub(crate) fn challenge(&self, response: &mut Response<Body>, challenge: Challenge<'_>) {
        for text in self.challenges() {
            if let Ok(value) = HeaderValue::try_from(challenge.complete(text)) {
                response.headers_mut().append(WWW_AUTHENTICATE, value);
            }
        }
    }

    fn challenges(&self) -> Vec<String> {
        let authenticator = self.authenticator.as_ref();
        authenticator
            .map(|one| one.challenges())
            .unwrap_or_default()
    }
}

impl Challenge<'_> {
    /// Tokens have scopes; other ways to sign in do not.
    fn complete(self, mut text: String) -> String {
        if !text.starts_with("Bearer ") {
            return text;
        }
        for (name, value) in [("scope", self.scope), ("error", self.error)] {
            if let Some(value) = value {
                text.push_str(&format!(",{name}=\"{value}\""));
            }
        }
        text
    }
}

/// What a request says of its sender; an error where that cannot be read.
fn credentials(headers: &HeaderMap) -> Result<Option<Credentials>, Failure> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let parsed = value.to_str().ok().and_then(parse);
    match (parsed, values.next()) {
        (Some(credentials), None) => Ok(Some(credentials)),
        _ => Err(Failure::Credentials),
    }
}

fn parse(value: &str) -> Option<Credentials> {
    let (scheme, rest) = value.trim_ascii().split_once(' ')?;
    let rest = rest.trim_ascii_start();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Credentials::Bearer(Secret::new(rest.to_owned())));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some(Credentials::Basic {
        name: name.to_owned(),
        password: Secret::new(password.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<Credentials>, Failure> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        credentials(&headers)
    }

    #[test]
    fn credentials_are_read() {
        assert!(matches!(read(&[]), Ok(None)));
        let Ok(Some(Credentials::Basic { name, password })) = read(&["basic  YTpiOmM="]) else {
            panic!("no Basic credentials");
        };
        assert_eq!((name.as_str(), password.expose().as_str()), ("a", "b:c"));
        let Ok(Some(Credentials::Bearer(token))) = read(&["Bearer t.o.k"]) else {
            panic!("no token");
        };
        assert_eq!(token.expose(), "t.o.k");
    }

    #[test]
    fn what_cannot_be_read_is_wrong_and_not_anonymous() {
        for values in [
            &["Basic"][..],
            &[""],
            &["Basic !"],
            &["Basic YQ=="],
            &["Basic /w=="],
            &["Digest username=a"],
            &["Bearer a", "Bearer b"],
        ] {
            assert!(
                matches!(read(values), Err(Failure::Credentials)),
                "{values:?}"
            );
        }
    }

    #[test]
    fn only_tokens_have_a_scope() {
        let challenge = Challenge {
            scope: Some("repository:a:pull"),
            error: Some("insufficient_scope"),
        };
        assert_eq!(
            challenge.complete("Bearer realm=\"r\",service=\"s\"".into()),
            "Bearer realm=\"r\",service=\"s\",scope=\"repository:a:pull\",error=\"insufficient_scope\""
        );
        assert_eq!(
            challenge.complete("Basic realm=\"r\"".into()),
            "Basic realm=\"r\""
        );
    }
}
