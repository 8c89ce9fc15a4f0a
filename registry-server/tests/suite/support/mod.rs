//! A server and a client that keeps nothing to itself.

mod client;
mod echo;
mod exposition;
mod image;
mod people;
mod reply;

pub(crate) use client::{Client, Connection, Request};
pub(crate) use echo::Echo;
pub(crate) use exposition::Figures;
pub(crate) use image::{Image, OCI_INDEX, OCI_MANIFEST, image};
pub(crate) use people::{People, Rooms, basic};
pub(crate) use reply::Reply;

use std::{net::SocketAddr, sync::Arc};

use registry_core::{AllowAll, Digest, Registry, Settings};
use registry_server::{
    Address, ListenSettings, RegistryService, RegistryServiceBuilder, Running, Server,
};
use registry_storage::memory;

/// A registry that listens on loopback.
pub(crate) struct Harness {
    pub(crate) registry: Registry,
    running: Running,
}

impl Harness {
    /// Everybody may do everything.
    pub(crate) async fn open() -> Self {
        Self::with(Settings::default(), |service| service).await
    }

    pub(crate) async fn with(
        settings: Settings,
        service: impl FnOnce(RegistryServiceBuilder) -> RegistryServiceBuilder,
    ) -> Self {
        let builder = memory::builder().policy(AllowAll).settings(settings);
        Self::serve(builder.build().await.unwrap(), service)
    }

    /// [`People`] with the rights of [`Rooms`].
    pub(crate) async fn guarded() -> Self {
        let registry = memory::builder().policy(Rooms).build().await.unwrap();
        Self::serve(registry, |service| service.authenticator(Arc::new(People)))
    }

    pub(crate) fn serve(
        registry: Registry,
        service: impl FnOnce(RegistryServiceBuilder) -> RegistryServiceBuilder,
    ) -> Self {
        let service = service(RegistryService::builder(registry.clone())).build();
        let settings = ListenSettings::default();
        let running = listen(settings).serve(service);
        Self { registry, running }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.local_addr().unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address())
    }

    pub(crate) fn running(self) -> Running {
        self.running
    }
}

/// The protocol over an empty registry.
pub(crate) fn service() -> RegistryService {
    RegistryService::builder(memory::registry()).build()
}

/// A free port of loopback.
pub(crate) fn listen(settings: ListenSettings) -> Server {
    let address = Address::Tcp(([127, 0, 0, 1], 0).into());
    Server::bind(&address).unwrap().settings(settings)
}

/// Bytes that are the same in every run, and differ by name.
pub(crate) fn bytes(name: &str, length: usize) -> Vec<u8> {
    let seed = Digest::sha256(name.as_bytes());
    seed.as_str().bytes().cycle().take(length).collect()
}

/// A digest as it stands in a query.
pub(crate) fn escaped(digest: &Digest) -> String {
    digest.as_str().replace(':', "%3A")
}
