//! Listeners: TCP and unix sockets, connections, and their end.
//!
//! The accept loop owns its connections, whichever of its sockets they came from. Stopping therefore
//! needs no registry of them, one drain is for all of them, and a server that is dropped leaves
//! nothing running.

mod accept;
mod acceptor;
mod address;
mod connection;
mod guarded;
#[cfg(all(feature = "handover", unix))]
mod handover;
#[cfg(feature = "http2")]
mod http2;
mod listener;
mod proxy_protocol;
mod reception;
mod settings;
mod shared_reads;
mod stream;
#[cfg(feature = "tls")]
mod tls;
#[cfg(unix)]
mod unix;

use std::{error::Error, io, net::SocketAddr, sync::Arc, time::Duration};

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::{sync::watch, task::JoinHandle};
use tower_service::Service;

use crate::{TrustedProxies, observe::Connections};
use acceptor::Acceptor;

pub use address::{Address, Endpoint};
pub use listener::Listener;
pub use settings::ListenSettings;
#[cfg(feature = "tls")]
pub use tls::{ClientCertificates, Tls, TlsError, TlsFiles, TlsSettings, TlsVersion};

/// Bound sockets on the runtime, not yet serving.
///
/// ```
/// # async fn run(service: registry_server::RegistryService) -> std::io::Result<()> {
/// use registry_server::{Address, Server};
///
/// let server = Server::bind(&Address::Tcp(([127, 0, 0, 1], 0).into()))?;
/// let running = server.serve(service);
/// println!("ready at {}", running.address());
/// running.shutdown(std::time::Duration::from_secs(30)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    acceptor: Acceptor,
    settings: ListenSettings,
    proxies: Arc<TrustedProxies>,
    connections: Arc<Connections>,
}

/// A server at work. Dropping it ends it and every connection at once.
#[derive(Debug)]
#[must_use = "a server ends when this is dropped"]
pub struct Running {
    endpoints: Vec<Endpoint>,
    stop: watch::Sender<Option<Duration>>,
    accepting: JoinHandle<usize>,
}

impl Server {
    /// Listens on one address. Port 0 takes any free port. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// Where the address is in use or may not be used.
    pub fn bind(address: &Address) -> io::Result<Self> {
        Self::new(vec![Listener::bind(address)?])
    }

    /// Serves several sockets as one. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// Where the runtime cannot take them, or there are none.
    pub fn new(listeners: Vec<Listener>) -> io::Result<Self> {
        if listeners.is_empty() {
            let what = "a server needs a listener";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        Ok(Self {
            acceptor: Acceptor::new(listeners)?,
            settings: ListenSettings::default(),
            proxies: Arc::default(),
            connections: Arc::default(),
        })
    }

    /// Sets how connections are treated.
    #[must_use]
    pub fn settings(mut self, settings: ListenSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Sets whose word about a request's origin is taken.
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = Arc::new(proxies);
        self
    }

    /// Counts connections there.
    #[must_use]
    pub fn connections(mut self, connections: Arc<Connections>) -> Self {
        self.connections = connections;
        self
    }

    /// The first address, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.acceptor.first().address
    }

    /// Serves, on the runtime that this is called within.
    pub fn serve<S, B>(self, service: S) -> Running
    where
        S: Service<Request<Incoming>, Response = Response<B>>,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let endpoints = self.acceptor.endpoints().cloned().collect();
        let (stop, stopped) = watch::channel(None);
        let accepting = tokio::spawn(accept::accept(self, service, stopped));
        Running {
            endpoints,
            stop,
            accepting,
        }
    }
}

impl Running {
    /// Where it listens: the first address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.endpoints[0].address
    }

    /// Where it listens, all of it.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The first TCP port on which it listens.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.endpoints.iter().find_map(|at| at.address.tcp())
    }

    /// Stops accepting, lets requests under way finish within a limit, and answers how many connections
    /// were cut off because they did not.
    pub async fn shutdown(mut self, limit: Duration) -> usize {
        self.stop.send_replace(Some(limit));
        (&mut self.accepting).await.unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its connections belong to this task and end with it.
        self.accepting.abort();
    }
}
