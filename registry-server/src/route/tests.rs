use super::*;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The path names this resource of this repository.
fn check(path: &str, name: &str, resource: Resource) {
    let name = RepositoryName::parse(name).unwrap();
    let expected = Route::Repository { name, resource };
    assert_eq!(Route::parse(path), Ok(expected), "{path}");
}

fn refused(path: &str) -> RouteError {
    Route::parse(path).expect_err(path)
}

fn digest() -> Digest {
    Digest::parse(DIGEST).unwrap()
}

fn tag(tag: &str) -> Resource {
    Resource::Manifest(Reference::parse(tag).unwrap())
}

#[test]
fn every_resource_is_found() {
    assert_eq!(Route::parse("/v2/"), Ok(Route::Ping));
    assert_eq!(Route::parse("/v2"), Ok(Route::Ping));
    assert_eq!(Route::parse("/v2/_catalog"), Ok(Route::Catalog));
    let blob = format!("/v2/a/b/blobs/{DIGEST}");
    check(&blob, "a/b", Resource::Blob(digest()));
    check("/v2/a/b/blobs/uploads/", "a/b", Resource::Uploads);
    check("/v2/a/b/blobs/uploads", "a/b", Resource::Uploads);
    let id = UploadId::parse("id-1").unwrap();
    check("/v2/a/blobs/uploads/id-1", "a", Resource::Upload(id));
    check("/v2/a/manifests/v1", "a", tag("v1"));
    check(&format!("/v2/a/manifests/{DIGEST}"), "a", tag(DIGEST));
    check("/v2/a/tags/list", "a", Resource::Tags);
    let referrers = format!("/v2/a/referrers/{DIGEST}");
    check(&referrers, "a", Resource::Referrers(digest()));
}

#[test]
fn an_escaped_colon_is_a_colon() {
    let path = format!("/v2/a/blobs/{}", DIGEST.replace(':', "%3A"));
    check(&path, "a", Resource::Blob(digest()));
}

#[test]
fn hazard_13_names_may_consist_of_the_protocols_words() {
    for name in [
        "blobs",
        "manifests",
        "tags",
        "uploads",
        "referrers",
        "list",
        "blobs/uploads",
        "tags/list",
        "a/blobs/uploads/b",
        "manifests/tags/list",
        "v2",
        "v2/v2",
        "sha256/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ] {
        let blob = format!("/v2/{name}/blobs/{DIGEST}");
        check(&blob, name, Resource::Blob(digest()));
        check(
            &format!("/v2/{name}/blobs/uploads/"),
            name,
            Resource::Uploads,
        );
        let id = UploadId::parse("list").unwrap();
        let upload = format!("/v2/{name}/blobs/uploads/list");
        check(&upload, name, Resource::Upload(id));
        check(&format!("/v2/{name}/manifests/list"), name, tag("list"));
        check(&format!("/v2/{name}/tags/list"), name, Resource::Tags);
        let referrers = format!("/v2/{name}/referrers/{DIGEST}");
        check(&referrers, name, Resource::Referrers(digest()));
    }
}

#[test]
fn hazard_21_no_path_leads_elsewhere() {
    for path in [
        "/v2/a/../b/manifests/v1",
        "/v2/a/%2e%2e/b/manifests/v1",
        "/v2/a%2Fb/manifests/v1",
        "/v2/a%00b/manifests/v1",
        "/v2/a/manifests/..",
        "/v2/a/manifests/%2e%2e",
        "/v2/a/blobs/uploads/..",
        "/v2/a/blobs/uploads/%2e%2e%2fx",
        "/v2/a/blobs/sha256:..",
        "/v2/\u{430}pp/manifests/v1",
        "/v2/%D0%B0pp/manifests/v1",
        "/v2/%ff/manifests/v1",
        "/v2/A/manifests/v1",
        "/v2//manifests/v1",
        "/v2/a//b/manifests/v1",
        "/v2/manifests/v1",
        "/v2/tags/list",
        "/v2/blobs/uploads/",
    ] {
        assert_ne!(refused(path), RouteError::Unknown, "{path}");
    }
    let long = format!("/v2/{}/manifests/v1", "a/".repeat(200) + "a");
    assert!(matches!(refused(&long), RouteError::Name(_)));
    let tag = format!("/v2/a/manifests/{}", "t".repeat(129));
    assert!(matches!(refused(&tag), RouteError::Reference(_)));
}

#[test]
fn other_paths_are_unknown() {
    for path in [
        "",
        "*",
        "/",
        "/v1/",
        "/v22/",
        "//v2/",
        "/v2/a",
        "/v2/../../etc/passwd",
        "/v2/_catalog/",
        "/v2/_oci/ext/discover",
        "/v2/a/tags",
        "/v2/a/tags/list/",
        "/v2/a/uploads/id",
        "/v2/a/manifest/v1",
    ] {
        assert_eq!(refused(path), RouteError::Unknown, "{path}");
    }
}

#[test]
fn allow_lists_methods_of_the_resource() {
    let allow = |path: &str| Route::parse(path).unwrap().allow();
    assert_eq!(allow("/v2/"), "GET, HEAD");
    assert_eq!(allow("/v2/a/blobs/uploads/"), "POST");
    assert_eq!(
        allow("/v2/a/blobs/uploads/x"),
        "GET, HEAD, PATCH, PUT, DELETE"
    );
    assert_eq!(allow("/v2/a/manifests/v1"), "GET, HEAD, PUT, DELETE");
}
