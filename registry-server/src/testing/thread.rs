//! The thread that serves.

use std::{net::Ipv4Addr, thread::JoinHandle};

use tokio::{
    runtime::{self, Handle},
    sync::oneshot,
};

use super::service::TestService;
use crate::{Address, Listener, Server};

/// A thread with a runtime of its own. Dropped, it stops: its connections are closed, its port is
/// free, and it has ended.
pub(super) struct ServerThread {
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ServerThread {
    pub(super) fn start() -> Self {
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .unwrap_or_else(|error| panic!("no runtime can be had: {error}"));
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let run = move || {
            // The sender is dropped where it is not used: either way it is time to stop.
            let _ = runtime.block_on(stopped);
        };
        let thread = std::thread::Builder::new()
            .name("test registry".to_owned())
            .spawn(run)
            .unwrap_or_else(|error| panic!("no thread can be had: {error}"));
        Self {
            runtime: handle,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Begins to serve, and answers the address.
    pub(super) fn serve(
        self,
        service: TestService,
        #[cfg(feature = "testing-tls")] tls: Option<std::sync::Arc<rustls::ServerConfig>>,
    ) -> (Self, String) {
        #[cfg_attr(not(feature = "testing-tls"), expect(unused_mut))]
        let mut scheme = "http";
        let running = {
            let _within = self.runtime.enter();
            let listener = Listener::bind(&Address::Tcp((Ipv4Addr::LOCALHOST, 0).into()))
                .unwrap_or_else(|error| panic!("no port can be had: {error}"));
            #[cfg(feature = "testing-tls")]
            let listener = match tls {
                Some(config) => {
                    scheme = "https";
                    listener.tls(config)
                }
                None => listener,
            };
            let server = Server::new(vec![listener])
                .unwrap_or_else(|error| panic!("the port cannot be served: {error}"));
            server.serve(service)
        };
        let address = running
            .local_addr()
            .map_or_else(String::new, |at| at.to_string());
        let url = format!("{scheme}://{address}");
        self.runtime.spawn(async move {
            // Held until the runtime ends and drops this task.
            let _running = running;
            std::future::pending::<()>().await;
        });
        (self, url)
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server's thread has been reported by then.
            let _ = thread.join();
        }
    }
}
