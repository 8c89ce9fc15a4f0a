//! Pushing blobs.

use std::sync::Arc;

use registry_core::{AllowAll, Digest, Settings, SystemClock};
use registry_server::Limits;
use registry_storage::memory::{self, MemoryBlobs, MemoryMetadata};

use crate::support::{Client, Harness, Reply, Request, bytes, escaped};

fn closing(location: &str, digest: &Digest) -> String {
    format!("{location}?digest={}", escaped(digest))
}

/// The answer names the blob, and it can be read there.
async fn stored(client: &Client, reply: Reply, digest: &Digest, content: &[u8]) {
    let reply = reply.expect(201).expect_body(b"");
    let reply = reply.expect_header("docker-content-digest", digest.as_str());
    let location = reply.header("location").to_owned();
    assert!(
        location.ends_with(&format!("/blobs/{digest}")),
        "{location}"
    );
    client.get(&location).await.expect(200).expect_body(content);
}

async fn at(client: &Client, location: &str, range: &str) {
    let reply = client.get(location).await.expect(204);
    let reply = reply.expect_header("range", range).expect_body(b"");
    reply.expect_header("location", location);
}

fn digests(content: &[u8]) -> [Digest; 2] {
    [Digest::sha256(content), Digest::sha512(content)]
}

#[tokio::test]
async fn a_session_is_its_path() {
    let harness = Harness::open().await;
    let client = harness.client();
    let post = client.post("/v2/a/b/blobs/uploads/").await.expect(202);
    let location = post.header("location");
    assert!(location.starts_with("/v2/a/b/blobs/uploads/"), "{location}");
    assert!(!location.contains('?'), "{location}");
    assert_ne!(location, client.begin("a/b").await);
    client.post("/v2/a/b/blobs/uploads").await.expect(202);
    at(&client, location, "0-0").await;
    client
        .head(location)
        .await
        .expect(204)
        .expect_header("range", "0-0");
}

#[tokio::test]
async fn in_one_request() {
    let harness = Harness::open().await;
    let client = harness.client();
    for size in [1, 512, 100_000] {
        let content = bytes("post", size);
        for digest in digests(&content) {
            let target = format!("/v2/a/blobs/uploads/?digest={}", escaped(&digest));
            let reply = client.request("POST", &target).body(&content).send().await;
            stored(&client, reply, &digest, &content).await;
            let chunked = client.request("POST", &target).chunked(&[&content]);
            stored(&client, chunked.send().await, &digest, &content).await;
        }
    }
}

#[tokio::test]
async fn in_two_requests() {
    let harness = Harness::open().await;
    let client = harness.client();
    let content = bytes("put", 512);
    for digest in digests(&content) {
        let target = closing(&client.begin("a").await, &digest);
        let reply = client.put(&target, &content).send().await;
        stored(&client, reply, &digest, &content).await;
    }
}

#[tokio::test]
async fn in_chunks_with_the_last_by_put_or_not() {
    let harness = Harness::open().await;
    let client = harness.client();
    let content = bytes("chunks", 3067);
    for digest in digests(&content) {
        for last_by_put in [true, false] {
            let location = client.begin("a").await;
            for (first, end) in [(0, 1024), (1024, 2048), (2048, 3067)] {
                let range = format!("{first}-{}", end - 1);
                let chunk = &content[first..end];
                if last_by_put && end == 3067 {
                    let put = client.put(&closing(&location, &digest), chunk);
                    let reply = put.header("content-range", &range).send().await;
                    stored(&client, reply, &digest, &content).await;
                    continue;
                }
                let patch = client
                    .patch(&location, chunk)
                    .header("content-range", &range);
                let reply = patch.send().await.expect(202);
                let reply = reply.expect_header("range", &format!("0-{}", end - 1));
                reply.expect_header("location", &location);
            }
            if !last_by_put {
                let reply = client.put(&closing(&location, &digest), b"").send().await;
                stored(&client, reply, &digest, &content).await;
            }
        }
    }
}

#[tokio::test]
async fn in_a_stream_of_unknown_length() {
    let harness = Harness::open().await;
    let client = harness.client();
    let content = bytes("stream", 200_000);
    let digest = Digest::sha256(&content);
    let location = client.begin("a").await;
    let chunks: Vec<_> = content.chunks(7000).collect();
    let patch = client.request("PATCH", &location).chunked(&chunks);
    let reply = patch.send().await.expect(202);
    reply.expect_header("range", "0-199999");
    let reply = client.put(&closing(&location, &digest), b"").send().await;
    stored(&client, reply, &digest, &content).await;
}

