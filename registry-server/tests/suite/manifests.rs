//! Reading, pushing and deleting manifests.

use base64::{Engine, engine::general_purpose::STANDARD};
use registry_core::{Digest, ManifestLimits, References, Settings};
use serde_json::{Value, json};

use crate::support::{Client, Harness, Image, OCI_INDEX, OCI_MANIFEST, Reply, image};

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// References are not looked at, so that manifests need no blobs.
async fn sparse() -> Harness {
    let settings = Settings {
        references: References::Sparse,
        ..Settings::default()
    };
    Harness::with(settings, |service| service).await
}

async fn put(client: &Client, reference: &str, image: &Image) -> Reply {
    let target = format!("/v2/a/manifests/{reference}");
    let request = client.put(&target, &image.bytes());
    let media_type = image.manifest["mediaType"].as_str().unwrap_or(OCI_MANIFEST);
    request.header("content-type", media_type).send().await
}

/// It can be read by this reference, exactly as it was pushed.
async fn reads_back(client: &Client, reference: &str, image: &Image, digest: &Digest) {
    let path = format!("/v2/a/manifests/{reference}");
    let bytes = image.bytes();
    let caching = match reference.contains(':') {
        true => "max-age=31536000, immutable",
        false => "no-cache",
    };
    for (reply, body) in [
        (client.get(&path).await, bytes.as_slice()),
        (client.head(&path).await, b""),
    ] {
        reply
            .expect(200)
            .expect_header(
                "content-type",
                image.manifest["mediaType"].as_str().unwrap(),
            )
            .expect_header("content-length", &bytes.len().to_string())
            .expect_header("docker-content-digest", digest.as_str())
            .expect_header("etag", &format!("\"{digest}\""))
            .expect_header("cache-control", caching)
            .expect_header("content-security-policy", "default-src 'none'; sandbox")
            .expect_no("warning")
            .expect_body(body);
    }
}

fn typed(name: &str, media_type: &str) -> Image {
    image(name).with("mediaType", json!(media_type))
}

/// A descriptor that holds its content.
fn with_data(image: &Image) -> Value {
    let mut descriptor = image.descriptor();
    descriptor["data"] = json!(STANDARD.encode(image.bytes()));
    descriptor
}

/// An index of these.
fn index(media_type: &str, children: &[&Image]) -> Image {
    let manifests: Vec<_> = children.iter().map(|child| child.descriptor()).collect();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": manifests,
    });
    Image {
        manifest,
        blobs: Vec::new(),
    }
}

#[tokio::test]
async fn every_kind_is_served_as_it_was_pushed() {
    let harness = sparse().await;
    let client = harness.client();
    let child = image("child");
    let kinds = [
        image("image"),
        typed("docker", DOCKER_MANIFEST),
        index(OCI_INDEX, &[&child, &child]),
        index(OCI_INDEX, &[]),
        index(DOCKER_LIST, &[&child]),
        image("custom").with("org.example.custom", json!("x")),
        image("no layers").with("layers", json!([])),
        image("artifact").with("artifactType", json!("application/x")),
        index(OCI_INDEX, &[&index(OCI_INDEX, &[&child])]),
        index(OCI_INDEX, &[&child]).with("artifactType", json!("application/x")),
        image("data").with("config", json!(with_data(&child))),
    ];
    for (number, kind) in kinds.iter().enumerate() {
        for digest in [Digest::sha256(&kind.bytes()), Digest::sha512(&kind.bytes())] {
            let reply = put(&client, digest.as_str(), kind).await.expect(201);
            let reply = reply.expect_header("docker-content-digest", digest.as_str());
            let location = reply.header("location").to_owned();
            client
                .get(&location)
                .await
                .expect(200)
                .expect_body(&kind.bytes());
            reads_back(&client, digest.as_str(), kind, &digest).await;
        }
        let tag = format!("v{number}");
        put(&client, &tag, kind)
            .await
            .expect(201)
            .expect_no("oci-tag");
        reads_back(&client, &tag, kind, &kind.digest()).await;
    }
}

