//! What stands between a socket and HTTP: the PROXY protocol, TLS, or nothing.

use std::{fmt, io, sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{acceptor::Arrival, proxy_protocol, stream::Stream};
use crate::{ClientAddress, TrustedProxies};

/// How a listener's connections begin.
#[derive(Clone, Default)]
pub(super) struct Reception {
    /// Who must say, by the PROXY protocol, for whom they connect.
    pub(super) proxies: Option<Arc<TrustedProxies>>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<super::tls::Tls>,
}

impl Reception {
    #[cfg(feature = "tls")]
    pub(super) fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    #[cfg(not(feature = "tls"))]
    pub(super) fn is_secure(&self) -> bool {
        false
    }
}

impl Arrival {
    /// The stream that HTTP is spoken over, and where the client is; `None` where it did not get that far
    /// within the limit.
    pub(super) async fn receive(self, limit: Duration) -> Option<(Stream, ClientAddress)> {
        let peer = self.peer;
        match timeout(limit, self.begin()).await {
            Ok(Ok(received)) => Some(received),
            Ok(Err(error)) => {
                tracing::debug!(%peer, %error, "a connection was closed before its first request");
                None
            }
            Err(_) => None,
        }
    }

    async fn begin(self) -> io::Result<(Stream, ClientAddress)> {
        let Self {
            mut stream,
            peer,
            reception,
        } = self;
        let client = match &reception.proxies {
            Some(proxies) => named_client(&mut stream, peer, proxies).await?,
            None => peer,
        };
        #[cfg(feature = "tls")]
        if let Some(tls) = &reception.tls {
            stream = Stream::Tls(Box::new(tls.accept(stream).await?));
        }
        Ok((stream, client))
    }
}

async fn named_client(
    stream: &mut Stream,
    peer: ClientAddress,
    proxies: &TrustedProxies,
) -> io::Result<ClientAddress> {
    if !proxies.trusts(peer) {
        let what = "it comes from elsewhere than the trusted proxies";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    }
    let source = proxy_protocol::read(stream).await?;
    Ok(source.map_or(peer, ClientAddress::from))
}

impl fmt::Debug for Reception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reception")
            .field("proxies", &self.proxies)
            .field("secure", &self.is_secure())
            .finish()
    }
}