#[tokio::test]
async fn sha512_may_be_announced_or_not() {
    let harness = Harness::open().await;
    let client = harness.client();
    let content = bytes("sha512", 50_000);
    let digest = Digest::sha512(&content);
    for query in ["", "?digest-algorithm=sha512", "?digest-algorithm=sha256"] {
        let reply = client.post(&format!("/v2/a/blobs/uploads/{query}")).await;
        let location = reply.expect(202).header("location").to_owned();
        client
            .patch(&location, &content[..30_000])
            .send()
            .await
            .expect(202);
        let put = client.put(&closing(&location, &digest), &content[30_000..]);
        stored(&client, put.send().await, &digest, &content).await;
    }
}

#[tokio::test]
async fn an_algorithm_nobody_knows_is_400_in_every_form() {
    let harness = Harness::open().await;
    let client = harness.client();
    let md5 = format!("md5%3A{}", "a".repeat(32));
    let location = client.begin("a").await;
    for (method, target) in [
        (
            "POST",
            "/v2/a/blobs/uploads/?digest-algorithm=md5".to_owned(),
        ),
        ("POST", format!("/v2/a/blobs/uploads/?digest={md5}")),
        ("POST", "/v2/a/blobs/uploads/?digest=sha256%3Aab".to_owned()),
        (
            "POST",
            "/v2/a/blobs/uploads/?mount=sha256%3Aab&from=b".to_owned(),
        ),
        ("PUT", format!("{location}?digest={md5}")),
        ("PUT", format!("{location}?digest=sha256%3Aab")),
    ] {
        let reply = client.request(method, &target).body(b"x").send().await;
        reply.expect_error(400, "DIGEST_INVALID");
    }
    let reply = client.put(&location, b"x").send().await;
    reply.expect_error(400, "UNSUPPORTED");
    at(&client, &location, "0-0").await;
}

#[tokio::test]
async fn hazard_09_bytes_of_another_digest_are_refused_in_every_form() {
    let harness = Harness::open().await;
    let client = harness.client();
    let content = bytes("bad", 3072);
    for digest in digests(b"other") {
        let post = format!("/v2/a/blobs/uploads/?digest={}", escaped(&digest));
        let reply = client.request("POST", &post).body(&content).send().await;
        reply.expect_error(400, "DIGEST_INVALID");
        let location = client.begin("a").await;
        let reply = client
            .put(&closing(&location, &digest), &content)
            .send()
            .await;
        reply.expect_error(400, "DIGEST_INVALID");
        let sized = |location: &str| client.patch(location, &content);
        let stream = |location: &str| client.request("PATCH", location).chunked(&[&content]);
        let first: [&dyn Fn(&str) -> Request; 2] = [&sized, &stream];
        for patch in first {
            let location = client.begin("a").await;
            patch(&location).send().await.expect(202);
            let reply = client.put(&closing(&location, &digest), b"").send().await;
            let reply = reply.expect_error(400, "DIGEST_INVALID");
            assert!(reply.message().contains(digest.as_str()));
            let reply = client.get(&location).await;
            reply.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        }
        let path = format!("/v2/a/blobs/{digest}");
        client.head(&path).await.expect(404);
    }
}

#[tokio::test]
async fn hazard_01_a_chunk_out_of_order_changes_nothing() {
    let harness = Harness::open().await;
    let client = harness.client();
    let content = bytes("order", 3067);
    let digest = Digest::sha256(&content);
    let location = client.begin("a").await;
    let refused = async |method: &str, first: usize, end: usize, stands: &str| {
        let target = closing(&location, &digest);
        let request = client.request(method, &target).body(&content[first..end]);
        let request = request.header("content-range", &format!("{first}-{}", end - 1));
        let reply = request
            .send()
            .await
            .expect_error(416, "BLOB_UPLOAD_INVALID");
        let reply = reply.expect_header("range", stands);
        reply.expect_header("location", &location);
        at(&client, &location, stands).await;
    };
    let appended = async |first: usize, end: usize| {
        let patch = client.patch(&location, &content[first..end]);
        let patch = patch.header("content-range", &format!("{first}-{}", end - 1));
        patch.send().await.expect(202);
    };
    refused("PATCH", 1024, 2048, "0-0").await;
    appended(0, 1024).await;
    refused("PATCH", 2048, 3067, "0-1023").await;
    refused("PUT", 2048, 3067, "0-1023").await;
    appended(1024, 2048).await;
    refused("PATCH", 0, 1024, "0-2047").await;
    let put = client.put(&closing(&location, &digest), &content[2048..]);
    let put = put.header("content-range", "2048-3066");
    stored(&client, put.send().await, &digest, &content).await;
}

