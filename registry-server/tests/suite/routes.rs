//! Paths, methods and limits of a request's head.

use registry_core::{Digest, Settings};
use registry_server::Limits;

use crate::support::{Harness, escaped, image};

#[tokio::test]
async fn an_unknown_path_is_404_with_the_error_body() {
    let client = Harness::open().await;
    let client = client.client();
    for path in [
        "/",
        "/v1/",
        "/v2/a",
        "/v2/a/b/c",
        "/v2/_oci/ext/discover",
        "/token",
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let reply = client.request(method, path).send().await;
            reply.expect_error(404, "UNSUPPORTED");
        }
    }
}

#[tokio::test]
async fn another_method_is_405_with_those_there_are() {
    let client = Harness::open().await;
    let client = client.client();
    let digest = Digest::sha256(b"");
    let resources = [
        ("/v2/".to_owned(), "GET, HEAD"),
        ("/v2/_catalog".to_owned(), "GET, HEAD"),
        ("/v2/a/tags/list".to_owned(), "GET, HEAD"),
        (format!("/v2/a/referrers/{digest}"), "GET, HEAD"),
        (format!("/v2/a/blobs/{digest}"), "GET, HEAD, DELETE"),
        ("/v2/a/manifests/v1".to_owned(), "GET, HEAD, PUT, DELETE"),
        ("/v2/a/blobs/uploads/".to_owned(), "POST"),
        (
            "/v2/a/blobs/uploads/x".to_owned(),
            "GET, HEAD, PATCH, PUT, DELETE",
        ),
    ];
    let methods = [
        "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW",
    ];
    for (path, allow) in resources {
        for method in methods {
            let reply = client.request(method, &path).send().await;
            if allow.split(", ").any(|allowed| allowed == method) {
                assert_ne!(reply.status, 405, "{method} {path}");
            } else {
                let reply = reply.expect_error(405, "UNSUPPORTED");
                reply.expect_header("allow", allow);
            }
        }
    }
}

#[tokio::test]
async fn hazard_13_a_name_of_the_protocols_words_works_throughout() {
    let harness = Harness::open().await;
    let client = harness.client();
    for name in [
        "blobs",
        "manifests",
        "tags/list",
        "blobs/uploads",
        "uploads/manifests/referrers",
        "v2/v2/tags",
        "sha256/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ] {
        let image = image(name);
        let digest = image.push(&client, name, "list").await;
        let manifest = client.get(&format!("/v2/{name}/manifests/list")).await;
        manifest.expect(200).expect_body(&image.bytes());
        let tags = client.get(&format!("/v2/{name}/tags/list")).await;
        let expected = format!(r#"{{"name":"{name}","tags":["list"]}}"#);
        tags.expect(200).expect_body(expected.as_bytes());
        let layer = Digest::sha256(&image.blobs[1]);
        let blob = client.get(&format!("/v2/{name}/blobs/{layer}")).await;
        blob.expect(200).expect_body(&image.blobs[1]);
        let referrers = client.get(&format!("/v2/{name}/referrers/{digest}")).await;
        referrers.expect(200);
        let delete = client.delete(&format!("/v2/{name}/manifests/list")).await;
        delete.expect(202);
    }
}

#[tokio::test]
async fn hazard_21_no_path_leads_elsewhere() {
    let client = Harness::open().await;
    let client = client.client();
    let name_invalid = [
        "/v2/a/../b/manifests/v1",
        "/v2/a/%2e%2e/b/manifests/v1",
        "/v2/a%2Fb/manifests/v1",
        "/v2/a%00b/manifests/v1",
        "/v2/a%5Cb/manifests/v1",
        "/v2/%D0%B0pp/manifests/v1",
        "/v2/%ff/manifests/v1",
        "/v2/a%zz/manifests/v1",
        "/v2/A/manifests/v1",
        "/v2/a//b/manifests/v1",
        "/v2/.a/manifests/v1",
        "/v2/manifests/v1",
        "/v2/tags/list",
    ];
    for path in name_invalid {
        client.get(path).await.expect_error(400, "NAME_INVALID");
    }
    for path in ["/v2/a/blobs/uploads/..", "/v2/a/blobs/uploads/%2e%2e"] {
        let reply = client.get(path).await;
        reply.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
    }
    let long = format!("/v2/{}/tags/list", "a/".repeat(127) + "ab");
    client.get(&long).await.expect_error(400, "NAME_INVALID");
    for tag in ["..", "%2e%2e", ".a", "a%20b", &"t".repeat(129)] {
        let reply = client.get(&format!("/v2/a/manifests/{tag}")).await;
        reply.expect_error(400, "MANIFEST_INVALID");
    }
    for digest in [
        "sha256:..",
        "sha256:%2e%2e",
        "sha256:ab",
        "sha256:",
        ":ab",
        "latest",
    ] {
        let reply = client.get(&format!("/v2/a/blobs/{digest}")).await;
        reply.expect_error(400, "DIGEST_INVALID");
    }
    for digest in ["sha256:baddigeststring", "sha512:ab", "sha256:A"] {
        let path = format!("/v2/a/manifests/{digest}");
        client.get(&path).await.expect_error(400, "DIGEST_INVALID");
        let put = client.put(&path, b"{}").send().await;
        put.expect_error(400, "DIGEST_INVALID");
    }
}

#[tokio::test]
async fn an_upper_case_name_is_answered_with_the_lower_case_one() {
    let client = Harness::open().await;
    let reply = client.client().get("/v2/Team/App/tags/list").await;
    let message = reply.expect_error(400, "NAME_INVALID").message();
    assert!(message.contains("team/app"), "{message}");
}

#[tokio::test]
async fn escapes_that_mean_nothing_else_are_undone() {
    let harness = Harness::open().await;
    let client = harness.client();
    let image = image("a");
    let digest = image.push(&client, "a/b", "v1").await;
    let path = format!("/v2/a/%62/manifests/{}", escaped(&digest));
    client
        .get(&path)
        .await
        .expect(200)
        .expect_body(&image.bytes());
    client.get("/v2/a/b/manifests/%761").await.expect(200);
}

#[tokio::test]
async fn hazard_32_every_part_of_the_head_has_a_limit_with_its_own_answer() {
    let limits = Limits {
        path_bytes: 100,
        query_bytes: 100,
        headers: 10,
        header_bytes: 1000,
        ..Limits::default()
    };
    let settings = Settings::default();
    let client = Harness::with(settings, |service| service.limits(limits)).await;
    let client = client.client();
    let path = format!("/v2/{}/tags/list", "a".repeat(100));
    client.get(&path).await.expect_error(414, "NAME_INVALID");
    let query = format!("/v2/a/tags/list?last={}", "a".repeat(100));
    client.get(&query).await.expect_error(414, "UNSUPPORTED");
    let mut many = client.request("GET", "/v2/");
    for index in 0..10 {
        many = many.header(&format!("x-{index}"), "x");
    }
    many.send().await.expect_error(431, "UNSUPPORTED");
    let large = client.request("GET", "/v2/").header("x", &"x".repeat(1000));
    large.send().await.expect_error(431, "UNSUPPORTED");
    client.get("/v2/").await.expect(200);
}
