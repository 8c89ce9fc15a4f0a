//! What stands between a socket and HTTP: nothing, or TLS.

use std::time::Duration;

use super::acceptor::Stream;

/// How connections are secured.
#[derive(Clone, Default)]
pub(super) struct Security {
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsAcceptor>,
}

impl Security {
    #[cfg(feature = "tls")]
    pub(super) fn tls(config: std::sync::Arc<rustls::ServerConfig>) -> Self {
        let tls = Some(config.into());
        Self { tls }
    }

    /// The stream that HTTP is spoken over; `None` where the client did not get that far in time.
    #[cfg(feature = "tls")]
    pub(super) async fn secure(&self, stream: Stream, limit: Duration) -> Option<Stream> {
        let (tls, stream) = match (&self.tls, stream) {
            (Some(tls), Stream::Tcp(stream)) => (tls, stream),
            (_, stream) => return Some(stream),
        };
        match tokio::time::timeout(limit, tls.accept(stream)).await {
            Ok(Ok(stream)) => Some(Stream::Tls(Box::new(stream))),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a client did not agree on TLS");
                None
            }
            Err(_) => None,
        }
    }

    /// The stream that HTTP is spoken over.
    #[cfg(not(feature = "tls"))]
    pub(super) async fn secure(&self, stream: Stream, _: Duration) -> Option<Stream> {
        Some(stream)
    }
}

impl std::fmt::Debug for Security {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Security").finish_non_exhaustive()
    }
}