#[tokio::test]
async fn a_content_range_that_cannot_be_read_is_400() {
    let harness = Harness::open().await;
    let client = harness.client();
    let location = client.begin("a").await;
    for range in [
        "bytes 0-2",
        "0-2/3",
        "a-b",
        "2-0",
        "0-",
        "-2",
        "",
        "0-99999999999999999999",
    ] {
        let patch = client
            .patch(&location, b"abc")
            .header("content-range", range);
        let reply = patch.send().await;
        reply.expect_error(400, "BLOB_UPLOAD_INVALID");
    }
    at(&client, &location, "0-0").await;
}

#[tokio::test]
async fn a_chunk_is_as_long_as_its_range() {
    let harness = Harness::open().await;
    let client = harness.client();
    for range in ["0-1", "0-3"] {
        let location = client.begin("a").await;
        let sized = client
            .patch(&location, b"abc")
            .header("content-range", range);
        sized.send().await.expect_error(400, "SIZE_INVALID");
        at(&client, &location, "0-0").await;
        let chunked = client.request("PATCH", &location).chunked(&[b"ab", b"c"]);
        let chunked = chunked.header("content-range", range);
        chunked.send().await.expect_error(400, "SIZE_INVALID");
    }
}

#[tokio::test]
async fn hazard_02_of_two_chunks_at_one_place_one_is_refused() {
    let harness = Harness::open().await;
    let client = harness.client();
    let location = client.begin("a").await;
    let chunk = |content: &[u8]| {
        let patch = client.patch(&location, content);
        patch.header("content-range", "0-2").send()
    };
    let (one, other) = tokio::join!(chunk(b"aaa"), chunk(b"bbb"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 416]);
    let winner: &[u8] = if one.status == 202 { b"aaa" } else { b"bbb" };
    let digest = Digest::sha256(winner);
    let reply = client.put(&closing(&location, &digest), b"").send().await;
    stored(&client, reply, &digest, winner).await;
}

#[tokio::test]
async fn a_cancelled_session_is_gone() {
    let harness = Harness::open().await;
    let client = harness.client();
    for content in [&b""[..], b"abc"] {
        let location = client.begin("a").await;
        client.patch(&location, content).send().await.expect(202);
        client.delete(&location).await.expect(204).expect_body(b"");
        let closed = closing(&location, &Digest::sha256(content));
        for (method, target) in [
            ("GET", &location),
            ("PATCH", &location),
            ("DELETE", &location),
            ("PUT", &closed),
        ] {
            let reply = client.request(method, target).send().await;
            reply.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        }
    }
}

#[tokio::test]
async fn a_finished_session_remembers_its_blob() {
    let harness = Harness::open().await;
    let client = harness.client();
    let content = bytes("finished", 100);
    let digest = Digest::sha256(&content);
    let location = client.begin("a").await;
    let target = closing(&location, &digest);
    client.put(&target, &content).send().await.expect(201);
    let again = client.put(&target, &content).send().await;
    stored(&client, again, &digest, &content).await;
    let other = closing(&location, &Digest::sha256(b"x"));
    let reply = client.put(&other, b"x").send().await;
    reply.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    let reply = client.get(&location).await;
    reply.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
}

#[tokio::test]
async fn an_unknown_session_is_404() {
    let harness = Harness::open().await;
    let client = harness.client();
    let location = client.begin("a").await;
    let forged = format!("{}x", &location[..location.len() - 1]);
    for location in [forged.as_str(), "/v2/a/blobs/uploads/nonsense"] {
        for method in ["GET", "PATCH", "DELETE"] {
            let reply = client.request(method, location).send().await;
            reply.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        }
    }
}

#[tokio::test]
async fn a_client_that_is_loose_with_locations_gets_on() {
    let harness = Harness::open().await;
    let client = harness.client();
    let content = bytes("loose", 300);
    let digest = Digest::sha256(&content);
    let location = client.begin("a").await;
    client.patch(&location, b"").send().await.expect(202);
    client.patch(&location, &content).send().await.expect(202);
    client.patch(&location, b"").send().await.expect(202);
    let target = format!("{location}?_state=x&digest={}&x", escaped(&digest));
    let reply = client.put(&target, b"").send().await;
    stored(&client, reply, &digest, &content).await;
}

