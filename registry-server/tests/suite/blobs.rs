//! Reading and deleting blobs.

use registry_core::Digest;

use crate::support::{Client, Harness, Reply, bytes, escaped, image};

/// A registry with one blob of 2048 bytes in `a`, too large or small enough to be kept inline.
struct Fixture {
    harness: Harness,
    client: Client,
    content: Vec<u8>,
    digest: Digest,
    path: String,
}

async fn fixture() -> Fixture {
    let harness = Harness::open().await;
    let client = harness.client();
    let content = bytes("blob", 2048);
    let digest = client.push_blob("a", &content).await;
    let path = format!("/v2/a/blobs/{digest}");
    Fixture {
        harness,
        client,
        content,
        digest,
        path,
    }
}

impl Fixture {
    async fn range(&self, range: &str) -> Reply {
        let request = self.client.request("GET", &self.path);
        request.header("range", range).send().await
    }
}

#[tokio::test]
async fn a_blob_comes_whole_with_what_caches_and_browsers_need() {
    let it = fixture().await;
    let quoted = format!("\"{}\"", it.digest);
    for reply in [
        it.client.get(&it.path).await,
        it.client.head(&it.path).await,
    ] {
        reply
            .expect(200)
            .expect_header("content-length", "2048")
            .expect_header("content-type", "application/octet-stream")
            .expect_header("docker-content-digest", it.digest.as_str())
            .expect_header("etag", &quoted)
            .expect_header("accept-ranges", "bytes")
            .expect_header("cache-control", "max-age=31536000, immutable")
            .expect_header("content-security-policy", "default-src 'none'; sandbox");
    }
    it.client.get(&it.path).await.expect_body(&it.content);
    it.client.head(&it.path).await.expect_body(b"");
}

#[tokio::test]
async fn a_blob_of_nothing_is_a_blob() {
    let harness = Harness::open().await;
    let client = harness.client();
    let digest = Digest::sha256(b"");
    let target = format!("{}?digest={}", client.begin("a").await, escaped(&digest));
    client
        .put(&target, b"")
        .chunked(&[])
        .send()
        .await
        .expect(201);
    let path = format!("/v2/a/blobs/{digest}");
    let reply = client.get(&path).await.expect(200);
    reply.expect_header("content-length", "0").expect_body(b"");
    let reply = client.head(&path).await.expect(200);
    reply.expect_header("content-length", "0");
    let request = client.request("GET", &path).header("range", "bytes=0-");
    let reply = request.send().await.expect_error(416, "SIZE_INVALID");
    reply.expect_header("content-range", "bytes */0");
}

#[tokio::test]
async fn a_large_blob_comes_whole() {
    let harness = Harness::open().await;
    let client = harness.client();
    let content = bytes("large", 3 << 20);
    let digest = client.push_blob("a", &content).await;
    let path = format!("/v2/a/blobs/{digest}");
    client.get(&path).await.expect(200).expect_body(&content);
    let request = client
        .request("GET", &path)
        .header("range", "bytes=1000000-2000000");
    let reply = request.send().await.expect(206);
    reply.expect_body(&content[1_000_000..=2_000_000]);
}

#[tokio::test]
async fn one_range_is_one_part() {
    let it = fixture().await;
    for (range, first, last) in [
        ("bytes=500-1499", 500, 1499),
        ("bytes=500-", 500, 2047),
        ("bytes=-500", 1548, 2047),
        ("bytes=2000-5000", 2000, 2047),
        ("bytes=0-0", 0, 0),
        ("bytes=0-9,5000-", 0, 9),
    ] {
        let place = format!("bytes {first}-{last}/2048");
        let reply = it.range(range).await.expect(206);
        let reply = reply.expect_header("content-range", &place);
        let reply = reply.expect_header("docker-content-digest", it.digest.as_str());
        reply.expect_body(&it.content[first..=last]);
    }
}

#[tokio::test]
async fn a_range_of_nothing_there_is_is_416() {
    let it = fixture().await;
    for range in ["bytes=5000-10000", "bytes=2048-", "bytes=500-0", "bytes=-0"] {
        let reply = it.range(range).await.expect_error(416, "SIZE_INVALID");
        reply.expect_header("content-range", "bytes */2048");
    }
}

#[tokio::test]
async fn what_is_no_range_is_ignored() {
    let it = fixture().await;
    for range in ["bytes=x", "bytes=", "items=0-1", "bytes=0-9,5-12"] {
        it.range(range).await.expect(200).expect_body(&it.content);
    }
    let head = it
        .client
        .request("HEAD", &it.path)
        .header("range", "bytes=0-9");
    head.send()
        .await
        .expect(200)
        .expect_header("content-length", "2048");
}

#[tokio::test]
async fn several_ranges_are_parts_of_one_answer() {
    let it = fixture().await;
    let reply = it.range("bytes=0-4, -3, 100-100").await.expect(206);
    let content_type = reply.header("content-type").to_owned();
    let boundary = content_type.strip_prefix("multipart/byteranges; boundary=");
    let boundary = boundary.unwrap().trim_matches('"');
    let mut expected = Vec::new();
    for (index, range) in [0..5, 2045..2048, 100..101].into_iter().enumerate() {
        let line = if index == 0 { "" } else { "\r\n" };
        let (first, last) = (range.start, range.end - 1);
        expected.extend(
            format!(
                "{line}--{boundary}\r\nContent-Type: application/octet-stream\r\n\
                 Content-Range: bytes {first}-{last}/2048\r\n\r\n"
            )
            .bytes(),
        );
        expected.extend(&it.content[range]);
    }
    expected.extend(format!("\r\n--{boundary}--\r\n").bytes());
    reply.expect_no("content-range").expect_body(&expected);
}

