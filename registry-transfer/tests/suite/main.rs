//! Images moved between places of every kind.

mod archives;
mod distribution;
mod failures;
mod layouts;
mod linking;
mod listing;
mod registries;
mod resuming;
mod stock;

use std::sync::Mutex;

use registry_client::{Client, Retries};
use registry_core::{Caller, Registry, RepositoryName};
use registry_server::testing::TestRegistry;
use registry_storage::memory;
use registry_transfer::{Event, LocalRegistry, RemoteRegistry, Source, Summary, Target, Transfer};

fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

fn local(registry: &Registry) -> LocalRegistry {
    LocalRegistry::new(registry.clone(), Caller::anonymous())
}

fn empty() -> Registry {
    memory::registry()
}

fn remote(server: &TestRegistry) -> RemoteRegistry {
    let client = Client::builder(server.url()).retries(Retries::none());
    RemoteRegistry::new(client.build().unwrap())
}

/// Moves everything, and answers what was told.
async fn move_all(
    source: impl Source + 'static,
    target: impl Target + 'static,
) -> (Summary, Vec<Event>) {
    told(&Transfer::new(source, target)).await
}

async fn told(transfer: &Transfer) -> (Summary, Vec<Event>) {
    let events = Mutex::new(Vec::new());
    let tell = |event| events.lock().unwrap().push(event);
    let summary = transfer.run(&tell).await.unwrap();
    (summary, events.into_inner().unwrap())
}

/// The same where nothing may fail.
async fn moved(source: impl Source + 'static, target: impl Target + 'static) -> Summary {
    let (summary, events) = move_all(source, target).await;
    assert_eq!(summary.failed, 0, "{events:?}");
    summary
}
