//! The client and the server of this project, with each other.

mod faults;
mod lists;
mod proxy;
mod tls;
mod transfers;

use std::sync::Arc;

use bytes::Bytes;
use registry_client::{Builder, Client, Pause, Repository};
use registry_core::{Descriptor, Digest, MediaType, Reference, RepositoryName, Tag};
use registry_server::testing::TestRegistry;
use serde_json::json;

/// A builder whose retries do not wait.
fn builder(url: &str) -> Builder {
    Client::builder(url).sleep(Arc::new(|_| -> Pause { Box::pin(std::future::ready(())) }))
}

fn client(registry: &TestRegistry) -> Client {
    builder(registry.url()).build().unwrap()
}

fn app(registry: &TestRegistry) -> Repository {
    client(registry).repository(&name("team/app"))
}

fn name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

/// Bytes that repeat only after a long while.
fn content(size: usize) -> Bytes {
    (0..size).map(|at| (at * at / 7 + at) as u8).collect()
}

/// An index without children, with or without a subject: the smallest manifest.
fn index(subject: Option<&Descriptor>, kind: &str) -> Bytes {
    let mut index = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_INDEX,
        "artifactType": kind,
        "manifests": [],
    });
    if let Some(subject) = subject {
        index["subject"] = json!(subject);
    }
    index.to_string().into()
}

/// Puts it under a tag or digest.
async fn put_index(repository: &Repository, reference: &Reference, bytes: &Bytes) -> Digest {
    let media_type = MediaType::OCI_INDEX;
    let put = repository.put_manifest(reference, &media_type, bytes.clone());
    put.await.unwrap()
}