#[tokio::test]
async fn a_body_in_chunks_is_as_good() {
    let harness = sparse().await;
    let image = image("chunked");
    let bytes = image.bytes();
    let request = harness.client().request("PUT", "/v2/a/manifests/v1");
    let request = request.header("content-type", OCI_MANIFEST);
    let request = request.chunked(&[&bytes[..10], &bytes[10..11], &bytes[11..]]);
    request.send().await.expect(201);
    reads_back(&harness.client(), "v1", &image, &image.digest()).await;
}

#[tokio::test]
async fn a_large_one_is_taken_and_a_larger_one_is_413() {
    let harness = sparse().await;
    let client = harness.client();
    let padded = |size: usize| image("large").with("padding", json!("A".repeat(size)));
    let large = padded(4_000_000);
    put(&client, "v1", &large).await.expect(201);
    reads_back(&client, "v1", &large, &large.digest()).await;
    let annotations = json!({ "large": "A".repeat(3_900_000) });
    let annotated = image("annotated").with("annotations", annotations);
    put(&client, "v2", &annotated).await.expect(201);
    let larger = padded((4 << 20) + 1);
    let reply = put(&client, "v3", &larger).await;
    reply.expect_error(413, "SIZE_INVALID");
    let chunked = client.request("PUT", "/v2/a/manifests/v3");
    let chunked = chunked.chunked(&[&larger.bytes()]).send().await;
    chunked.expect_error(413, "SIZE_INVALID");
    client.get("/v2/a/manifests/v3").await.expect(404);
}

#[tokio::test]
async fn hazard_32_limits_of_a_manifest_are_settings() {
    let manifest = ManifestLimits {
        max_bytes: 100,
        ..ManifestLimits::default()
    };
    let settings = Settings {
        manifest,
        ..Settings::default()
    };
    let harness = Harness::with(settings, |service| service).await;
    let reply = put(&harness.client(), "v1", &image("a")).await;
    let message = reply.expect_error(413, "SIZE_INVALID").message();
    assert!(message.contains("100"), "{message}");
}

#[tokio::test]
async fn bytes_of_another_digest_are_refused() {
    let harness = sparse().await;
    let client = harness.client();
    let image = image("a");
    let altered = [image.bytes(), b"  ".to_vec()].concat();
    for digest in [
        Digest::sha256(&image.bytes()),
        Digest::sha512(&image.bytes()),
    ] {
        let target = format!("/v2/a/manifests/{digest}");
        let request = client.put(&target, &altered);
        let reply = request.header("content-type", OCI_MANIFEST).send().await;
        reply.expect_error(400, "DIGEST_INVALID");
        client.head(&target).await.expect(404);
    }
}

#[tokio::test]
async fn what_is_no_manifest_is_refused() {
    let harness = sparse().await;
    let client = harness.client();
    let good = image("a").bytes();
    for (content_type, body) in [
        (OCI_MANIFEST, &b"{"[..]),
        (OCI_MANIFEST, b"[]"),
        (OCI_MANIFEST, b""),
        (OCI_MANIFEST, b"{}"),
        (OCI_MANIFEST, b"\xff"),
        (OCI_INDEX, &good),
        ("no type", &good),
        (
            "application/vnd.docker.distribution.manifest.v1+json",
            b"{\"schemaVersion\":1}",
        ),
    ] {
        let request = client.put("/v2/a/manifests/v1", body);
        let reply = request.header("content-type", content_type).send().await;
        reply.expect_error(400, "MANIFEST_INVALID");
    }
    client.get("/v2/a/manifests/v1").await.expect(404);
}

