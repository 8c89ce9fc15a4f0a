//! Mounting blobs from other repositories.

use registry_core::Digest;

use crate::support::{Client, Harness, basic, bytes, escaped};

fn mount(to: &str, digest: &Digest, from: Option<&str>) -> String {
    let from = from.map(|from| format!("&from={}", from.replace('/', "%2F")));
    let from = from.unwrap_or_default();
    format!("/v2/{to}/blobs/uploads/?mount={}{from}", escaped(digest))
}

/// The mount is not done, but a session has begun that takes the blob.
async fn falls_back(client: &Client, target: &str, content: &[u8]) {
    let reply = client.post(target).await.expect(202);
    let digest = Digest::sha256(content);
    let target = format!("{}?digest={}", reply.header("location"), escaped(&digest));
    client.put(&target, content).send().await.expect(201);
}

#[tokio::test]
async fn a_blob_is_mounted_by_name_or_anonymously() {
    let harness = Harness::open().await;
    let client = harness.client();
    let content = bytes("mount", 512);
    for (index, digest) in [Digest::sha256(&content), Digest::sha512(&content)]
        .into_iter()
        .enumerate()
    {
        let target = format!("/v2/from/x/blobs/uploads/?digest={}", escaped(&digest));
        let post = client.request("POST", &target).body(&content);
        post.send().await.expect(201);
        for (to, from) in [("named", Some("from/x")), ("anonymous", None)] {
            let to = format!("{to}{index}");
            let reply = client.post(&mount(&to, &digest, from)).await.expect(201);
            let reply = reply.expect_header("docker-content-digest", digest.as_str());
            let location = reply.header("location");
            assert_eq!(location, format!("/v2/{to}/blobs/{digest}"));
            client.get(location).await.expect(200).expect_body(&content);
        }
    }
}

#[tokio::test]
async fn a_mount_of_what_is_there_already_is_201() {
    let harness = Harness::open().await;
    let client = harness.client();
    let digest = client.push_blob("a", b"content").await;
    client
        .post(&mount("a", &digest, Some("a")))
        .await
        .expect(201);
}

#[tokio::test]
async fn what_cannot_be_mounted_can_be_pushed() {
    let harness = Harness::open().await;
    let client = harness.client();
    client.push_blob("b", b"other").await;
    let digest = Digest::sha256(b"nowhere");
    for from in [Some("b"), Some("absent"), None, Some("")] {
        falls_back(&client, &mount("a", &digest, from), b"nowhere").await;
        let path = format!("/v2/a/blobs/{digest}");
        client.delete(&path).await.expect(202);
    }
}

#[tokio::test]
async fn hazard_16_nothing_is_mounted_from_where_the_caller_may_not_read() {
    let harness = Harness::guarded().await;
    let sign_in = |name| harness.client().with("authorization", &basic(name));
    let (ann, bob) = (sign_in("ann"), sign_in("bob"));
    let digest = ann.push_blob("ann/private", b"secret").await;
    for from in [Some("ann/private"), None] {
        let reply = bob.post(&mount("bob/b", &digest, from)).await;
        reply.expect(202).expect_no("docker-content-digest");
        bob.head(&format!("/v2/bob/b/blobs/{digest}"))
            .await
            .expect(404);
    }
    let operator = sign_in("operator");
    let target = mount("bob/b", &digest, Some("ann/private"));
    operator.post(&target).await.expect(201);
    let target = mount("ann/other", &digest, None);
    ann.post(&target).await.expect(201);
}

#[tokio::test]
async fn a_source_that_is_no_name_is_400() {
    let harness = Harness::open().await;
    let client = harness.client();
    let digest = Digest::sha256(b"");
    for from in ["A", "../b", "%zz"] {
        let target = format!(
            "/v2/a/blobs/uploads/?mount={}&from={from}",
            escaped(&digest)
        );
        let reply = client.post(&target).await.expect(400);
        assert!(!reply.message().is_empty());
    }
}
