//! What a client is made of.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use registry_core::{Algorithms, Clock, Random, Secret, SystemClock};

use crate::auth::{Account, SignIn};
use crate::retries::TokioSleep;
use crate::url::{Url, UrlError};
use crate::wire::{ConnectorError, Transport, Wire, connector};
use crate::{Client, Limits, Retries, Sleep};

const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
const USER_AGENT: &str = concat!("registry-client/", env!("CARGO_PKG_VERSION"));

/// Makes a [`Client`].
#[must_use]
pub struct Builder {
    base_url: String,
    account: Option<Account>,
    token_hosts: Vec<String>,
    root_pems: Vec<Vec<u8>>,
    any_certificate: bool,
    user_agent: String,
    chunk_size: Option<u64>,
    idle_timeout: Duration,
    retries: Retries,
    limits: Limits,
    algorithms: Algorithms,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    sleep: Arc<dyn Sleep>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[error("{address} is no registry to speak to: {fault}")]
pub struct BuildError {
    address: String,
    fault: Fault,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error("a registry stands at the root of its host; leave the path away")]
    Path,
    #[error("the user agent cannot stand in a header")]
    UserAgent,
    #[error(transparent)]
    Connector(#[from] ConnectorError),
}

impl Builder {
    pub(crate) fn new(base_url: String) -> Self {
        Self {
            base_url,
            account: None,
            token_hosts: Vec::new(),
            root_pems: Vec::new(),
            any_certificate: false,
            user_agent: USER_AGENT.to_owned(),
            chunk_size: None,
            idle_timeout: IDLE_TIMEOUT,
            retries: Retries::default(),
            limits: Limits::default(),
            algorithms: Algorithms::standard(),
            clock: Arc::new(SystemClock),
            random: Arc::new(operating_system),
            sleep: Arc::new(TokioSleep),
        }
    }

    /// Signs in by name and password. They go to the registry's own host, to its token service there,
    /// and to hosts that [`token_host`](Self::token_host) allows; to no other.
    pub fn credentials(mut self, name: impl Into<String>, password: Secret) -> Self {
        self.account = Some(Account::new(name.into(), &password));
        self
    }

    /// Allows another host (`auth.example.com`, with its port unless it is the usual one) as this
    /// registry's token service. It gets the name and password.
    pub fn token_host(mut self, host: impl Into<String>) -> Self {
        self.token_hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Trusts the certificates of a PEM text beside those that the system trusts. It has a use only
    /// with the feature `tls`.
    pub fn root_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_pems.push(pem.into());
        self
    }

    /// Believes any certificate. Whoever is between here and the registry can then read everything that is
    /// sent, credentials as well, and answer in its place. It has a use only with the feature `tls`.
    pub fn any_certificate(mut self) -> Self {
        self.any_certificate = true;
        self
    }

    /// What the client calls itself.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sends blobs in chunks of so many bytes, more where the registry wants more. Without it a blob
    /// goes out in one request, and only a broken upload goes on in chunks.
    pub fn chunk_size(mut self, bytes: u64) -> Self {
        self.chunk_size = Some(bytes.max(1));
        self
    }

    /// How long a connection may stand still; two minutes by default. There is no limit on a whole
    /// transfer.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = limit;
        self
    }

    /// How failures that may pass are met.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// How much of an answer is taken.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The digest algorithms by which content is verified.
    pub fn algorithms(mut self, algorithms: Algorithms) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// The clock by which tokens end; the system's by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The randomness in the pauses before retries; the operating system's by default.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// What waits before retries; tokio's timer by default.
    pub fn sleep(mut self, sleep: Arc<dyn Sleep>) -> Self {
        self.sleep = sleep;
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address is not that of a registry, or https without the feature `tls`.
    pub fn build(self) -> Result<Client, BuildError> {
        let address = without_user(&self.base_url);
        self.assemble()
            .map_err(|fault| BuildError { address, fault })
    }

    fn assemble(self) -> Result<Client, Fault> {
        let url = Url::parse(&self.base_url)?;
        if !url.is_root() {
            return Err(Fault::Path);
        }
        let origin = url.origin().clone();
        let user_agent = HeaderValue::try_from(self.user_agent).map_err(|_| Fault::UserAgent)?;
        let connector = connector(origin.is_https(), &self.root_pems, self.any_certificate)?;
        let sign_in = SignIn::new(
            origin.clone(),
            self.account,
            self.token_hosts,
            Arc::clone(&self.clock),
            self.limits,
        );
        let wire = Wire {
            origin,
            transport: Transport::new(connector, user_agent, self.idle_timeout),
            sign_in,
            retries: self.retries,
            limits: self.limits,
            clock: self.clock,
            random: self.random,
            sleep: self.sleep,
        };
        Ok(Client {
            wire: Arc::new(wire),
            algorithms: self.algorithms,
            chunk_size: self.chunk_size,
        })
    }
}

/// The address as it may be shown: a user name in it comes with a password.
fn without_user(base_url: &str) -> String {
    match base_url.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => base_url.to_owned(),
    }
}

/// The operating system's randomness. Where there is none, pauses are not random.
#[expect(clippy::disallowed_methods, reason = "where real randomness enters")]
fn operating_system(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        bytes.fill(0);
    }
}