#[tokio::test]
async fn the_type_may_come_with_parameters_or_not_at_all() {
    let harness = sparse().await;
    let client = harness.client();
    let image = image("a");
    let target = "/v2/a/manifests/v1";
    let request = client.put(target, &image.bytes());
    let parameters = format!("{OCI_MANIFEST}; charset=utf-8");
    request
        .header("content-type", &parameters)
        .send()
        .await
        .expect(201);
    reads_back(&client, "v1", &image, &image.digest()).await;
    client
        .put("/v2/a/manifests/v2", &image.bytes())
        .send()
        .await
        .expect(201);
    reads_back(&client, "v2", &image, &image.digest()).await;
    let mut bare = self::image("bare");
    let stated = bare.manifest.as_object_mut().unwrap().remove("mediaType");
    assert!(stated.is_some());
    put(&client, "v3", &bare).await.expect(201);
    let reply = client.get("/v2/a/manifests/v3").await.expect(200);
    let reply = reply.expect_header("content-type", OCI_MANIFEST);
    reply.expect_body(&bare.bytes());
}

#[tokio::test]
async fn layers_that_are_elsewhere_are_never_required() {
    let strict = Settings {
        references: References::Strict,
        ..Settings::default()
    };
    let harness = Harness::with(strict, |service| service).await;
    let client = harness.client();
    let mut image = image("a");
    let layers = image.manifest["layers"].as_array_mut().unwrap();
    layers.push(json!({
        "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "digest": Digest::sha256(b"elsewhere"),
        "size": 123_456,
        "urls": ["https://example.com/layer"],
    }));
    image.push(&client, "a", "v1").await;
    reads_back(&client, "v1", &image, &image.digest()).await;
}

#[tokio::test]
async fn hazard_46_a_page_is_not_a_manifest() {
    let harness = sparse().await;
    let client = harness.client();
    let page = image("a").with("mediaType", json!("text/html"));
    let reply = put(&client, "v1", &page).await;
    reply.expect_error(400, "MANIFEST_INVALID");
    let script = b"<script>alert(1)</script>";
    let digest = client.push_blob("a", script).await;
    let blob = client
        .get(&format!("/v2/a/blobs/{digest}"))
        .await
        .expect(200);
    blob.expect_header("content-type", "application/octet-stream")
        .expect_header("content-security-policy", "default-src 'none'; sandbox");
}

#[tokio::test]
async fn every_reference_that_is_missing_is_named() {
    let harness = Harness::open().await;
    let client = harness.client();
    let image = image("a");
    let reply = put(&client, "v1", &image).await;
    let reply = reply.expect_error(404, "MANIFEST_BLOB_UNKNOWN");
    let json = reply.json();
    let mut named: Vec<_> = (0..2)
        .map(|index| json["errors"][index]["detail"]["digest"].as_str().unwrap())
        .collect();
    named.sort_unstable();
    let mut missing: Vec<_> = image
        .blobs
        .iter()
        .map(|blob| Digest::sha256(blob))
        .collect();
    missing.sort_unstable();
    assert_eq!(named, [missing[0].as_str(), missing[1].as_str()]);
    client.get("/v2/a/manifests/v1").await.expect(404);
}

#[tokio::test]
async fn one_push_sets_several_tags() {
    let harness = sparse().await;
    let client = harness.client();
    let image = image("a");
    for digest in [
        Digest::sha256(&image.bytes()),
        Digest::sha512(&image.bytes()),
    ] {
        let reply = put(&client, &format!("{digest}?tag=one&tag=t%77o"), &image).await;
        let reply = reply.expect(201).expect_header("oci-tag", "one, two");
        reply.expect_header("docker-content-digest", digest.as_str());
        reads_back(&client, "one", &image, &digest).await;
        reads_back(&client, "two", &image, &digest).await;
    }
    let reply = put(&client, "three?tag=four&tag=three", &image).await;
    reply.expect(201).expect_header("oci-tag", "three, four");
    reads_back(&client, "four", &image, &image.digest()).await;
}

