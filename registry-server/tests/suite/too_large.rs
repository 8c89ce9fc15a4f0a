//! A store whose objects cannot have as many bytes as somebody pushes.

use std::sync::Arc;

use registry_core::{AllowAll, Digest};
use registry_storage::{
    SystemRandom, memory,
    object::{ObjectBlobs, ObjectSettings, object_store::memory::InMemory},
};

use crate::support::{Harness, bytes, escaped};

const MIB: usize = 1 << 20;

/// A registry whose objects have two parts of a mebibyte at most.
async fn registry() -> Harness {
    let settings = ObjectSettings {
        part_size: MIB as u64,
        most_parts: 2,
        ..ObjectSettings::default()
    };
    let blobs = ObjectBlobs::plain(Arc::new(InMemory::new()), settings, Arc::new(SystemRandom));
    let parts = memory::builder().policy(AllowAll);
    let parts = parts.blobs(Arc::new(blobs.unwrap()));
    Harness::serve(parts.build().await.unwrap(), |service| service)
}

#[tokio::test]
async fn a_blob_that_is_too_large_is_413_and_says_how_large_one_can_be() {
    let harness = registry().await;
    let client = harness.client();
    let content = bytes("large", 2 * MIB + 1);
    let digest = escaped(&Digest::sha256(&content));
    let post = format!("/v2/team/app/blobs/uploads/?digest={digest}");
    let whole = client.request("POST", &post);
    // Its length is told, or nobody knows it before it is there.
    let halves: Vec<_> = content.chunks(MIB).collect();
    for request in [
        whole.body(&content),
        client.request("POST", &post).chunked(&halves),
    ] {
        let reply = request.send().await.expect_error(413, "SIZE_INVALID");
        assert!(
            reply.message().contains("2097152 bytes"),
            "{}",
            reply.message()
        );
    }
    client.push_blob("team/app", &content[1..]).await;
}

/// What was there before goes on.
#[tokio::test]
async fn a_chunk_too_much_is_413_and_a_shorter_one_is_taken() {
    let harness = registry().await;
    let client = harness.client();
    let content = bytes("chunks", 2 * MIB);
    let location = client.begin("team/app").await;
    let (first, rest) = content.split_at(MIB / 2);
    client.patch(&location, first).send().await.expect(202);
    let too_much = client.patch(&location, &content).send().await;
    too_much.expect_error(413, "SIZE_INVALID");
    client.patch(&location, rest).send().await.expect(202);
    let digest = escaped(&Digest::sha256(&content));
    let close = client.put(&format!("{location}?digest={digest}"), b"");
    close.send().await.expect(201);
}
