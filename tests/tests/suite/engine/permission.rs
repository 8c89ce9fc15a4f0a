//! Who may do what, and what the others are told.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use registry_auth::{ReadOnly, SignedIn};
use registry_core::{
    Action, AllowAll, Caller, Decision, DeleteIntent, DeleteTarget, Digest, Error, Hooks, Policy,
    PushIntent, Resource, Settings, TagIntent, Verdict, Veto, Visibility, Visible,
    backend::{NamespaceSettings, TagCondition},
};

use super::fixture::{Fixture, image, large, refused, repository, run};

const NAME: &str = "team/app";

/// A policy of one closure.
struct Rule<F>(F);

#[async_trait::async_trait]
impl<F: Fn(&Caller, &str, Action) -> Decision + Send + Sync> Policy for Rule<F> {
    async fn decide(&self, caller: &Caller, resource: Resource<'_>, action: Action) -> Decision {
        match resource {
            Resource::Repository { name, .. } => (self.0)(caller, name.as_str(), action),
            Resource::Namespace { name, .. } => (self.0)(caller, name.as_str(), action),
        }
    }

    async fn visible(&self, _: &Caller, _: Action) -> Visible {
        Visible::Opaque
    }
}

fn with(policy: impl Policy + 'static) -> Fixture {
    Fixture::with(Settings::default(), |builder| builder.policy(policy))
}

#[test]
fn who_may_not_is_told_nothing_but_whether_to_sign_in() {
    run(async {
        let fixture = with(SignedIn);
        let pushed = fixture.image(NAME, "v1", b"layer").await;
        let nobody = fixture.as_caller(Caller::anonymous());
        for name in [NAME, "team/none"] {
            refused!(nobody.manifest(name, "v1").await, Error::Unauthorized);
            refused!(nobody.put_blob(name, b"x").await, Error::Unauthorized);
            refused!(
                nobody.delete_manifest(name, &pushed).await,
                Error::Unauthorized
            );
        }
        let fixture = with(Rule(|caller: &Caller, name: &str, _| {
            let own = caller.name() == Some("ada") || name.starts_with("bob/");
            if own { Decision::Allow } else { Decision::Deny }
        }));
        let pushed = fixture.image(NAME, "v1", b"layer").await;
        let bob = fixture.as_caller(Caller::named("bob"));
        for name in [NAME, "team/none"] {
            refused!(bob.manifest(name, "v1").await, Error::RepositoryUnknown(_));
            refused!(bob.put_blob(name, b"x").await, Error::Denied(_));
            refused!(bob.delete_manifest(name, &pushed).await, Error::Denied(_));
        }
    });
}

#[test]
fn a_token_out_of_scope_is_told_so() {
    run(async {
        let fixture = with(Rule(|_: &Caller, _: &str, _| Decision::OutOfScope));
        refused!(
            fixture.manifest(NAME, "v1").await,
            Error::InsufficientScope(Action::Pull)
        );
        refused!(
            fixture.put_blob(NAME, b"x").await,
            Error::InsufficientScope(Action::Push)
        );
    });
}

#[test]
fn what_is_made_public_is_pulled_by_all_from_the_next_request_on() {
    run(async {
        let fixture = with(SignedIn);
        fixture.image(NAME, "v1", b"layer").await;
        let nobody = fixture.as_caller(Caller::anonymous());
        let set = async |visibility| {
            let opening = fixture.registry.open(&fixture.caller, &repository(NAME));
            opening
                .administer()
                .await
                .unwrap()
                .set_visibility(visibility)
                .await
                .unwrap();
        };
        refused!(nobody.manifest(NAME, "v1").await, Error::Unauthorized);
        set(Some(Visibility::Public)).await;
        nobody.manifest(NAME, "v1").await.unwrap();
        set(None).await;
        refused!(nobody.manifest(NAME, "v1").await, Error::Unauthorized);
        let public = NamespaceSettings {
            visibility: Visibility::Public,
            ..Default::default()
        };
        let team = repository(NAME).namespace();
        fixture
            .registry
            .update_namespace(&fixture.caller, &team, public)
            .await
            .unwrap();
        nobody.manifest(NAME, "v1").await.unwrap();
        set(Some(Visibility::Private)).await;
        refused!(nobody.manifest(NAME, "v1").await, Error::Unauthorized);
    });
}

#[test]
fn a_handle_opened_before_a_place_became_private_reads_no_more() {
    run(async {
        let fixture = with(SignedIn);
        fixture.image(NAME, "v1", b"layer").await;
        let opening = fixture.registry.open(&fixture.caller, &repository(NAME));
        let administer = opening.administer().await.unwrap();
        administer
            .set_visibility(Some(Visibility::Public))
            .await
            .unwrap();
        let opening = fixture
            .registry
            .open(&Caller::anonymous(), &repository(NAME));
        let pull = opening.pull().await.unwrap();
        let layer = Digest::sha256(b"layer");
        pull.blob(&layer).await.unwrap();
        administer.set_visibility(None).await.unwrap();
        assert!(matches!(pull.blob(&layer).await, Err(Error::Unauthorized)));
    });
}

