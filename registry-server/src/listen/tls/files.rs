//! Certificates in files, read again when they change.
//!
//! Whether they changed is told by their bytes, not by their times: they are small, and whoever
//! writes them may restore times, swap links or mount other directories. A new certificate is used only
//! when all that belongs to it is there and agrees; a program that renews one file after the other is
//! met half way sooner or later, and then the old one goes on.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
    version::{TLS12, TLS13},
};
use tokio::time::{MissedTickBehavior, interval};

use super::{ClientCertificates, Tls, TlsSettings, TlsVersion, certificate::expires};

/// The certificate and key of listeners, from files.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use registry_server::{Address, Listener, TlsFiles, TlsSettings};
///
/// let files = TlsFiles::open(TlsSettings::new("server.pem", "server.key"))?;
/// let address = Address::Tcp(([0, 0, 0, 0], 443).into());
/// let listener = Listener::bind(&address)?.tls(&files);
/// // From then on, by a signal or the like:
/// files.reload()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TlsFiles {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    tls: Tls,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    settings: TlsSettings,
    /// What the files held that is in use.
    used: Contents,
    expires: SystemTime,
}

/// The bytes of the files.
#[derive(Clone, PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    authorities: Option<Vec<u8>>,
}

/// TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{} holds {what}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What it holds instead, or what is wrong with it.
        what: String,
    },
}

impl TlsFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// Where they cannot be read, or do not belong together.
    pub fn open(settings: TlsSettings) -> Result<Self, TlsError> {
        let used = Contents::read(&settings)?;
        let (config, expires) = used.config(&settings)?;
        let shared = Shared {
            tls: Arc::new(config).into(),
            state: Mutex::new(State {
                settings,
                used,
                expires,
            }),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Reads the files again, and answers whether what they hold is new. Connections stay as they are; new
    /// ones meet the new certificate. What cannot be used leaves the old one in use.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn reload(&self) -> Result<bool, TlsError> {
        let settings = self.state().settings.clone();
        self.reload_from(settings)
    }

    /// The same with other settings, from now on.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn reload_from(&self, settings: TlsSettings) -> Result<bool, TlsError> {
        let used = Contents::read(&settings)?;
        let mut state = self.state();
        if used == state.used && settings == state.settings {
            return Ok(false);
        }
        let (config, expires) = used.config(&settings)?;
        self.shared.tls.replace(config);
        *state = State {
            settings,
            used,
            expires,
        };
        Ok(true)
    }

    /// Looks at the files now and then, for ever, and reads them again when they have changed. What
    /// cannot be used is logged once.
    pub async fn watch(self, every: Duration) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut complaint = None;
        loop {
            ticks.tick().await;
            let files = self.clone();
            let reloaded = tokio::task::spawn_blocking(move || files.reload()).await;
            // It does not panic, and a runtime that ends drops this, too.
            let Ok(reloaded) = reloaded else { return };
            let certificate = self.state().settings.certificate.clone();
            let certificate = certificate.display();
            match reloaded.map_err(|error| error.to_string()) {
                Ok(true) => tracing::info!(%certificate, "a new certificate is in use"),
                Ok(false) => {}
                Err(error) if complaint.as_ref() == Some(&error) => continue,
                Err(error) => {
                    tracing::error!(%certificate, error, "the old certificate stays in use");
                    complaint = Some(error);
                    continue;
                }
            }
            complaint = None;
        }
    }

    /// When the certificate in use expires.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        self.state().expires
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tls(&self) -> Tls {
        self.shared.tls.clone()
    }
}

impl Contents {
    fn read(settings: &TlsSettings) -> Result<Self, TlsError> {
        Ok(Self {
            certificate: read(&settings.certificate)?,
            key: read(&settings.key)?,
            authorities: settings.clients.authorities().map(read).transpose()?,
        })
    }

    fn config(&self, settings: &TlsSettings) -> Result<(ServerConfig, SystemTime), TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let chain = certificates(&self.certificate, &settings.certificate)?;
        let Some(own) = chain.first() else {
            return Err(unusable(&settings.certificate, "no certificate"));
        };
        let expires = expires(own)
            .ok_or_else(|| unusable(&settings.certificate, "a malformed certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|error| unusable(&settings.key, format!("no private key: {error}")))?;
        let verifier = self.verifier(settings, &provider)?;
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(settings.minimum.and_newer())
            .map(|builder| match verifier {
                Some(verifier) => builder.with_client_cert_verifier(verifier),
                None => builder.with_no_client_auth(),
            })
            .and_then(|builder| builder.with_single_cert(chain, key));
        let mut config = config.map_err(|error| {
            let what = format!("a certificate that cannot be used with its key: {error}");
            unusable(&settings.certificate, what)
        })?;
        config.alpn_protocols = protocols();
        Ok((config, expires))
    }

    fn verifier(
        &self,
        settings: &TlsSettings,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
        let (path, pem) = match (settings.clients.authorities(), &self.authorities) {
            (Some(path), Some(pem)) => (path, pem),
            _ => return Ok(None),
        };
        let mut roots = RootCertStore::empty();
        for authority in certificates(pem, path)? {
            roots
                .add(authority)
                .map_err(|error| unusable(path, format!("no usable authority: {error}")))?;
        }
        let builder =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let builder = match settings.clients {
            ClientCertificates::Optional(_) => builder.allow_unauthenticated(),
            _ => builder,
        };
        let verifier = builder.build();
        verifier
            .map(Some)
            .map_err(|error| unusable(path, format!("no usable authorities: {error}")))
    }
}

impl ClientCertificates {
    fn authorities(&self) -> Option<&Path> {
        match self {
            Self::Ignored => None,
            Self::Optional(path) | Self::Required(path) => Some(path),
        }
    }
}

impl TlsVersion {
    fn and_newer(self) -> &'static [&'static SupportedProtocolVersion] {
        static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        match self {
            Self::Tls12 => &BOTH,
            Self::Tls13 => &BOTH[..1],
        }
    }
}

/// What is spoken inside, the favourite first.
fn protocols() -> Vec<Vec<u8>> {
    let mut protocols = vec![b"http/1.1".to_vec()];
    if cfg!(feature = "http2") {
        protocols.insert(0, b"h2".to_vec());
    }
    protocols
}

fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(path, format!("no certificates in PEM: {error}")))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::Unreadable {
        path: path.to_owned(),
        error,
    })
}

fn unusable(path: &Path, what: impl Into<String>) -> TlsError {
    TlsError::Unusable {
        path: path.to_owned(),
        what: what.into(),
    }
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contents").finish_non_exhaustive()
    }
}
