//! Manifests, tags, mounts and deletion.

use bytes::Bytes;
use registry_core::{
    AllowAll, Digest, Error, ManifestPush, References, Settings,
    backend::{Content, TagCondition},
};
use serde_json::json;

use super::fixture::{
    Fixture, digest, image, index, large, reference, refused, repository, run, tag,
};

const NAME: &str = "team/app";

fn references(references: References) -> Fixture {
    let settings = Settings {
        references,
        ..Settings::default()
    };
    Fixture::with(settings, |builder| builder.policy(AllowAll))
}

#[test]
fn a_manifest_reads_back_as_it_was_pushed_by_tag_and_by_digest() {
    run(async {
        let fixture = Fixture::new();
        let pushed = fixture.image(NAME, "v1", b"layer").await;
        let pull = fixture
            .registry
            .open(&fixture.caller, &repository(NAME))
            .pull()
            .await
            .unwrap();
        for at in ["v1", pushed.as_str()] {
            let manifest = pull.manifest(&reference(at)).await.unwrap();
            assert_eq!(manifest.bytes, image(&[b"layer"]).to_string());
            assert_eq!(manifest.digest, pushed);
        }
        refused!(
            fixture.manifest(NAME, "v2").await,
            Error::ManifestUnknown(_)
        );
        let none = Digest::sha256(b"none");
        refused!(
            fixture.manifest(NAME, none.as_str()).await,
            Error::ManifestUnknown(_)
        );
        refused!(
            fixture.manifest("team/none", "v1").await,
            Error::RepositoryUnknown(_)
        );
    });
}

#[test]
fn hazard_06_a_refused_manifest_leaves_its_tags_where_they_were() {
    run(async {
        let fixture = Fixture::new();
        let first = fixture.image(NAME, "v1", b"layer").await;
        let missing = image(&[b"never pushed"]);
        refused!(
            fixture.put(NAME, "v1", &missing).await,
            Error::ManifestBlobUnknown(_)
        );
        refused!(
            fixture.put(NAME, "v1", &json!({"schemaVersion": 1})).await,
            Error::ManifestInvalid(_)
        );
        let wrong = Digest::sha256(b"other");
        let outcome = fixture.put(NAME, wrong.as_str(), &image(&[b"layer"])).await;
        refused!(outcome, Error::DigestMismatch { .. });
        assert_eq!(fixture.manifest(NAME, "v1").await.unwrap(), first);
    });
}

#[test]
fn which_references_must_exist_is_a_setting() {
    run(async {
        for (setting, blob_missing, child_missing) in [
            (References::Strict, true, true),
            (References::Indexes, true, false),
            (References::Sparse, false, false),
        ] {
            let fixture = references(setting);
            fixture.put_blob(NAME, b"{}").await.unwrap();
            let outcome = fixture.put(NAME, "image", &image(&[b"absent"])).await;
            assert_eq!(outcome.is_err(), blob_missing, "{setting:?}");
            let outcome = fixture
                .put(NAME, "index", &index(&[&image(&[b"absent child"])]))
                .await;
            assert_eq!(outcome.is_err(), child_missing, "{setting:?}");
        }
    });
}

#[test]
fn nondistributable_layers_are_never_required() {
    run(async {
        let fixture = references(References::Strict);
        fixture.put_blob(NAME, b"{}").await.unwrap();
        let mut manifest = image(&[b"elsewhere", b"foreign"]);
        manifest["layers"][0]["urls"] = json!(["https://example.com/layer"]);
        manifest["layers"][1]["mediaType"] =
            json!("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip");
        fixture.put(NAME, "v1", &manifest).await.unwrap();
    });
}

