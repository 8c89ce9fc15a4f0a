//! Lists in pages.

use registry_client::Error;
use registry_core::{Descriptor, Digest, MediaType, Tag};

use crate::server::{Reply, Server, reply};
use crate::{app, client, name};

fn tags(tags: &str, next: &str) -> Reply {
    let page = reply(200).body(format!(r#"{{"name":"app","tags":{tags}}}"#));
    match next {
        "" => page,
        next => page.header("link", format!("<{next}>; rel=\"next\"")),
    }
}

fn texts(tags: &[Tag]) -> Vec<&str> {
    tags.iter().map(Tag::as_str).collect()
}

#[tokio::test]
async fn pages_follow_the_links() {
    let pages = [
        tags(r#"["a","b"]"#, "/v2/app/tags/list?n=2&last=b"),
        tags("[]", "list?n=2&last=b&x=1"),
        tags(r#"["c"]"#, ""),
    ];
    let server = Server::script(pages).await;
    let mut tags = app(&server).tags().page_size(2);
    assert_eq!(texts(&tags.next_page().await.unwrap().unwrap()), ["a", "b"]);
    assert_eq!(texts(&tags.next_page().await.unwrap().unwrap()), [""; 0]);
    assert_eq!(texts(&tags.next_page().await.unwrap().unwrap()), ["c"]);
    assert_eq!(tags.next_page().await.unwrap(), None);
    assert_eq!(
        server.lines(),
        [
            "GET /v2/app/tags/list?n=2",
            "GET /v2/app/tags/list?n=2&last=b",
            "GET /v2/app/tags/list?n=2&last=b&x=1"
        ]
    );
}

#[tokio::test]
async fn no_tags_may_be_null() {
    let server = Server::script([tags("null", "")]).await;
    assert_eq!(app(&server).tags().all(10).await.unwrap(), []);
}

#[tokio::test]
async fn hazard_32_a_list_without_end_is_left() {
    let same = "/v2/app/tags/list";
    let server = Server::start(move |_| tags("[]", same)).await;
    let error = app(&server).tags().next_page().await.unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error}");

    let count = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |_| {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        tags(r#"["a","b"]"#, &format!("?last={n}"))
    })
    .await;
    let error = app(&server).tags().all(9).await.unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error}");
    assert_eq!(server.lines().len(), 5);
}

#[tokio::test]
async fn what_is_not_a_list_is_an_error() {
    for body in ["", "[]", r#"{"tags":["not a tag"]}"#, r#"{"tags":{}}"#] {
        let server = Server::script([reply(200).body(body)]).await;
        let error = app(&server).tags().all(10).await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{body}: {error}");
    }
}

#[tokio::test]
async fn the_catalog_lists_repositories() {
    let server = Server::script([reply(200).body(r#"{"repositories":["a/b","c"]}"#)]).await;
    let names = client(&server).catalog().all(10).await.unwrap();
    assert_eq!(names, [name("a/b"), name("c")]);
    assert_eq!(server.lines(), ["GET /v2/_catalog"]);
}

fn index(artifact_types: &[&str]) -> String {
    let referrers: Vec<_> = artifact_types.iter().map(|kind| referrer(kind)).collect();
    let manifests = serde_json::to_string(&referrers).unwrap();
    format!(r#"{{"schemaVersion":2,"manifests":{manifests}}}"#)
}

fn referrer(artifact_type: &str) -> Descriptor {
    Descriptor {
        artifact_type: Some(artifact_type.to_owned()),
        ..Descriptor::of(MediaType::OCI_MANIFEST, artifact_type.as_bytes())
    }
}

#[tokio::test]
async fn referrers_are_filtered_whether_the_registry_does_or_not() {
    let answer = reply(200).body(index(&["a/x", "b/x+json"]));
    let server = Server::start(move |_| answer.clone()).await;
    let subject = Digest::sha256(b"subject");
    let app = app(&server);

    let all = app.referrers(&subject, None).all(10).await.unwrap();
    assert_eq!(all, [referrer("a/x"), referrer("b/x+json")]);
    let some = app
        .referrers(&subject, Some("b/x+json"))
        .all(10)
        .await
        .unwrap();
    assert_eq!(some, [referrer("b/x+json")]);
    assert_eq!(
        server.lines(),
        [
            format!("GET /v2/app/referrers/{subject}"),
            format!("GET /v2/app/referrers/{subject}?artifactType=b/x%2Bjson")
        ]
    );
}

#[tokio::test]
async fn without_the_referrers_api_the_tag_in_its_place_is_read() {
    let subject = Digest::sha256(b"subject");
    let server = Server::script([
        reply(404),
        reply(200).body(index(&["a/x", "b/x"])),
        reply(404),
        reply(404),
    ])
    .await;
    let app = app(&server);
    let found = app.referrers(&subject, Some("a/x")).all(10).await.unwrap();
    assert_eq!(found, [referrer("a/x")]);
    assert_eq!(
        server.lines()[1],
        format!("GET /v2/app/manifests/sha256-{}", subject.encoded())
    );
    assert_eq!(app.referrers(&subject, None).all(10).await.unwrap(), []);
}
