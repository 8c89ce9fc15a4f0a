//! Asking a token service, by GET as the Docker registry's token specification describes it.

use std::time::Duration;

use http::{HeaderValue, Request, StatusCode, header};
use registry_core::Timestamp;
use serde::Deserialize;

use super::realm::Realm;
use super::{Account, Scopes};
use crate::url::{Origin, Url};
use crate::wire::{Answer, Outgoing, Transport};
use crate::{Error, Limits, Result};

/// What a token is good for when its service does not say.
const DEFAULT_LIFE: Duration = Duration::from_secs(60);

/// A token is replaced this part of its life before its end, so that it does not end on the way.
const MARGIN: u32 = 10;

/// A request for a token.
pub(super) struct TokenRequest<'a> {
    pub(super) registry: &'a Origin,
    pub(super) realm: &'a Realm,
    pub(super) account: Option<&'a Account>,
    pub(super) scopes: &'a Scopes,
}

/// A token as it is sent, and when it should no longer be.
pub(super) struct Token {
    pub(super) value: HeaderValue,
    pub(super) expires: Timestamp,
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

impl TokenRequest<'_> {
    pub(super) async fn send(
        &self,
        transport: &Transport,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Token> {
        let mut request = Request::new(Outgoing::bytes(bytes::Bytes::new()));
        if let Some(account) = self.account {
            let headers = request.headers_mut();
            headers.insert(header::AUTHORIZATION, account.basic.clone());
        }
        let mut answer = transport.send(&self.url(), request).await?;
        if answer.status().is_redirection() {
            return Err(self.failed("its token service redirects, which is not followed"));
        }
        if answer.status() != StatusCode::OK {
            return Err(answer.into_error(limits.error, now).await);
        }
        self.read(&mut answer, limits, now).await
    }

    async fn read(&self, answer: &mut Answer, limits: &Limits, now: Timestamp) -> Result<Token> {
        let body = answer.read("a token", limits.token).await?;
        // The text of the parser's error could hold a part of the token.
        let answer: TokenAnswer = serde_json::from_slice(&body)
            .map_err(|_| self.failed("its token service's answer is not JSON of the right form"))?;
        let token = answer.token.filter(|token| !token.is_empty());
        let token = token
            .or(answer.access_token)
            .ok_or_else(|| self.failed("its token service's answer has no token"))?;
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| self.failed("its token service's token cannot stand in a header"))?;
        value.set_sensitive(true);
        let life = answer.expires_in.map_or(DEFAULT_LIFE, Duration::from_secs);
        Ok(Token {
            value,
            expires: now.plus(life - life / MARGIN),
        })
    }

    fn url(&self) -> Url {
        let mut url = self.realm.url.clone();
        if let Some(service) = &self.realm.service {
            url = url.with_query("service", service);
        }
        if let Some(account) = self.account {
            url = url.with_query("account", &account.name);
        }
        for scope in self.scopes.iter() {
            url = url.with_query("scope", scope);
        }
        url
    }

    fn failed(&self, reason: &str) -> Error {
        Error::sign_in(self.registry, reason)
    }
}