#[test]
fn several_tags_move_with_one_push_by_digest() {
    run(async {
        let fixture = Fixture::new();
        fixture.image(NAME, "old", b"layer").await;
        let manifest = image(&[b"layer", b"layer"]);
        let bytes = Bytes::from(manifest.to_string());
        let by_digest = reference(digest(&manifest).as_str());
        let push = fixture
            .registry
            .open(&fixture.caller, &repository(NAME))
            .push()
            .await
            .unwrap();
        let tags = [tag("1"), tag("1.2"), tag("old"), tag("1")];
        let pushed = push
            .put_manifest(ManifestPush {
                reference: &by_digest,
                tags: &tags,
                content_type: None,
                bytes: bytes.clone(),
                condition: TagCondition::Any,
            })
            .await
            .unwrap();
        assert_eq!(pushed.tags, [tag("1"), tag("1.2"), tag("old")]);
        for at in ["1", "1.2", "old"] {
            assert_eq!(fixture.manifest(NAME, at).await.unwrap(), digest(&manifest));
        }
        let many: Vec<_> = (0..101).map(|count| tag(&format!("t{count}"))).collect();
        let push = push.put_manifest(ManifestPush {
            reference: &by_digest,
            tags: &many,
            content_type: None,
            bytes,
            condition: TagCondition::Any,
        });
        refused!(push.await, Error::TooManyTags { limit: 100 });
    });
}

#[test]
fn hazard_08_the_last_push_decides_where_a_tag_points_whatever_the_clock_says() {
    run(async {
        let fixture = Fixture::new();
        fixture.image(NAME, "v1", b"first").await;
        fixture.clock.set(registry_core::Timestamp::from_millis(5));
        let second = fixture.image(NAME, "v1", b"second").await;
        assert_eq!(fixture.manifest(NAME, "v1").await.unwrap(), second);
    });
}

#[test]
fn a_condition_holds_when_the_tag_moves_or_nothing_does() {
    run(async {
        let fixture = Fixture::new();
        let first = fixture.image(NAME, "v1", b"first").await;
        fixture.put_blob(NAME, b"second").await.unwrap();
        let second = image(&[b"second"]);
        for condition in [TagCondition::Absent, TagCondition::Is(digest(&second))] {
            let outcome = fixture.put_if(NAME, "v1", &second, condition).await;
            refused!(outcome, Error::ConditionFailed { .. });
        }
        assert_eq!(fixture.manifest(NAME, "v1").await.unwrap(), first);
        fixture
            .put_if(NAME, "v1", &second, TagCondition::Is(first))
            .await
            .unwrap();
        fixture
            .put_if(NAME, "v2", &second, TagCondition::Absent)
            .await
            .unwrap();
    });
}

#[test]
fn hazard_20_deleting_in_one_repository_leaves_the_others() {
    run(async {
        let fixture = Fixture::new();
        for bytes in [b"small".to_vec(), large(1)] {
            let blob = fixture.put_blob("team/a", &bytes).await.unwrap().digest;
            fixture.put_blob("team/b", &bytes).await.unwrap();
            fixture.delete_blob("team/a", &blob).await.unwrap();
            refused!(fixture.blob("team/a", &blob).await, Error::BlobUnknown(_));
            refused!(
                fixture.delete_blob("team/a", &blob).await,
                Error::BlobUnknown(_)
            );
            fixture.collect_all().await;
        }
        let kept = fixture.put_blob("team/b", &large(1)).await.unwrap().digest;
        fixture.image("team/b", "v1", &large(1)).await;
        fixture.collect_all().await;
        assert_eq!(fixture.blob("team/b", &kept).await.unwrap(), large(1));
    });
}

#[test]
fn what_is_required_cannot_be_deleted() {
    run(async {
        let fixture = references(References::Strict);
        let child = fixture.image(NAME, "v1", b"layer").await;
        let top = index(&[&image(&[b"layer"])]);
        fixture.put(NAME, "all", &top).await.unwrap();
        let layer = Digest::sha256(b"layer");
        refused!(
            fixture.delete_blob(NAME, &layer).await,
            Error::Required { .. }
        );
        refused!(
            fixture.delete_manifest(NAME, &child).await,
            Error::Required { .. }
        );
        fixture.delete_manifest(NAME, &digest(&top)).await.unwrap();
        fixture.delete_manifest(NAME, &child).await.unwrap();
        refused!(
            fixture.manifest(NAME, "v1").await,
            Error::ManifestUnknown(_)
        );
        fixture.delete_blob(NAME, &layer).await.unwrap();
    });
}