#[test]
fn hazard_16_a_mount_needs_the_right_to_read_its_source() {
    run(async {
        let fixture = with(Rule(|caller: &Caller, name: &str, _| {
            let own = caller.name() == Some("ada") || name.starts_with("bob/");
            if own { Decision::Allow } else { Decision::Deny }
        }));
        let blob = fixture
            .put_blob("team/secret", &large(1))
            .await
            .unwrap()
            .digest;
        let bob = Caller::named("bob");
        let opening = fixture.registry.open(&bob, &repository("bob/app"));
        let push = opening.push().await.unwrap();
        for from in [
            Some(repository("team/secret")),
            Some(repository("team/none")),
            None,
        ] {
            assert_eq!(push.mount(&blob, from.as_ref()).await.unwrap(), None);
        }
        fixture.put_blob("bob/shared", &large(1)).await.unwrap();
        assert!(
            push.mount(&blob, None).await.unwrap().is_some(),
            "from what bob may read"
        );
    });
}

#[test]
fn hazard_22_a_read_only_registry_changes_nothing_by_any_path() {
    run(async {
        let fixture = with(ReadOnly(AllowAll));
        let other = super::fixture::another(
            &fixture.blobs,
            &fixture.metadata,
            Settings::default(),
            |b| b.policy(AllowAll),
        );
        let writable = Fixture {
            registry: other,
            ..fixture.as_caller(Caller::named("ada"))
        };
        let pushed = writable.image(NAME, "v1", b"layer").await;
        refused!(fixture.put_blob(NAME, b"x").await, Error::Denied(_));
        refused!(
            fixture.put(NAME, "v2", &image(&[b"layer"])).await,
            Error::Denied(_)
        );
        refused!(fixture.delete_tag(NAME, "v1").await, Error::Denied(_));
        refused!(
            fixture.delete_manifest(NAME, &pushed).await,
            Error::Denied(_)
        );
        refused!(
            fixture.delete_blob(NAME, &Digest::sha256(b"layer")).await,
            Error::Denied(_)
        );
        let administer = fixture
            .registry
            .open(&fixture.caller, &repository(NAME))
            .administer();
        assert!(matches!(administer.await, Err(Error::Denied(_))));
        assert_eq!(fixture.manifest(NAME, "v1").await.unwrap(), pushed);
    });
}

#[test]
fn hazard_22_a_right_to_create_only_moves_no_tag_by_any_path() {
    run(async {
        let fixture = with(Rule(|caller: &Caller, _: &str, _| {
            if caller.name() == Some("ci") {
                Decision::AllowCreate
            } else {
                Decision::Allow
            }
        }));
        let first = fixture.image(NAME, "v1", b"first").await;
        let creator = fixture.as_caller(Caller::named("ci"));
        fixture.put_blob(NAME, b"second").await.unwrap();
        let second = image(&[b"second"]);
        refused!(creator.put(NAME, "v1", &second).await, Error::Denied(_));
        let outcome = creator
            .put_if(NAME, "v1", &second, TagCondition::Is(first.clone()))
            .await;
        refused!(outcome, Error::Denied(_));
        let by_digest = super::fixture::reference(super::fixture::digest(&second).as_str());
        let push = fixture
            .registry
            .open(&creator.caller, &repository(NAME))
            .push()
            .await
            .unwrap();
        let outcome = push
            .put_manifest(registry_core::ManifestPush {
                reference: &by_digest,
                tags: &[super::fixture::tag("new"), super::fixture::tag("v1")],
                content_type: None,
                bytes: second.to_string().into(),
                condition: TagCondition::Any,
            })
            .await;
        refused!(outcome, Error::Denied(_));
        assert_eq!(fixture.manifest(NAME, "v1").await.unwrap(), first);
        refused!(
            fixture.manifest(NAME, "new").await,
            Error::ManifestUnknown(_)
        );
        creator.put(NAME, "v1", &image(&[b"first"])).await.unwrap();
        creator.put(NAME, "v2", &second).await.unwrap();
        refused!(creator.delete_tag(NAME, "v2").await, Error::Denied(_));
    });
}

/// Vetoes by name, and moves a tag while it is being judged for the first time.
#[derive(Default)]
struct Judge {
    seen: Mutex<Vec<Option<Digest>>>,
    disturb: Mutex<Option<Arc<Fixture>>>,
    disturbed: AtomicBool,
}

struct SharedJudge(Arc<Judge>);

#[async_trait::async_trait]
impl Hooks for SharedJudge {
    async fn before_push(&self, intent: &PushIntent<'_>) -> Verdict {
        match intent.repository.as_str() {
            "team/frozen" => Err(Veto::new("team/frozen takes no more pushes")),
            _ => Ok(()),
        }
    }

    async fn before_tag(&self, intent: &TagIntent<'_>) -> Verdict {
        self.0.seen.lock().unwrap().push(intent.from.cloned());
        let fixture = self.0.disturb.lock().unwrap().clone();
        if let Some(fixture) = fixture.filter(|_| !self.0.disturbed.swap(true, Ordering::SeqCst)) {
            fixture.image(NAME, intent.tag.as_str(), b"meanwhile").await;
        }
        match intent.tag.as_str() {
            "release" if intent.from.is_some() => Err(Veto::new("release does not move")),
            _ => Ok(()),
        }
    }

