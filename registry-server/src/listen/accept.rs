//! The loop that accepts, and its end.

use std::{error::Error, io, sync::Arc, time::Duration};

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};
use tower_service::Service;

use super::{
    Server,
    acceptor::{Acceptor, Arrival},
    connection::{Connection, Stopped, serve},
};

/// Accepts until told to stop; then waits for what runs.
pub(super) async fn accept<S, B>(server: Server, service: S, mut stopped: Stopped) -> usize
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
        mut acceptor,
        settings,
        proxies,
        connections: open,
    } = server;
    let slots = Arc::new(Semaphore::new(settings.connections));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
                   _ = stopped.changed() => break,
                   Some(_) = connections.join_next(), if !connections.is_empty() => {}
                   (arrival, slot) = next(&mut acceptor, &slots) => {
                       let (service, stopped) = (service.clone(), stopped.clone());
                       let proxies = Arc::clone(&proxies);
                       let (counted, open) = (open.accept(), Arc::clone(&open));
                       connections.spawn(async move {
                           if let Some((stream, peer)) = arrival.receive(settings.handshake_timeout).await {
                               let connection = Connection {
        stream, peer, proxies, settings, stopped, connections: open };
                               serve(connection, service).await;
                           }
                           drop((slot, counted));
                       });
                   }
               }
    }
    drop(acceptor);
    let limit = stopped.borrow().unwrap_or_default();
    drain(connections, limit).await
}

/// The next connection and its place among those allowed. While all places are taken, clients wait in
/// the sockets' queues.
async fn next(
    acceptor: &mut Acceptor,
    slots: &Arc<Semaphore>,
) -> (Arrival, Option<OwnedSemaphorePermit>) {
    // Nobody closes the semaphore.
    let slot = Arc::clone(slots).acquire_owned().await.ok();
    loop {
        match acceptor.accept().await {
            Ok(arrival) => return (arrival, slot),
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
