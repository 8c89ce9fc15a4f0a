//! What is logged of a request.

use std::sync::{Arc, Mutex};

use registry_core::Settings;
use registry_server::{AccessEntry, AccessLog, RegistryServiceBuilder};
use registry_storage::memory;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::{Harness, People, Rooms, basic, bytes};

/// Keeps what it is told.
struct Told(Mutex<UnboundedSender<AccessEntry>>);

impl AccessLog for Told {
    fn record(&self, entry: &AccessEntry) {
        let _ = self.0.lock().unwrap().send(entry.clone());
    }
}

type Entries = UnboundedReceiver<AccessEntry>;

fn logged(service: RegistryServiceBuilder) -> (RegistryServiceBuilder, Entries) {
    let (send, entries) = unbounded_channel();
    let log = Arc::new(Told(Mutex::new(send)));
    (service.access_log(log), entries)
}

async fn open() -> (Harness, Entries) {
    let mut entries = None;
    let harness = Harness::with(Settings::default(), |service| {
        let (service, told) = logged(service);
        entries = Some(told);
        service
    });
    (harness.await, entries.unwrap())
}

#[tokio::test]
async fn an_entry_has_what_the_answer_has() {
    let (harness, mut entries) = open().await;
    let client = harness.client().with("user-agent", "docker/29");
    let digest = client.push_blob("team/app", b"hello").await;
    for route in ["uploads", "upload"] {
        let entry = entries.recv().await.unwrap();
        assert_eq!((entry.route, entry.reference), (route, None));
        assert_eq!(entry.repository.unwrap().as_str(), "team/app");
    }
    let reply = client.get(&format!("/v2/team/app/blobs/{digest}")).await;
    let entry = entries.recv().await.unwrap();
    assert_eq!(entry.request_id, reply.header("x-request-id"));
    assert_eq!(entry.client.unwrap().to_string(), "127.0.0.1");
    assert_eq!((entry.method.as_str(), entry.route), ("GET", "blob"));
    assert_eq!(entry.repository.unwrap().as_str(), "team/app");
    assert_eq!(entry.reference.unwrap(), digest.as_str());
    assert_eq!(entry.status.unwrap(), 200);
    assert_eq!((entry.received, entry.sent), (0, 5));
    assert!(entry.complete && entry.ended_after >= entry.answered_after);
    assert_eq!(entry.user_agent.unwrap(), "docker/29");
}

#[tokio::test]
async fn a_refused_request_is_logged_as_well() {
    let (harness, mut entries) = open().await;
    let client = harness.client();
    client.get("/nowhere").await.expect(404);
    let entry = entries.recv().await.unwrap();
    assert_eq!(
        (entry.route, entry.status.unwrap().as_u16()),
        ("other", 404)
    );
    assert_eq!((entry.repository, entry.caller), (None, None));
}

#[tokio::test]
async fn hazard_31_no_secret_is_in_an_entry() {
    let (mut told, mut line) = (None, String::new());
    let registry = memory::builder().policy(Rooms).build().await.unwrap();
    let harness = Harness::serve(registry, |service| {
        let (service, entries) = logged(service.authenticator(Arc::new(People)));
        told = Some(entries);
        service
    });
    let mut entries = told.unwrap();
    let client = harness.client().with("authorization", &basic("ann"));
    let reply = client.get("/v2/ann/app/tags/list?token=hunter2").await;
    let entry = entries.recv().await.unwrap();
    assert_eq!(entry.caller.as_deref(), Some("ann"));
    line.push_str(&format!("{entry:?} {reply:?}"));
    let location = client.begin("ann/app").await;
    let entry = entries.recv().await.unwrap();
    line.push_str(&format!("{entry:?}"));
    client.get(&location).await.expect(204);
    line.push_str(&format!("{:?}", entries.recv().await.unwrap()));
    let session = location.rsplit('/').next().unwrap();
    for secret in ["hunter2", basic("ann").as_str(), session] {
        assert!(!line.contains(secret), "{secret} in {line}");
    }
}

#[tokio::test]
async fn hazard_38_an_answer_that_the_client_does_not_read_is_logged_as_incomplete() {
    let (harness, mut entries) = open().await;
    let client = harness.client();
    let content = bytes("large", 32 << 20);
    let digest = client.push_blob("team/app", &content).await;
    let mut connection = client.connect().await;
    let request = format!("GET /v2/team/app/blobs/{digest} HTTP/1.1\r\nhost: x\r\n\r\n");
    connection.write(request.as_bytes()).await;
    connection.head().await.expect(200);
    drop(connection);
    let entry = loop {
        let entry = entries.recv().await.unwrap();
        if entry.route == "blob" {
            break entry;
        }
    };
    assert!(!entry.complete && entry.sent < content.len() as u64);
    assert_eq!(entry.status.unwrap(), 200);
}