    async fn before_delete(&self, intent: &DeleteIntent<'_>) -> Verdict {
        match intent.target {
            DeleteTarget::Tag(tag, _) if tag.as_str() == "release" => {
                Err(Veto::new("release stays"))
            }
            DeleteTarget::Blob(_) => Err(Veto::new("blobs stay")),
            _ => Ok(()),
        }
    }
}

#[test]
fn a_hook_vetoes_with_its_own_words() {
    run(async {
        let judge = Arc::new(Judge::default());
        let fixture = Fixture::with(Settings::default(), |builder| {
            builder
                .policy(AllowAll)
                .hooks(SharedJudge(Arc::clone(&judge)))
        });
        fixture.image(NAME, "release", b"first").await;
        fixture.put_blob(NAME, b"second").await.unwrap();
        let outcome = fixture.put(NAME, "release", &image(&[b"second"])).await;
        assert_eq!(outcome.unwrap_err().to_string(), "release does not move");
        refused!(fixture.delete_tag(NAME, "release").await, Error::Vetoed(_));
        refused!(
            fixture.delete_blob(NAME, &Digest::sha256(b"second")).await,
            Error::Vetoed(_)
        );
        fixture.put_blob("team/frozen", b"{}").await.unwrap();
        refused!(
            fixture.put("team/frozen", "v1", &image(&[])).await,
            Error::Vetoed(_)
        );
        refused!(
            fixture.manifest("team/frozen", "v1").await,
            Error::ManifestUnknown(_)
        );
    });
}

#[test]
fn a_hook_is_asked_again_about_a_tag_that_moved_while_it_judged() {
    run(async {
        let judge = Arc::new(Judge::default());
        let fixture = Fixture::with(Settings::default(), |builder| {
            builder
                .policy(AllowAll)
                .hooks(SharedJudge(Arc::clone(&judge)))
        });
        let plain = super::fixture::another(
            &fixture.blobs,
            &fixture.metadata,
            Settings::default(),
            |b| b.policy(AllowAll),
        );
        let plain = Fixture {
            registry: plain,
            ..fixture.as_caller(Caller::named("bob"))
        };
        *judge.disturb.lock().unwrap() = Some(Arc::new(plain));
        let pushed = fixture.image(NAME, "v1", b"mine").await;
        let meanwhile = super::fixture::digest(&image(&[b"meanwhile"]));
        assert_eq!(*judge.seen.lock().unwrap(), [None, Some(meanwhile)]);
        assert_eq!(fixture.manifest(NAME, "v1").await.unwrap(), pushed);
    });
}

#[test]
fn a_place_is_made_by_a_push_only_where_the_settings_say_so() {
    run(async {
        use registry_core::backend::CreateRule;
        let rules = [
            (
                CreateRule {
                    namespace: None,
                    repository: true,
                },
                false,
                true,
            ),
            (
                CreateRule {
                    namespace: None,
                    repository: false,
                },
                false,
                false,
            ),
            (
                CreateRule {
                    namespace: Some(NamespaceSettings::default()),
                    repository: true,
                },
                true,
                true,
            ),
        ];
        for (create, new_namespace, new_repository) in rules {
            let settings = Settings {
                create,
                ..Settings::default()
            };
            let fixture = Fixture::with(settings, |builder| builder.policy(AllowAll));
            assert_eq!(
                fixture.put_blob("fresh/app", b"x").await.is_ok(),
                new_namespace
            );
            let team = repository(NAME).namespace();
            let settings = NamespaceSettings::default();
            fixture
                .registry
                .create_namespace(&fixture.caller, &team, settings)
                .await
                .unwrap();
            for bytes in [b"x".to_vec(), large(1)] {
                assert_eq!(fixture.put_blob(NAME, &bytes).await.is_ok(), new_repository);
            }
            if !new_repository {
                assert_eq!(fixture.objects().await, 0, "what was refused is given up");
            }
        }
    });
}

#[test]
fn names_of_what_is_made_follow_the_settings_and_the_library_has_two_names_where_they_say_so() {
    run(async {
        let settings = Settings {
            naming: registry_core::NamingRules::managed(),
            library_alias: true,
            ..Settings::default()
        };
        let fixture = Fixture::with(settings, |builder| builder.policy(AllowAll));
        refused!(fixture.put_blob("a/app", b"x").await, Error::NameInvalid(_));
        fixture.image("alpine", "3", b"layer").await;
        fixture.manifest("library/alpine", "3").await.unwrap();
        let unknown = fixture
            .manifest("busybox", "1")
            .await
            .unwrap_err()
            .to_string();
        assert!(
            unknown.contains(" busybox,"),
            "the name asked for is repeated: {unknown}"
        );
        let plain = Fixture::new();
        plain.image("alpine", "3", b"layer").await;
        refused!(
            plain.manifest("library/alpine", "3").await,
            Error::RepositoryUnknown(_)
        );
    });
}
