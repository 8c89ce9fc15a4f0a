//! The tokens a client holds, by the scopes they were needed for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use registry_core::Clock;

use super::Scopes;
use super::token::Token;

/// The most tokens that are held. A client that visits more repositories asks again.
const MOST_HELD: usize = 1000;

pub(super) struct Tokens {
    clock: Arc<dyn Clock>,
    held: Mutex<HashMap<Scopes, Held>>,
    turn: tokio::sync::Mutex<()>,
}

struct Held {
    token: Token,
    asked: Scopes,
}

impl Tokens {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            held: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The token for these scopes, unless it has ended.
    pub(super) fn get(&self, scopes: &Scopes) -> Option<HeaderValue> {
        let held = self.held();
        let token = &held.get(scopes)?.token;
        (token.expires > self.clock.now()).then(|| token.value.clone())
    }

    /// What to ask for where these scopes are needed: what was asked for the last time, because the
    /// registry's challenge may have wanted more.
    pub(super) fn asked(&self, scopes: &Scopes) -> Scopes {
        let held = self.held();
        held.get(scopes).map_or(scopes, |held| &held.asked).clone()
    }

    /// Waits for one's turn to ask for a token, so that parallel transfers ask once.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    pub(super) fn keep(&self, scopes: &Scopes, asked: Scopes, token: Token) -> HeaderValue {
        let value = token.value.clone();
        let now = self.clock.now();
        let mut held = self.held();
        if held.len() >= MOST_HELD {
            held.retain(|_, held| held.token.expires > now);
        }
        if held.len() >= MOST_HELD {
            held.clear();
        }
        held.insert(scopes.clone(), Held { token, asked });
        value
    }

    /// Drops the token that was refused, unless another took its place meanwhile.
    pub(super) fn forget(&self, scopes: &Scopes, refused: Option<&HeaderValue>) {
        let mut held = self.held();
        if let Some(token) = held.get(scopes)
            && Some(&token.token.value) == refused
        {
            held.remove(scopes);
        }
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Scopes, Held>> {
        // Every change is a single insert or remove, so what a panic left is whole.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
