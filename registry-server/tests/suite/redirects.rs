//! Clients that are sent to the store.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use registry_core::{
    AllowAll, Digest, Secret,
    backend::{LinkStore, ObjectKey, StoreError, StoreErrorKind},
};
use registry_server::{Redirects, Selection};
use registry_storage::memory;

use crate::support::{Client, Harness, People, Rooms, basic, bytes};

const LARGE: usize = 40_000;

/// Links into a store, if it makes any.
struct Links(bool);

#[async_trait]
impl LinkStore for Links {
    async fn link(&self, object: &ObjectKey, life: Duration) -> Result<Option<Secret>, StoreError> {
        let url = format!("https://store/{object}?life={}", life.as_secs());
        match self.0 {
            true => Ok(Some(Secret::new(url))),
            false => Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "no credentials",
            )),
        }
    }
}

fn everybody() -> Redirects {
    Redirects {
        over: 20_000,
        life: Duration::from_secs(9),
        ..Redirects::default()
    }
}

async fn harness(links: bool, redirects: Redirects) -> Harness {
    let builder = memory::builder().policy(AllowAll);
    let registry = builder.links(Arc::new(Links(links))).build().await.unwrap();
    Harness::serve(registry, |service| service.redirects(redirects))
}

async fn push(client: &Client, length: usize) -> (Vec<u8>, Digest, String) {
    let content = bytes("blob", length);
    let digest = client.push_blob("a", &content).await;
    let path = format!("/v2/a/blobs/{digest}");
    (content, digest, path)
}

#[tokio::test]
async fn a_read_of_a_large_blob_is_sent_to_the_store() {
    let harness = harness(true, everybody()).await;
    let client = harness.client();
    let (_, digest, path) = push(&client, LARGE).await;
    for range in [None, Some("bytes=5-")] {
        let mut request = client.request("GET", &path);
        if let Some(range) = range {
            request = request.header("range", range);
        }
        let reply = request.send().await.expect(307).expect_body(b"");
        let reply = reply
            .expect_header("docker-content-digest", digest.as_str())
            .expect_header("cache-control", "no-store");
        let location = reply.header("location");
        assert!(location.starts_with("https://store/"), "{location}");
        assert!(location.ends_with("?life=9"), "{location}");
    }
}

#[tokio::test]
async fn what_a_client_has_or_asks_about_is_answered_here() {
    let harness = harness(true, everybody()).await;
    let client = harness.client();
    let (content, digest, path) = push(&client, LARGE).await;
    let reply = client.head(&path).await.expect(200);
    reply.expect_header("content-length", "40000");
    let quoted = format!("\"{digest}\"");
    let with = |name, value: &str| client.request("GET", &path).header(name, value).send();
    with("if-none-match", &quoted).await.expect(304);
    with("if-match", "\"other\"").await.expect(412);
    let reply = with("if-match", &quoted).await.expect(200);
    reply.expect_body(&content);
    let range = client.request("GET", &path).header("range", "bytes=1-2");
    let range = range.header("if-range", &quoted).send().await;
    range.expect(206).expect_body(&content[1..3]);
    let (content, _, small) = push(&client, 19_999).await;
    client.get(&small).await.expect(200).expect_body(&content);
}

#[tokio::test]
async fn who_is_not_chosen_is_answered_here() {
    let only_crane = Redirects {
        clients: Selection {
            only: vec!["crane/".to_owned()],
            except: Vec::new(),
        },
        ..everybody()
    };
    let other = harness(true, only_crane).await;
    let client = other.client();
    let (content, _, path) = push(&client, LARGE).await;
    client.get(&path).await.expect(200).expect_body(&content);
    let crane = client.with("user-agent", "crane/0.20");
    crane.get(&path).await.expect(307);

    let elsewhere = Redirects {
        networks: Selection {
            only: Vec::new(),
            except: vec!["127.0.0.0/8".parse().unwrap()],
        },
        ..everybody()
    };
    let other = harness(true, elsewhere).await;
    let (content, _, path) = push(&other.client(), LARGE).await;
    let reply = other.client().get(&path).await;
    reply.expect(200).expect_body(&content);
}

#[tokio::test]
async fn where_no_link_can_be_made_the_blob_is_sent_from_here() {
    let harness = harness(false, everybody()).await;
    let client = harness.client();
    let (content, _, path) = push(&client, LARGE).await;
    client.get(&path).await.expect(200).expect_body(&content);
}

/// The check is the one of every read, so an answer says nothing either.
#[tokio::test]
async fn nobody_is_sent_to_what_they_may_not_read() {
    let builder = memory::builder().policy(Rooms);
    let registry = builder.links(Arc::new(Links(true))).build().await.unwrap();
    let harness = Harness::serve(registry, |service| {
        service
            .authenticator(Arc::new(People))
            .redirects(everybody())
    });
    let ann = harness.client().with("authorization", &basic("ann"));
    let digest = ann.push_blob("ann/private", &bytes("blob", LARGE)).await;
    let path = format!("/v2/ann/private/blobs/{digest}");
    ann.get(&path).await.expect(307);
    harness.client().get(&path).await.expect(401);
    let bob = harness.client().with("authorization", &basic("bob"));
    bob.get(&path).await.expect_error(404, "NAME_UNKNOWN");
    let absent = format!("/v2/ann/private/blobs/{}", Digest::sha256(b"absent"));
    ann.get(&absent).await.expect_error(404, "BLOB_UNKNOWN");
}
