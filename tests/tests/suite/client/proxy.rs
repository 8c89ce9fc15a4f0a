//! A line that is cut once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Passes connections on to a registry, and cuts the first that carries a certain request.
pub(super) struct Proxy {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

#[derive(Clone)]
struct Cut {
    request: &'static [u8],
    after: usize,
    done: Arc<AtomicBool>,
}

impl Proxy {
    /// Cuts the first request that begins so, after that many bytes from its beginning.
    pub(super) async fn start(registry: &str, request: &'static [u8], after: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cut = Cut {
            request,
            after,
            done: Arc::default(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, registry.to_owned(), cut));
        Self {
            address,
            _tasks: tasks,
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn accept(listener: TcpListener, registry: String, cut: Cut) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let registry = TcpStream::connect(&registry).await.unwrap();
        connections.spawn(pass(client, registry, cut.clone()));
    }
}

async fn pass(client: TcpStream, registry: TcpStream, cut: Cut) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_registry, mut to_registry) = registry.into_split();
    let answers = async { copy(&mut from_registry, &mut to_client).await.map(drop) };
    let requests = async {
        let mut buffer = vec![0; 16_384];
        let mut left = usize::MAX;
        loop {
            let read = from_client.read(&mut buffer).await?;
            // A client sends a request after the answer to the one before, so it begins a read.
            if buffer.starts_with(cut.request) && !cut.done.swap(true, Ordering::Relaxed) {
                left = cut.after;
            }
            let passed = read.min(left);
            left -= if left == usize::MAX { 0 } else { passed };
            to_registry.write_all(&buffer[..passed]).await?;
            if read == 0 || left == 0 {
                return Ok::<_, std::io::Error>(());
            }
        }
    };
    // Either direction's end is the connection's: both streams are closed with it.
    let _ = tokio::select! {
        ended = answers => ended,
        ended = requests => ended,
    };
}
