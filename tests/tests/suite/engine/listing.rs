//! Tags, referrers and the catalogue.

use registry_core::{
    Action, AllowAll, Caller, Decision, Error, Page, PageRequest, Policy, RepositoryName, Resource,
    Settings, Visible, VisibleSet, backend::NamespaceSettings,
};
use registry_storage::InlineSpawner;

use super::fixture::{Fixture, about, digest, image, refused, repository, run};

const NAME: &str = "team/app";

fn page(after: Option<&str>, limit: usize) -> PageRequest<'_> {
    PageRequest { after, limit }
}

fn texts<T: ToString>(page: &Page<T>) -> Vec<String> {
    page.items.iter().map(ToString::to_string).collect()
}

#[test]
fn tags_come_in_byte_order_page_by_page() {
    run(async {
        let fixture = Fixture::new();
        for tag in ["b", "a", "B", "a.1", "10", "9", "_x"] {
            fixture.image(NAME, tag, b"layer").await;
        }
        let pull = fixture
            .registry
            .open(&fixture.caller, &repository(NAME))
            .pull()
            .await
            .unwrap();
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let found = pull.tags(page(after.as_deref(), 3)).await.unwrap();
            seen.extend(texts(&found));
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["10", "9", "B", "_x", "a", "a.1", "b"]);
        assert_eq!(
            texts(&pull.tags(page(Some("a"), 10)).await.unwrap()),
            ["a.1", "b"]
        );
        let none = pull.tags(page(None, 0)).await.unwrap();
        assert_eq!((none.items.len(), none.next), (0, None));
    });
}

#[test]
fn hazard_11_a_cursor_that_was_deleted_goes_on_in_its_place() {
    run(async {
        let fixture = Fixture::new();
        for tag in ["a", "b", "c", "d"] {
            fixture.image(NAME, tag, b"layer").await;
        }
        fixture.delete_tag(NAME, "b").await.unwrap();
        let pull = fixture
            .registry
            .open(&fixture.caller, &repository(NAME))
            .pull()
            .await
            .unwrap();
        assert_eq!(
            texts(&pull.tags(page(Some("b"), 9)).await.unwrap()),
            ["c", "d"]
        );
        assert_eq!(
            texts(&pull.tags(page(Some("zzz/not a tag"), 9)).await.unwrap()),
            [""; 0]
        );
    });
}

#[test]
fn referrers_are_found_before_and_after_their_subject() {
    run(async {
        let fixture = Fixture::new();
        let subject = image(&[b"layer"]);
        let pull = fixture
            .registry
            .open(&fixture.caller, &repository(NAME))
            .pull()
            .await
            .unwrap();
        let found = pull
            .referrers(&digest(&subject), None, page(None, 9))
            .await
            .unwrap();
        assert_eq!(found.items.len(), 0, "not even the repository exists");
        fixture.put_blob(NAME, b"{}").await.unwrap();
        let mut expected = Vec::new();
        for layer in [b"sig-1", b"sig-2", b"sig-3"] {
            fixture.put_blob(NAME, layer).await.unwrap();
            let signature = about(image(&[layer]), &subject);
            fixture
                .put(NAME, digest(&signature).as_str(), &signature)
                .await
                .unwrap();
            expected.push(digest(&signature));
        }
        expected.sort();
        let pull = fixture
            .registry
            .open(&fixture.caller, &repository(NAME))
            .pull()
            .await
            .unwrap();
        let first = pull
            .referrers(&digest(&subject), None, page(None, 2))
            .await
            .unwrap();
        let next = first.next.clone().unwrap();
        let rest = pull
            .referrers(&digest(&subject), None, page(Some(&next), 2))
            .await
            .unwrap();
        let found: Vec<_> = first.items.iter().chain(&rest.items).collect();
        assert_eq!(
            found.iter().map(|item| &item.digest).collect::<Vec<_>>(),
            expected.iter().collect::<Vec<_>>()
        );
        let kind = "application/vnd.example.signature";
        assert!(
            found
                .iter()
                .all(|item| item.artifact_type.as_deref() == Some(kind))
        );
        assert_eq!(rest.next, None);
        for (kind, count) in [(kind, 3), ("application/other", 0)] {
            let found = pull
                .referrers(&digest(&subject), Some(kind), page(None, 9))
                .await
                .unwrap();
            assert_eq!(found.items.len(), count);
        }
        fixture.delete_manifest(NAME, &expected[0]).await.unwrap();
        let found = pull
            .referrers(&digest(&subject), None, page(None, 9))
            .await
            .unwrap();
        assert_eq!(found.items.len(), 2);
    });
}

