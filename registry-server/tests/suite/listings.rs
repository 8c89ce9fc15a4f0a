//! Tags and the catalogue, page by page.

use registry_core::{References, Settings};

use crate::support::{Client, Harness, image};

/// `count` tags of one image in `a`.
async fn tagged(settings: Settings, tags: &[&str]) -> Harness {
    let settings = Settings {
        references: References::Sparse,
        ..settings
    };
    let harness = Harness::with(settings, |service| service).await;
    let client = harness.client();
    for tag in tags {
        let target = format!("/v2/a/manifests/{tag}");
        client
            .put(&target, &image("a").bytes())
            .send()
            .await
            .expect(201);
    }
    harness
}

/// A page, and the address of the next one.
async fn page(client: &Client, target: &str, list: &str) -> (Vec<String>, Option<String>) {
    let reply = client.get(target).await.expect(200);
    let reply = reply.expect_header("content-type", "application/json");
    let items = serde_json::from_value(reply.json()[list].clone()).unwrap();
    let link = reply.all("link").first().map(|link| {
        let target = link.strip_prefix('<').unwrap();
        target.strip_suffix(">; rel=\"next\"").unwrap().to_owned()
    });
    (items, link)
}

/// All pages, each but the last of exactly `n`.
async fn all(client: &Client, target: &str, list: &str, n: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = Some(target.to_owned());
    while let Some(target) = next {
        let (items, link) = page(client, &target, list).await;
        assert!(items.len() == n || link.is_none(), "{items:?}");
        found.extend(items);
        next = link;
    }
    found
}

#[tokio::test]
async fn tags_come_in_byte_order() {
    let harness = tagged(Settings::default(), &["b", "B", "_", "10", "9", "a.b"]).await;
    let reply = harness.client().get("/v2/a/tags/list").await;
    let expected = br#"{"name":"a","tags":["10","9","B","_","a.b","b"]}"#;
    reply.expect(200).expect_no("link").expect_body(expected);
}

#[tokio::test]
async fn pages_follow_links_to_the_end() {
    let tags: Vec<_> = (0..10).map(|tag| format!("t{tag}")).collect();
    let names: Vec<_> = tags.iter().map(String::as_str).collect();
    let harness = tagged(Settings::default(), &names).await;
    let client = harness.client();
    for n in [1, 3, 5, 10, 11] {
        let target = format!("/v2/a/tags/list?n={n}");
        assert_eq!(all(&client, &target, "tags", n).await, tags);
    }
    let (items, link) = page(&client, "/v2/a/tags/list?n=2&last=t3", "tags").await;
    assert_eq!(items, ["t4", "t5"]);
    assert_eq!(link.as_deref(), Some("/v2/a/tags/list?n=2&last=t5"));
}

#[tokio::test]
async fn last_is_a_place_and_need_not_exist() {
    let harness = tagged(Settings::default(), &["a", "b", "c"]).await;
    let client = harness.client();
    for (last, expected) in [
        ("a", &["b", "c"][..]),
        ("aa", &["b", "c"]),
        ("c", &[]),
        ("zzz", &[]),
        ("", &["a", "b", "c"]),
        ("%20%2F%F0%9F%90%8B", &["a", "b", "c"]),
    ] {
        let target = format!("/v2/a/tags/list?last={last}");
        let (items, link) = page(&client, &target, "tags").await;
        assert_eq!(
            (items, link),
            (expected.iter().map(|tag| (*tag).to_owned()).collect(), None)
        );
    }
}

#[tokio::test]
async fn hazard_11_a_page_follows_a_tag_that_was_deleted() {
    let harness = tagged(Settings::default(), &["a", "b", "c"]).await;
    let client = harness.client();
    let (items, next) = page(&client, "/v2/a/tags/list?n=2", "tags").await;
    assert_eq!(items, ["a", "b"]);
    client.delete("/v2/a/manifests/b").await.expect(202);
    let (items, next) = page(&client, &next.unwrap(), "tags").await;
    assert_eq!((items, next), (vec!["c".to_owned()], None));
}

