//! The client against registries that do as a script says.

mod blobs;
mod builder;
mod credentials;
mod deletes;
mod lists;
mod manifests;
mod redirects;
mod retries;
mod server;
mod tokens;
mod uploads;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use registry_client::{Builder, Client, Pause, Repository, Retries};
use registry_core::{RepositoryName, Secret};

use self::server::Server;

/// A builder whose retries do not wait and whose pauses are the longest possible.
fn builder(server: &Server) -> Builder {
    Client::builder(server.url())
        .random(Arc::new(|bytes: &mut [u8]| bytes.fill(0xff)))
        .sleep(Arc::new(|_| -> Pause { Box::pin(std::future::ready(())) }))
}

fn client(server: &Server) -> Client {
    builder(server).build().unwrap()
}

/// The repository `app` by a client without credentials.
fn app(server: &Server) -> Repository {
    client(server).repository(&name("app"))
}

/// The repository `app` by a client that gives up at once.
fn impatient(server: &Server) -> Repository {
    let client = builder(server).retries(Retries::none()).build().unwrap();
    client.repository(&name("app"))
}

fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

fn secret() -> Secret {
    Secret::new("s3cret".to_owned())
}

/// `ann:s3cret`, as it stands in a header.
const BASIC: &str = "Basic YW5uOnMzY3JldA==";

/// Pauses that were asked for.
#[derive(Clone, Default)]
struct Pauses(Arc<Mutex<Vec<Duration>>>);

impl Pauses {
    fn sleep(&self) -> Arc<dyn registry_client::Sleep> {
        let pauses = Arc::clone(&self.0);
        Arc::new(move |duration| -> Pause {
            pauses.lock().unwrap().push(duration);
            Box::pin(std::future::ready(()))
        })
    }

    fn millis(&self) -> Vec<u128> {
        let pauses = self.0.lock().unwrap();
        pauses.iter().map(Duration::as_millis).collect()
    }
}
