//! Lists, page by page.

use registry_core::{Descriptor, MediaType};
use registry_server::testing::TestRegistry;

use super::{app, client, index, name, put_index, tag};

#[tokio::test]
async fn tags_come_in_pages_and_in_order() {
    let registry = TestRegistry::start().await;
    let app = app(&registry);
    let mut expected = Vec::new();
    for number in 0..25 {
        let tag = tag(&format!("v{number:02}"));
        put_index(&app, &tag.clone().into(), &index(None, "a/x")).await;
        expected.push(tag);
    }
    for size in [1, 5, 24, 25, 26] {
        let tags = app.tags().page_size(size).all(25).await.unwrap();
        assert_eq!(tags, expected, "in pages of {size}");
    }
    let first = app.tags().page_size(7).next_page().await.unwrap();
    assert_eq!(first.unwrap(), expected[..7]);
}

#[tokio::test]
async fn an_absent_repository_has_no_tags() {
    let registry = TestRegistry::start().await;
    let error = app(&registry).tags().next_page().await.unwrap_err();
    assert!(error.is_not_found());
}

#[tokio::test]
async fn the_catalog_comes_in_pages() {
    let registry = TestRegistry::start().await;
    for repository in ["team/a", "team/b", "team/c"] {
        registry.push_blob(repository, b"layer").await;
    }
    let names = client(&registry)
        .catalog()
        .page_size(2)
        .all(3)
        .await
        .unwrap();
    assert_eq!(names, [name("team/a"), name("team/b"), name("team/c")]);
}

#[tokio::test]
async fn referrers_are_found_by_subject_and_type() {
    let registry = TestRegistry::start().await;
    let app = app(&registry);
    let subject = index(None, "a/subject");
    let subject = Descriptor::of(MediaType::OCI_INDEX, &subject);
    let mut pushed = Vec::new();
    for kind in ["a/x", "b/x+json"] {
        let referrer = index(Some(&subject), kind);
        let descriptor = Descriptor::of(MediaType::OCI_INDEX, &referrer);
        put_index(&app, &descriptor.digest.clone().into(), &referrer).await;
        pushed.push(Descriptor {
            artifact_type: Some(kind.to_owned()),
            ..descriptor
        });
    }
    let mut all = app
        .referrers(&subject.digest, None)
        .page_size(1)
        .all(2)
        .await
        .unwrap();
    all.sort_by_key(|referrer| referrer.artifact_type.clone());
    assert_eq!(all, pushed);
    let some = app
        .referrers(&subject.digest, Some("b/x+json"))
        .all(2)
        .await
        .unwrap();
    assert_eq!(some, pushed[1..]);
    let none = app.referrers(&pushed[0].digest, None).all(2).await.unwrap();
    assert_eq!(none, []);
}