#[tokio::test]
async fn a_page_of_none_is_empty_and_the_last() {
    let harness = tagged(Settings::default(), &["a", "b"]).await;
    let client = harness.client();
    let (items, link) = page(&client, "/v2/a/tags/list?n=0", "tags").await;
    assert_eq!((items.len(), link), (0, None));
    let (items, link) = page(&client, "/v2/_catalog?n=0", "repositories").await;
    assert_eq!((items.len(), link), (0, None));
    let reply = client.get("/v2/nowhere/tags/list?n=0").await;
    reply.expect_error(404, "NAME_UNKNOWN");
}

#[tokio::test]
async fn hazard_32_a_page_is_never_longer_than_the_registry_wants() {
    let settings = Settings {
        page_limit: 2,
        ..Settings::default()
    };
    let harness = tagged(settings, &["a", "b", "c"]).await;
    let client = harness.client();
    for n in [
        "",
        "?n=1000",
        "?n=18446744073709551616",
        "?n=99999999999999999999999999",
    ] {
        let target = format!("/v2/a/tags/list{n}");
        let (items, link) = page(&client, &target, "tags").await;
        assert_eq!(items, ["a", "b"]);
        let (items, link) = page(&client, &link.unwrap(), "tags").await;
        assert_eq!((items, link), (vec!["c".to_owned()], None));
    }
}

#[tokio::test]
async fn what_is_no_number_is_400() {
    let harness = tagged(Settings::default(), &["a"]).await;
    for list in ["/v2/a/tags/list", "/v2/_catalog"] {
        for n in ["-1", "", "x", "1.5", "%2B1", "0x10"] {
            let reply = harness.client().get(&format!("{list}?n={n}")).await;
            reply.expect_error(400, "UNSUPPORTED");
        }
        let reply = harness.client().get(&format!("{list}?last=%00")).await;
        reply.expect_error(400, "UNSUPPORTED");
    }
}

#[tokio::test]
async fn a_repository_without_tags_has_an_empty_list() {
    let harness = tagged(Settings::default(), &["a"]).await;
    let client = harness.client();
    client.delete("/v2/a/manifests/a").await.expect(202);
    let reply = client.get("/v2/a/tags/list").await.expect(200);
    reply.expect_body(br#"{"name":"a","tags":[]}"#);
    let reply = client.head("/v2/a/tags/list").await.expect(200);
    reply.expect_header("content-length", "22").expect_body(b"");
    let reply = client.get("/v2/nowhere/tags/list").await;
    reply.expect_error(404, "NAME_UNKNOWN");
}

#[tokio::test]
async fn the_catalogue_comes_in_pages() {
    let harness = Harness::open().await;
    let client = harness.client();
    let (items, link) = page(&client, "/v2/_catalog", "repositories").await;
    assert_eq!((items.len(), link), (0, None));
    let names = ["a", "a/b", "a0", "b/c/d", "z"];
    for name in names {
        client.push_blob(name, b"content").await;
    }
    for n in [1, 2, 5] {
        let target = format!("/v2/_catalog?n={n}");
        assert_eq!(all(&client, &target, "repositories", n).await, names);
    }
    let (items, link) = page(&client, "/v2/_catalog?n=1&last=a", "repositories").await;
    assert_eq!(items, ["a/b"]);
    assert_eq!(link.as_deref(), Some("/v2/_catalog?n=1&last=a%2Fb"));
}

#[tokio::test]
async fn an_alias_is_answered_under_the_name_it_was_asked_by() {
    let settings = Settings {
        library_alias: true,
        ..Settings::default()
    };
    let harness = Harness::with(settings, |service| service).await;
    let client = harness.client();
    let image = image("alpine");
    image.push(&client, "alpine", "v1").await;
    for name in ["alpine", "library/alpine"] {
        let manifest = client.get(&format!("/v2/{name}/manifests/v1")).await;
        manifest.expect(200).expect_body(&image.bytes());
        let tags = client
            .get(&format!("/v2/{name}/tags/list"))
            .await
            .expect(200);
        assert_eq!(tags.json()["name"], name);
        let location = client.begin(name).await;
        assert!(location.starts_with(&format!("/v2/{name}/blobs/uploads/")));
    }
    let (items, _) = page(&client, "/v2/_catalog", "repositories").await;
    assert_eq!(items, ["library/alpine"]);
}