#[test]
fn hazard_15_a_blob_is_found_only_where_it_was_put() {
    run(async {
        let fixture = Fixture::new();
        fixture.put_blob("team/other", b"something").await.unwrap();
        let blob = fixture
            .put_blob("team/secret", &large(1))
            .await
            .unwrap()
            .digest;
        refused!(
            fixture.blob("team/other", &blob).await,
            Error::BlobUnknown(_)
        );
        let push = fixture
            .registry
            .open(&fixture.caller, &repository("team/other"))
            .push()
            .await
            .unwrap();
        assert!(
            push.mount(&blob, Some(&repository("team/other")))
                .await
                .unwrap()
                .is_none()
        );
        refused!(
            fixture.delete_blob("team/other", &blob).await,
            Error::BlobUnknown(_)
        );
        fixture.put_blob("team/other", b"{}").await.unwrap();
        let manifest = image(&[&large(1)]);
        refused!(
            fixture.put("team/other", "v1", &manifest).await,
            Error::ManifestBlobUnknown(_)
        );
    });
}

#[test]
fn a_blob_is_mounted_from_a_named_repository_and_from_any() {
    run(async {
        let fixture = Fixture::new();
        for (to, from) in [("team/b", Some("team/a")), ("team/c", None)] {
            let blob = fixture.put_blob("team/a", &large(1)).await.unwrap().digest;
            let push = fixture
                .registry
                .open(&fixture.caller, &repository(to))
                .push()
                .await
                .unwrap();
            let from = from.map(repository);
            let mounted = push.mount(&blob, from.as_ref()).await.unwrap().unwrap();
            assert_eq!(mounted.size, large(1).len() as u64);
            assert_eq!(fixture.blob(to, &blob).await.unwrap(), large(1));
            let none = Digest::sha256(b"none");
            assert!(push.mount(&none, from.as_ref()).await.unwrap().is_none());
        }
        assert_eq!(fixture.objects().await, 1, "stored once");
    });
}

#[test]
fn hazard_04_content_of_a_wrong_length_is_absent_until_the_next_push_heals_it() {
    run(async {
        let fixture = Fixture::new();
        let blob = fixture.put_blob(NAME, &large(1)).await.unwrap().digest;
        let keys = registry_core::backend::BlobStore::list(
            &*fixture.blobs,
            registry_core::backend::ObjectKind::Committed,
            None,
            9,
        )
        .await
        .unwrap();
        assert!(
            fixture
                .metadata
                .quarantine(&blob, Some(&keys[0]))
                .await
                .unwrap()
        );
        refused!(fixture.blob(NAME, &blob).await, Error::BlobUnknown(_));
        fixture.put_blob(NAME, &large(1)).await.unwrap();
        assert_eq!(fixture.blob(NAME, &blob).await.unwrap(), large(1));
    });
}

#[test]
fn hazard_13_names_made_of_the_protocols_words_are_names_like_others() {
    run(async {
        let fixture = Fixture::new();
        for name in [
            "blobs/uploads",
            "manifests/tags",
            "tags/list",
            "a/referrers/b",
            "a/sha256",
        ] {
            let pushed = fixture.image(name, "v1", name.as_bytes()).await;
            assert_eq!(
                fixture.manifest(name, "v1").await.unwrap(),
                pushed,
                "{name}"
            );
        }
        fixture.collect_all().await;
        let layer = Digest::sha256(b"tags/list");
        assert_eq!(
            fixture.blob("tags/list", &layer).await.unwrap(),
            "tags/list"
        );
    });
}