#[tokio::test]
async fn hazard_32_more_than_16_ranges_are_the_whole() {
    let it = fixture().await;
    let set = |count| {
        let specs: Vec<_> = (0..count).map(|i| format!("{0}-{0}", 2 * i)).collect();
        format!("bytes={}", specs.join(","))
    };
    it.range(&set(16)).await.expect(206);
    it.range(&set(17))
        .await
        .expect(200)
        .expect_body(&it.content);
}

#[tokio::test]
async fn conditions_spare_a_transfer() {
    let it = fixture().await;
    let (etag, weak) = (format!("\"{}\"", it.digest), format!("W/\"{}\"", it.digest));
    for method in ["GET", "HEAD"] {
        let send = async |name: &str, value: &str| {
            let request = it.client.request(method, &it.path);
            request.header(name, value).send().await
        };
        for value in [&etag, &weak, "*", &format!("\"x\", {etag}")] {
            let reply = send("if-none-match", value).await.expect(304);
            reply.expect_header("etag", &etag).expect_body(b"");
        }
        send("if-none-match", "\"x\"").await.expect(200);
        send("if-match", &etag).await.expect(200);
        send("if-match", "*").await.expect(200);
        for value in ["\"x\"", &weak] {
            assert_eq!(send("if-match", value).await.status, 412, "{value}");
        }
    }
    let failed = it
        .client
        .request("GET", &it.path)
        .header("if-match", "\"x\"");
    failed.send().await.expect_error(412, "DENIED");
}

#[tokio::test]
async fn if_range_sends_the_whole_of_other_content() {
    let it = fixture().await;
    let send = async |value: &str| {
        let request = it
            .client
            .request("GET", &it.path)
            .header("range", "bytes=0-9");
        request.header("if-range", value).send().await
    };
    send(&format!("\"{}\"", it.digest)).await.expect(206);
    send(&format!("W/\"{}\"", it.digest)).await.expect(200);
    send("\"x\"").await.expect(200);
    send("Wed, 21 Oct 2015 07:28:00 GMT").await.expect(200);
}

#[tokio::test]
async fn an_absent_blob_is_404() {
    let it = fixture().await;
    let absent = Digest::sha256(b"absent");
    let path = format!("/v2/a/blobs/{absent}");
    it.client.get(&path).await.expect_error(404, "BLOB_UNKNOWN");
    it.client.head(&path).await.expect(404);
    it.client
        .delete(&path)
        .await
        .expect_error(404, "BLOB_UNKNOWN");
    let unsupported = format!("/v2/a/blobs/md5:{}", "a".repeat(32));
    it.client.get(&unsupported).await.expect(404);
    let elsewhere = format!("/v2/nowhere/blobs/{}", it.digest);
    let reply = it.client.get(&elsewhere).await;
    reply.expect_error(404, "NAME_UNKNOWN");
}

#[tokio::test]
async fn hazard_15_a_blob_is_found_only_through_its_own_repository() {
    let it = fixture().await;
    it.client.push_blob("b", b"other").await;
    let path = format!("/v2/b/blobs/{}", it.digest);
    for method in ["GET", "HEAD", "DELETE"] {
        it.client.request(method, &path).send().await.expect(404);
    }
    let request = it.client.request("GET", &path).header("range", "bytes=0-9");
    request.send().await.expect(404);
    it.client.delete(&it.path).await.expect(202);
    it.client.get(&it.path).await.expect(404);
}

#[tokio::test]
async fn hazard_20_deleting_in_one_repository_leaves_the_others() {
    let it = fixture().await;
    let mount = format!("/v2/b/blobs/uploads/?from=a&mount={}", escaped(&it.digest));
    it.client.post(&mount).await.expect(201);
    it.client.delete(&it.path).await.expect(202);
    it.client.head(&it.path).await.expect(404);
    let mounted = format!("/v2/b/blobs/{}", it.digest);
    it.client
        .get(&mounted)
        .await
        .expect(200)
        .expect_body(&it.content);
    it.client.push_blob("a", &it.content).await;
    it.client
        .get(&it.path)
        .await
        .expect(200)
        .expect_body(&it.content);
    drop(it.harness);
}

#[tokio::test]
async fn a_blob_that_a_manifest_requires_stays() {
    let harness = Harness::open().await;
    let client = harness.client();
    let image = image("a");
    let manifest = image.push(&client, "a", "v1").await;
    let path = format!("/v2/a/blobs/{}", Digest::sha256(&image.blobs[1]));
    let reply = client.delete(&path).await.expect_error(405, "DENIED");
    let reply = reply.expect_header("allow", "GET, HEAD");
    assert!(reply.message().contains(manifest.as_str()));
    client
        .delete(&format!("/v2/a/manifests/{manifest}"))
        .await
        .expect(202);
    client.delete(&path).await.expect(202);
}

#[tokio::test]
async fn a_delete_keeps_to_its_condition() {
    let it = fixture().await;
    let delete = |value: &str| {
        it.client
            .request("DELETE", &it.path)
            .header("if-match", value)
    };
    delete("\"x\"").send().await.expect_error(412, "DENIED");
    delete(&format!("\"{}\"", it.digest))
        .send()
        .await
        .expect(202);
}
