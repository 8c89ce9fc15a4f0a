//! Users of a file that `htpasswd -B` writes.
//!
//! bcrypt is slow on purpose, and clients send a password with every request. So what was found right is
//! remembered, by a keyed hash (never the password itself), and so is what was found wrong, for clients that try
//! the same again and again. What is not remembered is computed on threads that may wait, a few at a time:
//! whoever sends wrong passwords by the thousand delays others who sign in for the first time, and nobody else.
//! A faster hash was the alternative; then a stolen file tells its passwords.

mod file;
mod remembered;

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use registry_core::{AuthenticateError, Authenticator, Caller, Credentials, Random, Secret};
use sha2::Sha256;
use tokio::{
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
};

pub use file::{HtpasswdError, HtpasswdFile};
use remembered::{Fingerprint, Remembered};

/// Passwords that are computed at once.
const AT_ONCE: usize = 2;
/// Sign-ins that wait for that; more are told to come again.
const WAITING: usize = 256;

/// Users known by a password file. Requests without credentials are anonymous.
///
/// - A password is computed once until the file changes or 4096 others were; then it is known.
/// - An unknown name takes as long as a known one: its password is compared with that of some user, always the
///   same one for that name.
pub struct Htpasswd {
    realm: String,
    key: Hmac<Sha256>,
    state: RwLock<Arc<State>>,
    computing: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// A file and what is remembered of it, which go together.
struct State {
    file: HtpasswdFile,
    remembered: Remembered,
}

impl Htpasswd {
    /// Users of a file. Clients show the realm when they ask for a password. The randomness is for the key
    /// under which passwords are remembered.
    pub fn new(realm: &str, file: HtpasswdFile, random: &dyn Random) -> Self {
        let mut key = [0; 32];
        random.fill(&mut key);
        Self {
            realm: realm.replace(['"', '\\'], ""),
            key: keyed(&key),
            state: RwLock::new(State::new(file)),
            computing: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(WAITING)),
        }
    }

    /// Takes another file in place of the one before. What was remembered is forgotten.
    pub fn replace(&self, file: HtpasswdFile) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State::new(file);
    }

    fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn fingerprint(&self, name: &str, password: &Secret) -> Fingerprint {
        let mut mac = self.key.clone();
        mac.update(&(name.len() as u64).to_be_bytes());
        mac.update(name.as_bytes());
        mac.update(password.expose().as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// A number that belongs to a name and that nobody can foresee.
    fn number(&self, name: &str) -> u64 {
        let fingerprint = self.fingerprint(name, &Secret::new(String::new()));
        let first = fingerprint.first_chunk();
        first.map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    async fn is_right(&self, name: &str, password: &Secret) -> Result<bool, AuthenticateError> {
        let fingerprint = self.fingerprint(name, password);
        let state = self.state();
        if let Some(right) = state.remembered.get(&fingerprint) {
            return Ok(right);
        }
        let _place = self.waiting.try_acquire().map_err(|_| busy())?;
        let turn = Arc::clone(&self.computing).acquire_owned().await;
        let turn = turn.map_err(|_| busy())?;
        // Another request of the same client may have found it out meanwhile.
        if let Some(right) = state.remembered.get(&fingerprint) {
            return Ok(right);
        }
        let (name, password, number) = (name.to_owned(), password.clone(), self.number(name));
        let computed = spawn_blocking(move || {
            let right = state.file.is_right(&name, &password, number);
            state.remembered.put(fingerprint, right);
            // It belongs to the computation, which goes on when nobody waits for it any more.
            drop(turn);
            right
        });
        computed.await.map_err(|error: JoinError| {
            AuthenticateError::Unavailable(format!("a password cannot be compared: {error}"))
        })
    }
}

impl State {
    fn new(file: HtpasswdFile) -> Arc<Self> {
        Arc::new(Self {
            file,
            remembered: Remembered::default(),
        })
    }
}

#[async_trait]
impl Authenticator for Htpasswd {
    async fn authenticate(
        &self,
        credentials: Option<&Credentials>,
    ) -> Result<Caller, AuthenticateError> {
        match credentials {
            None => Ok(Caller::anonymous()),
            Some(Credentials::Basic { name, password }) => {
                match self.is_right(name, password).await? {
                    true => Ok(Caller::named(name.as_str())),
                    false => Err(AuthenticateError::Refused),
                }
            }
            Some(Credentials::Bearer(_)) => Err(AuthenticateError::Refused),
        }
    }

    fn challenges(&self) -> Vec<String> {
        vec![format!("Basic realm=\"{}\", charset=\"UTF-8\"", self.realm)]
    }
}

impl std::fmt::Debug for Htpasswd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Htpasswd")
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

fn busy() -> AuthenticateError {
    AuthenticateError::Unavailable("too many sign in at once".to_owned())
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests;