#[tokio::test]
async fn tags_beside_a_digest_are_checked_like_any() {
    let settings = Settings {
        references: References::Sparse,
        max_tags_per_push: 10,
        ..Settings::default()
    };
    let harness = Harness::with(settings, |service| service).await;
    let client = harness.client();
    let image = image("a");
    let digest = image.digest();
    let target = |tags: &str| format!("{digest}?tag=good&tag={tags}");
    for bad in [".bad", "", "a%2Fb", "%zz"] {
        put(&client, &target(bad), &image).await.expect(400);
    }
    let tags = |count| {
        (0..count)
            .map(|tag| format!("&tag=t{tag}"))
            .collect::<String>()
    };
    put(&client, &format!("{digest}?{}", tags(10)), &image)
        .await
        .expect(201);
    let reply = put(&client, &format!("{digest}?{}&tag=good", tags(10)), &image).await;
    reply.expect_error(414, "MANIFEST_INVALID");
    client.get("/v2/a/manifests/good").await.expect(404);
}

#[tokio::test]
async fn a_subject_is_acknowledged_even_if_absent() {
    let harness = sparse().await;
    let client = harness.client();
    let subject = image("subject");
    let digest = subject.digest();
    let child = index(OCI_INDEX, &[]).with("subject", subject.descriptor());
    for kind in [image("a").with("subject", subject.descriptor()), child] {
        let reply = put(&client, "v1", &kind).await.expect(201);
        reply.expect_header("oci-subject", digest.as_str());
    }
}

#[tokio::test]
async fn what_is_not_acceptable_gets_the_stored_type_and_a_warning() {
    let harness = sparse().await;
    let client = harness.client();
    let image = image("a");
    put(&client, "v1", &image).await.expect(201);
    for (accept, warned) in [
        (OCI_MANIFEST, false),
        ("*/*", false),
        ("application/*;q=0.1", false),
        (DOCKER_MANIFEST, true),
        ("application/vnd.oci.image.manifest.v1+json;q=0", true),
    ] {
        let request = client.request("GET", "/v2/a/manifests/v1");
        let reply = request.header("accept", accept).send().await.expect(200);
        let reply = reply.expect_header("content-type", OCI_MANIFEST);
        assert_eq!(reply.all("warning").len(), usize::from(warned), "{accept}");
        let formed = |warning: &&str| warning.starts_with("299 - \"") && warning.ends_with('"');
        assert!(reply.all("warning").iter().all(formed));
        reply.expect_body(&image.bytes());
    }
    let request = client.request("GET", "/v2/a/manifests/v1");
    let request = request
        .header("accept", OCI_INDEX)
        .header("accept", OCI_MANIFEST);
    request.send().await.expect(200).expect_no("warning");
}

#[tokio::test]
async fn a_moved_tag_is_noticed_and_an_unmoved_one_spared() {
    let harness = sparse().await;
    let client = harness.client();
    let (first, second) = (image("first"), image("second"));
    put(&client, "v1", &first).await.expect(201);
    let etag = format!("\"{}\"", first.digest());
    for method in ["GET", "HEAD"] {
        let request = client.request(method, "/v2/a/manifests/v1");
        let reply = request
            .header("if-none-match", &etag)
            .send()
            .await
            .expect(304);
        reply.expect_header("etag", &etag).expect_body(b"");
    }
    put(&client, "v1", &second).await.expect(201);
    let request = client.request("GET", "/v2/a/manifests/v1");
    let reply = request
        .header("if-none-match", &etag)
        .send()
        .await
        .expect(200);
    reply.expect_body(&second.bytes());
    let request = client.request("GET", "/v2/a/manifests/v1");
    let reply = request.header("if-match", &etag).send().await;
    reply.expect_error(412, "DENIED");
}