/// Sees what a set of ranges or a closure allows.
struct Sees(Visible, fn(&RepositoryName) -> bool);

#[async_trait::async_trait]
impl Policy for Sees {
    async fn decide(&self, caller: &Caller, resource: Resource<'_>, _: Action) -> Decision {
        let allowed = match resource {
            Resource::Repository { name, .. } => caller.name() == Some("ada") || (self.1)(name),
            Resource::Namespace { .. } => true,
        };
        if allowed {
            Decision::Allow
        } else {
            Decision::Deny
        }
    }

    async fn visible(&self, caller: &Caller, _: Action) -> Visible {
        if caller.name() == Some("ada") {
            Visible::All
        } else {
            self.0.clone()
        }
    }
}

const NAMES: [&str; 7] = [
    "a",
    "a-b/c",
    "a/b",
    "a/b/c",
    "library/x",
    "secret/one",
    "secret/two",
];

async fn filled(policy: impl Policy + 'static) -> Fixture {
    let fixture = Fixture::with(Settings::default(), |builder| {
        builder.policy(policy).spawner(InlineSpawner)
    });
    for name in NAMES {
        fixture.image(name, "v1", b"layer").await;
    }
    fixture
}

#[test]
fn the_catalogue_is_every_repository_in_byte_order() {
    run(async {
        let fixture = filled(AllowAll).await;
        let whole = fixture
            .registry
            .catalog(&fixture.caller, page(None, 100))
            .await
            .unwrap();
        assert_eq!(texts(&whole), NAMES);
        let first = fixture
            .registry
            .catalog(&fixture.caller, page(None, 4))
            .await
            .unwrap();
        assert_eq!(first.next.as_deref(), Some("a/b/c"));
        let rest = fixture
            .registry
            .catalog(&fixture.caller, page(Some("a/b/c"), 4))
            .await
            .unwrap();
        assert_eq!(
            (texts(&rest), rest.next),
            (NAMES[4..].iter().map(ToString::to_string).collect(), None)
        );
    });
}

#[test]
fn hazard_18_the_catalogue_shows_only_what_its_caller_may_see() {
    run(async {
        let set = VisibleSet {
            namespaces: [repository("library/x").namespace()].into(),
            prefixes: ["a/".to_owned()].into(),
            public: true,
        };
        let fixture = filled(Sees(Visible::Some(set), |_| true)).await;
        let settings = NamespaceSettings {
            visibility: registry_core::Visibility::Public,
            ..NamespaceSettings::default()
        };
        let secret = repository("secret/one").namespace();
        let bob = Caller::named("bob");
        let seen = fixture.registry.catalog(&bob, page(None, 9)).await.unwrap();
        assert_eq!(
            texts(&seen),
            ["a", "a/b", "a/b/c", "library/x"],
            "a one-component name is in library"
        );
        fixture
            .registry
            .update_namespace(&fixture.caller, &secret, settings)
            .await
            .unwrap();
        let seen = fixture
            .registry
            .catalog(&bob, page(Some("library/x"), 9))
            .await
            .unwrap();
        assert_eq!(
            texts(&seen),
            ["secret/one", "secret/two"],
            "a namespace made public is seen at once"
        );
    });
}

#[test]
fn hazard_18_an_opaque_policy_gets_pages_whose_cursors_tell_nothing() {
    run(async {
        let fixture = filled(Sees(Visible::Opaque, |name| {
            name.as_str().starts_with("a/")
        }))
        .await;
        let bob = Caller::named("bob");
        let mut after = None;
        let mut seen = Vec::new();
        loop {
            let found = fixture
                .registry
                .catalog(&bob, page(after.as_deref(), 1))
                .await
                .unwrap();
            seen.extend(texts(&found));
            after = found.next;
            match &after {
                Some(cursor) => assert!(!cursor.contains('/'), "{cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, ["a/b", "a/b/c"]);
    });
}

#[test]
fn an_anonymous_caller_who_sees_nothing_is_told_to_sign_in() {
    run(async {
        let fixture = filled(Sees(Visible::Nothing, |_| false)).await;
        let nobody = fixture
            .registry
            .catalog(&Caller::anonymous(), page(None, 9))
            .await;
        refused!(nobody, Error::Unauthorized);
        let bob = fixture
            .registry
            .catalog(&Caller::named("bob"), page(None, 9))
            .await
            .unwrap();
        assert_eq!(bob.items.len(), 0);
    });
}
