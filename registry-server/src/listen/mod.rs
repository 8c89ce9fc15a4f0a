//! Listeners: TCP and unix sockets, connections, and their end.
//!
//! The accept loop owns its connections. Stopping therefore needs no registry of them, and a server
//! that is dropped leaves nothing running.

mod acceptor;
mod connection;
mod guarded;
#[cfg(feature = "http2")]
mod http2;
mod security;
mod settings;
#[cfg(unix)]
mod unix;

use std::{error::Error, io, net::SocketAddr, sync::Arc, time::Duration};

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::{
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};
use tower_service::Service;

pub use acceptor::Address;
use acceptor::{Acceptor, Stream};
use security::Security;
pub use settings::ListenSettings;

use crate::ClientAddress;

/// A bound socket, not yet serving.
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
    security: Security,
}

/// A server at work. Dropping it ends it and every connection at once.
#[derive(Debug)]
#[must_use = "a server ends when this is dropped"]
pub struct Running {
    address: Address,
    stop: watch::Sender<Option<Duration>>,
    accepting: JoinHandle<usize>,
}

impl Server {
    /// Binds an address. Port 0 takes any free port. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// Where the address is in use or may not be used.
    pub fn bind(address: &Address) -> io::Result<Self> {
        Ok(Self {
            acceptor: Acceptor::bind(address)?,
            settings: ListenSettings::default(),
            security: Security::default(),
        })
    }

    /// Sets how connections are treated.
    #[must_use]
    pub fn settings(mut self, settings: ListenSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Serves HTTPS on a TCP port.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, config: Arc<rustls::ServerConfig>) -> Self {
        self.security = Security::tls(config);
        self
    }

    /// The address, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> &Address {
        self.acceptor.address()
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
        let address = self.address().clone();
        let (stop, stopped) = watch::channel(None);
        let accepting = tokio::spawn(accept(self, service, stopped));
        Running {
            address,
            stop,
            accepting,
        }
    }
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Where it listens, if that is a TCP port.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self.address {
            Address::Tcp(address) => Some(address),
            #[cfg(unix)]
            Address::Unix(_) => None,
        }
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

/// Accepts until told to stop; then waits for what runs.
async fn accept<S, B>(
    server: Server,
    service: S,
    mut stopped: watch::Receiver<Option<Duration>>,
) -> usize
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Server {
        acceptor,
        settings,
        security,
    } = server;
    let slots = Arc::new(Semaphore::new(settings.connections));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            (stream, client, slot) = next(&acceptor, &slots) => {
                let (service, stopped) = (service.clone(), stopped.clone());
                let security = security.clone();
                connections.spawn(async move {
                    if let Some(stream) = security.secure(stream, settings.head_timeout).await {
                        connection::serve((stream, client), service, settings, stopped).await;
                    }
                    drop(slot);
                });
            }
        }
    }
    drop(acceptor);
    let limit = stopped.borrow().unwrap_or_default();
    drain(connections, limit).await
}

/// The next connection and its place among those allowed. While all places are taken, clients wait in
/// the socket's queue.
async fn next(
    acceptor: &Acceptor,
    slots: &Arc<Semaphore>,
) -> (
    Stream,
    ClientAddress,
    Option<tokio::sync::OwnedSemaphorePermit>,
) {
    // Nobody closes the semaphore.
    let slot = Arc::clone(slots).acquire_owned().await.ok();
    loop {
        match acceptor.accept().await {
            Ok((stream, client)) => return (stream, client, slot),
            Err(error) if is_clients(&error) => {}
            Err(error) => {
                // Out of file descriptors, most likely: they come back as connections end.
                tracing::error!(%error, "cannot accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Whether an error is about the connection that was to be accepted, not about us.
fn is_clients(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(
        error.kind(),
        K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused
    )
}

async fn drain(mut connections: JoinSet<()>, limit: Duration) -> usize {
    let all = async { while connections.join_next().await.is_some() {} };
    if timeout(limit, all).await.is_ok() {
        return 0;
    }
    let rest = connections.len();
    connections.shutdown().await;
    rest
}