#[tokio::test]
async fn a_tag_moves_only_under_the_requests_condition() {
    let harness = sparse().await;
    let client = harness.client();
    let (first, second) = (image("first"), image("second"));
    let quoted = |image: &Image| format!("\"{}\"", image.digest());
    let put = async |image: &Image, name: &str, value: &str| {
        let request = client.put("/v2/a/manifests/v1", &image.bytes());
        let request = request.header("content-type", OCI_MANIFEST);
        request.header(name, value).send().await
    };
    put(&first, "if-match", "*")
        .await
        .expect_error(412, "DENIED");
    put(&first, "if-match", &quoted(&first))
        .await
        .expect_error(412, "DENIED");
    put(&first, "if-none-match", "*").await.expect(201);
    put(&second, "if-none-match", "*")
        .await
        .expect_error(412, "DENIED");
    put(&second, "if-match", &quoted(&second))
        .await
        .expect_error(412, "DENIED");
    put(&second, "if-none-match", &quoted(&first))
        .await
        .expect_error(412, "DENIED");
    let either = format!("{}, {}", quoted(&second), quoted(&first));
    put(&second, "if-match", &either).await.expect(201);
    put(&first, "if-match", &quoted(&second)).await.expect(201);
    put(&second, "if-match", "*").await.expect(201);
    reads_back(&client, "v1", &second, &second.digest()).await;
    let delete = |value: &str| {
        let request = client.request("DELETE", "/v2/a/manifests/v1");
        request.header("if-match", value).send()
    };
    delete(&quoted(&first)).await.expect_error(412, "DENIED");
    delete(&quoted(&second)).await.expect(202);
}

#[tokio::test]
async fn an_absent_manifest_is_404() {
    let harness = sparse().await;
    let client = harness.client();
    put(&client, "v1", &image("a")).await.expect(201);
    let absent = Digest::sha256(b"absent");
    for reference in ["absent", absent.as_str()] {
        let path = format!("/v2/a/manifests/{reference}");
        client
            .get(&path)
            .await
            .expect_error(404, "MANIFEST_UNKNOWN");
        client.head(&path).await.expect(404).expect_body(b"");
        client
            .delete(&path)
            .await
            .expect_error(404, "MANIFEST_UNKNOWN");
        let elsewhere = format!("/v2/nowhere/manifests/{reference}");
        client
            .get(&elsewhere)
            .await
            .expect_error(404, "NAME_UNKNOWN");
        client
            .delete(&elsewhere)
            .await
            .expect_error(404, "NAME_UNKNOWN");
    }
}

#[tokio::test]
async fn deleting_a_tag_leaves_the_manifest_and_deleting_that_its_tags_go_too() {
    let harness = sparse().await;
    let client = harness.client();
    let image = image("a");
    let digest = image.digest();
    for tag in ["one", "two", "three"] {
        put(&client, tag, &image).await.expect(201);
    }
    client
        .delete("/v2/a/manifests/one")
        .await
        .expect(202)
        .expect_body(b"");
    client.head("/v2/a/manifests/one").await.expect(404);
    reads_back(&client, digest.as_str(), &image, &digest).await;
    client
        .delete(&format!("/v2/a/manifests/{digest}"))
        .await
        .expect(202);
    for reference in ["two", "three", digest.as_str()] {
        client
            .head(&format!("/v2/a/manifests/{reference}"))
            .await
            .expect(404);
    }
    put(&client, "two", &image).await.expect(201);
    reads_back(&client, "two", &image, &digest).await;
}

#[tokio::test]
async fn a_manifest_that_an_index_requires_stays() {
    let settings = Settings {
        references: References::Strict,
        ..Settings::default()
    };
    let harness = Harness::with(settings, |service| service).await;
    let client = harness.client();
    let child = image("child");
    let digest = child.push(&client, "a", "child").await;
    let parent = index(OCI_INDEX, &[&child]);
    put(&client, "parent", &parent).await.expect(201);
    let path = format!("/v2/a/manifests/{digest}");
    let message = client
        .delete(&path)
        .await
        .expect_error(405, "DENIED")
        .message();
    assert!(message.contains(parent.digest().as_str()), "{message}");
    let parent = format!("/v2/a/manifests/{}", parent.digest());
    client.delete(&parent).await.expect(202);
    client.delete(&path).await.expect(202);
}
