//! TLS, and certificates that change while they are used.
//!
//! What changes is the whole configuration, behind a lock that is held to clone a pointer: each handshake
//! takes the one of its moment and keeps it. A resolver of certificates inside one configuration was the
//! alternative; it cannot change the authorities that client certificates are checked against, nor
//! forget the sessions that were agreed on under the old ones.

mod certificate;
mod files;
mod settings;

use std::{
    fmt, io,
    sync::{Arc, PoisonError, RwLock},
};

use rustls::ServerConfig;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::stream::Stream;

pub use files::{TlsError, TlsFiles};
pub use settings::{ClientCertificates, TlsSettings, TlsVersion};

/// TLS as listeners speak it: a configuration of rustls, or [`TlsFiles`], whose certificate may change.
#[derive(Clone)]
pub struct Tls {
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Tls {
    /// Agrees on TLS with a client.
    pub(super) async fn accept(&self, stream: Stream) -> io::Result<TlsStream<Stream>> {
        TlsAcceptor::from(self.current()).accept(stream).await
    }

    fn current(&self) -> Arc<ServerConfig> {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses another configuration from the next handshake on.
    fn replace(&self, config: ServerConfig) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(config);
    }
}

impl From<Arc<ServerConfig>> for Tls {
    fn from(config: Arc<ServerConfig>) -> Self {
        let current = Arc::new(RwLock::new(config));
        Self { current }
    }
}

impl From<&TlsFiles> for Tls {
    fn from(files: &TlsFiles) -> Self {
        files.tls()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
