//! A disk without room: what a client is told, and what stays.

use std::sync::Arc;

use registry_core::{AllowAll, Digest, SystemClock};
use registry_storage::{
    memory::{self, MemoryBlobs, MemoryMetadata},
    wrap::{Fault, Faults, FaultyBlobs, FaultyMetadata, Operation, When},
};

use crate::support::{Client, Harness, Reply, bytes, escaped, image};

/// A registry whose disk may be full.
async fn registry(faults: &Arc<Faults>) -> Harness {
    let metadata = MemoryMetadata::new(Arc::new(SystemClock));
    let metadata = FaultyMetadata::new(Arc::new(metadata), Arc::clone(faults));
    let blobs = FaultyBlobs::new(Arc::new(MemoryBlobs::default()), Arc::clone(faults));
    let parts = memory::builder().policy(AllowAll);
    let parts = parts.metadata(Arc::new(metadata)).blobs(Arc::new(blobs));
    Harness::serve(parts.build().await.unwrap(), |service| service)
}

async fn push(client: &Client, content: &[u8]) -> Reply {
    let digest = escaped(&Digest::sha256(content));
    let target = format!("/v2/team/app/blobs/uploads/?digest={digest}");
    client.request("POST", &target).body(content).send().await
}

#[tokio::test]
async fn hazard_06_a_push_to_a_full_disk_is_507_and_harms_nothing() {
    let faults = Arc::new(Faults::default());
    let harness = registry(&faults).await;
    let client = harness.client();
    let (first, second) = (image("first"), image("second"));
    first.push(&client, "team/app", "v1").await;
    let large = bytes("large", 1 << 20);
    for operation in [
        Operation::Begin,
        Operation::Append,
        Operation::Commit,
        Operation::PutBlob,
    ] {
        faults.add(operation, When::Every(1), Fault::Full);
        let reply = push(&client, &large).await;
        let said = reply.expect_error(507, "UNAVAILABLE").message();
        assert!(!said.contains("memory"), "{said}");
        faults.clear();
    }
    faults.add(Operation::PutManifest, When::Every(1), Fault::Full);
    let put = client.put("/v2/team/app/manifests/v1", &second.bytes());
    let put = put.header("content-type", crate::support::OCI_MANIFEST);
    // What it refers to is not looked at where nothing can be written.
    put.send().await.expect_error(507, "UNAVAILABLE");
    let there = client.get("/v2/team/app/manifests/v1").await.expect(200);
    there.expect_body(&first.bytes());
    faults.clear();
    push(&client, &large).await.expect(201);
    second.push(&client, "team/app", "v1").await;
}