#[tokio::test]
async fn a_least_chunk_length_is_asked_for_and_not_enforced() {
    let settings = Settings::default();
    let harness = Harness::with(settings, |it| it.chunk_min_length(1000)).await;
    let client = harness.client();
    let post = client.post("/v2/a/blobs/uploads/").await.expect(202);
    let post = post.expect_header("oci-chunk-min-length", "1000");
    let location = post.header("location");
    client.patch(location, b"a").send().await.expect(202);
    client.patch(location, b"b").send().await.expect(202);
    let digest = Digest::sha256(b"ab");
    let reply = client.put(&closing(location, &digest), b"").send().await;
    stored(&client, reply, &digest, b"ab").await;
}

#[tokio::test]
async fn addresses_are_absolute_where_a_public_one_is_set() {
    let settings = Settings::default();
    let url = "https://registry.test/r".parse().unwrap();
    let harness = Harness::with(settings, |it| it.public_url(url)).await;
    let client = harness.client();
    let location = client.begin("a").await;
    let path = location.strip_prefix("https://registry.test/r").unwrap();
    let digest = Digest::sha256(b"abc");
    let put = client.put(&closing(path, &digest), b"abc").send().await;
    let expected = format!("https://registry.test/r/v2/a/blobs/{digest}");
    put.expect(201).expect_header("location", &expected);
}

#[tokio::test]
async fn hazard_32_a_caller_has_so_many_uploads_at_once() {
    let limits = Limits {
        uploads_per_caller: 1,
        ..Limits::default()
    };
    let harness = Harness::with(Settings::default(), |it| it.limits(limits)).await;
    let client = harness.client();
    let location = client.begin("a").await;
    let mut first = client.connect().await;
    let head = format!(
        "PATCH {location} HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\nexpect: 100-continue\r\n\r\n"
    );
    first.write(head.as_bytes()).await;
    // The server asks for the body, so the upload is under way.
    first.reply(false).await.expect(100);
    let second = client.begin("a").await;
    let reply = client.patch(&second, b"abc").send().await;
    let reply = reply.expect_error(429, "TOOMANYREQUESTS");
    reply.header("retry-after");
    first.write(b"abcdef").await;
    first.reply(false).await.expect(202);
    client.patch(&second, b"abc").send().await.expect(202);
}

#[tokio::test]
async fn a_session_goes_on_in_another_process() {
    let blobs = Arc::new(MemoryBlobs::default());
    let metadata = Arc::new(MemoryMetadata::new(Arc::new(SystemClock)));
    let process = async || {
        let builder = memory::builder().policy(AllowAll);
        let builder = builder.blobs(blobs.clone()).metadata(metadata.clone());
        Harness::serve(builder.build().await.unwrap(), |service| service)
    };
    let (one, other) = (process().await, process().await);
    let (one, other) = (one.client(), other.client());
    let content = bytes("processes", 100_000);
    let digest = Digest::sha512(&content);
    let location = one.begin("a").await;
    let target = closing(&location, &digest);
    one.patch(&location, &content[..40_000])
        .send()
        .await
        .expect(202);
    let wrong = other.put(&target, &content[50_000..]);
    let wrong = wrong.header("content-range", "50000-99999").send().await;
    wrong.expect_error(416, "BLOB_UPLOAD_INVALID");
    at(&other, &location, "0-39999").await;
    let last = other.put(&target, &content[40_000..]);
    let last = last.header("content-range", "40000-99999").send().await;
    stored(&one, last, &digest, &content).await;
}

#[tokio::test]
async fn hazard_38_a_client_that_goes_away_leaves_nothing_taken() {
    let limits = Limits {
        uploads_per_caller: 1,
        ..Limits::default()
    };
    let harness = Harness::with(Settings::default(), |it| it.limits(limits)).await;
    let client = harness.client();
    let location = client.begin("a").await;
    for _ in 0..3 {
        let mut gone = client.connect().await;
        let head = format!(
            "PATCH {location} HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n\
             expect: 100-continue\r\n\r\n"
        );
        gone.write(head.as_bytes()).await;
        gone.reply(false).await.expect(100);
        drop(gone);
        // The server learns of it in its own time.
        let mut reply = client.patch(&location, b"").send().await;
        for _ in 0..10_000 {
            if reply.status != 429 {
                break;
            }
            reply = client.patch(&location, b"").send().await;
        }
        reply.expect(202);
    }
}
