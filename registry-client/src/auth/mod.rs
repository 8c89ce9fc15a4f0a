//! Signing in: challenges, the Docker token flow, and where a credential may go.
//!
//! A credential goes only to the host it belongs to. The registry's own origin (scheme, host and
//! port) gets the account's name and password, and tokens. Where the registry names a token service:
//!
//! - it must be https, unless the registry itself is plain http;
//! - on the registry's own host and port it is used as it is;
//! - on any other host it is refused, with credentials or without, unless that host was allowed by
//!   [`Builder::token_host`](crate::Builder::token_host).
//!
//! Sending no credential to another host would not be enough: what an address inside the caller's
//! network answers would go to the registry as a token. For the same reason the token service's
//! redirects are not followed.

mod challenge;
mod realm;
mod scope;
mod token;
mod tokens;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};
use registry_core::{Clock, Secret};

use self::challenge::Challenge;
use self::realm::Realm;
pub(crate) use self::scope::Scopes;
use self::tokens::Tokens;
use crate::url::Origin;
use crate::wire::{Answer, Transport};
use crate::{Limits, Result};

/// A name and its password.
pub(crate) struct Account {
    name: String,
    basic: HeaderValue,
}

/// What a client knows of signing in to its registry.
pub(crate) struct SignIn {
    origin: Origin,
    account: Option<Account>,
    token_hosts: Vec<String>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    method: Mutex<Method>,
    tokens: Tokens,
}

/// How the registry wants it, as learned from its last challenge.
#[derive(Clone)]
enum Method {
    Unknown,
    Basic,
    Bearer(Arc<Realm>),
}

impl Account {
    pub(crate) fn new(name: String, password: &Secret) -> Self {
        let pair = format!("{name}:{}", password.expose());
        let basic = format!("Basic {}", STANDARD.encode(pair));
        let mut basic = HeaderValue::try_from(basic).expect("base64 is visible ASCII");
        basic.set_sensitive(true);
        Self { name, basic }
    }
}

impl SignIn {
    pub(crate) fn new(
        origin: Origin,
        account: Option<Account>,
        token_hosts: Vec<String>,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> Self {
        Self {
            origin,
            account,
            token_hosts,
            limits,
            method: Mutex::new(Method::Unknown),
            tokens: Tokens::new(Arc::clone(&clock)),
            clock,
        }
    }

    /// What to send with the first try of a request; nothing before the first challenge.
    pub(crate) async fn credential(
        &self,
        transport: &Transport,
        scopes: &Scopes,
    ) -> Result<Option<HeaderValue>> {
        let method = self.method().clone();
        match method {
            Method::Unknown => Ok(None),
            Method::Basic => Ok(self.basic()),
            Method::Bearer(realm) => {
                let asked = self.tokens.asked(scopes);
                let token = self.token(transport, &realm, scopes, asked).await?;
                Ok(Some(token))
            }
        }
    }

    /// What to send after a 401 to a request that carried `used`; nothing where nothing is left to try.
    pub(crate) async fn answer(
        &self,
        transport: &Transport,
        answer: &Answer,
        scopes: &Scopes,
        used: Option<&HeaderValue>,
    ) -> Result<Option<HeaderValue>> {
        let challenges = challenges(answer);
        let basic = self.basic().filter(|basic| {
            Some(basic) != used && challenges.iter().any(|challenge| challenge.is("basic"))
        });
        let Some(bearer) = challenges.iter().find(|challenge| challenge.is("bearer")) else {
            return Ok(self.remember_basic(basic));
        };
        match Realm::of(bearer, &self.origin, &self.token_hosts) {
            Ok(realm) => {
                let realm = Arc::new(realm);
                *self.method() = Method::Bearer(Arc::clone(&realm));
                self.tokens.forget(scopes, used);
                let asked = scopes.clone().and(realm::scopes(bearer));
                self.token(transport, &realm, scopes, asked).await.map(Some)
            }
            Err(error) => self.remember_basic(basic).map(Some).ok_or(error),
        }
    }

    /// A token for `scopes`, for which `asked` is requested where there is none yet.
    async fn token(
        &self,
        transport: &Transport,
        realm: &Realm,
        scopes: &Scopes,
        asked: Scopes,
    ) -> Result<HeaderValue> {
        if let Some(token) = self.tokens.get(scopes) {
            return Ok(token);
        }
        let _turn = self.tokens.turn().await;
        if let Some(token) = self.tokens.get(scopes) {
            return Ok(token);
        }
        let request = token::TokenRequest {
            registry: &self.origin,
            realm,
            account: self.account.as_ref(),
            scopes: &asked,
        };
        let token = request
            .send(transport, &self.limits, self.clock.now())
            .await?;
        Ok(self.tokens.keep(scopes, asked, token))
    }

    fn remember_basic(&self, basic: Option<HeaderValue>) -> Option<HeaderValue> {
        if basic.is_some() {
            *self.method() = Method::Basic;
        }
        basic
    }

    fn basic(&self) -> Option<HeaderValue> {
        self.account.as_ref().map(|account| account.basic.clone())
    }

    fn method(&self) -> MutexGuard<'_, Method> {
        // A method is replaced whole, so one left by a panic is as good as any.
        self.method.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn challenges(answer: &Answer) -> Vec<Challenge> {
    let values = answer.headers().get_all(header::WWW_AUTHENTICATE);
    let texts = values.iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(Challenge::parse).collect()
}
