//! What collection takes, and what it leaves.

use std::time::Duration;

use registry_core::{
    AllowAll, Digest, Error, OrphanSettings, Progress, Settings, Stopped,
    backend::{BlobStore, Collection, NamespaceSettings},
};

use super::fixture::{Fixture, about, digest, image, index, large, refused, repository, run};

const NAME: &str = "team/app";

/// A registry whose namespaces collect untagged manifests.
fn collecting() -> Fixture {
    let mut settings = Settings::default();
    settings.create.namespace = Some(NamespaceSettings {
        collect_untagged: true,
        ..NamespaceSettings::default()
    });
    Fixture::with(settings, |builder| builder.policy(AllowAll))
}

#[test]
fn what_nothing_refers_to_goes_after_the_grace_and_gives_its_space_back() {
    run(async {
        let fixture = Fixture::new();
        let blob = fixture.put_blob(NAME, &large(1)).await.unwrap().digest;
        let report = fixture.registry.collect().await.unwrap();
        assert_eq!((report.condemned.blobs, report.removed.blobs), (1, 0));
        fixture
            .clock
            .advance(fixture.registry.settings().grace - Duration::from_secs(1));
        assert_eq!(fixture.registry.collect().await.unwrap().removed.blobs, 0);
        fixture.clock.advance(Duration::from_secs(2));
        assert_eq!(fixture.registry.collect().await.unwrap().removed.blobs, 1);
        refused!(fixture.blob(NAME, &blob).await, Error::BlobUnknown(_));
        fixture.collect_all().await;
        assert_eq!(fixture.objects().await, 0);
    });
}

#[test]
fn hazard_07_an_answer_about_condemned_content_is_a_lease() {
    run(async {
        let fixture = Fixture::new();
        let bytes = large(1);
        let blob = fixture.put_blob(NAME, &bytes).await.unwrap().digest;
        for _ in 0..5 {
            fixture.registry.collect().await.unwrap();
            fixture
                .clock
                .advance(fixture.registry.settings().grace - Duration::from_secs(1));
            let pull = fixture
                .registry
                .open(&fixture.caller, &repository(NAME))
                .pull()
                .await
                .unwrap();
            pull.blob(&blob).await.unwrap();
            fixture.clock.advance(Duration::from_secs(2));
            fixture.registry.collect().await.unwrap();
            fixture
                .clock
                .advance(fixture.registry.settings().grace - Duration::from_secs(3));
        }
        fixture.put_blob(NAME, b"{}").await.unwrap();
        fixture.put(NAME, "v1", &image(&[&bytes])).await.unwrap();
        fixture.collect_all().await;
        assert_eq!(fixture.blob(NAME, &blob).await.unwrap(), bytes);
    });
}

#[test]
fn hazard_07_a_mount_of_content_about_to_go_keeps_it() {
    run(async {
        let fixture = Fixture::new();
        let blob = fixture.put_blob("team/a", &large(1)).await.unwrap().digest;
        fixture.registry.collect().await.unwrap();
        fixture
            .clock
            .advance(fixture.registry.settings().grace - Duration::from_secs(1));
        let push = fixture
            .registry
            .open(&fixture.caller, &repository("team/b"))
            .push()
            .await
            .unwrap();
        push.mount(&blob, Some(&repository("team/a")))
            .await
            .unwrap()
            .unwrap();
        fixture.put_blob("team/b", b"{}").await.unwrap();
        fixture
            .put("team/b", "v1", &image(&[&large(1)]))
            .await
            .unwrap();
        fixture.collect_all().await;
        assert_eq!(fixture.blob("team/b", &blob).await.unwrap(), large(1));
        refused!(fixture.blob("team/a", &blob).await, Error::BlobUnknown(_));
        assert_eq!(fixture.objects().await, 1);
    });
}

#[test]
fn a_push_of_content_about_to_go_keeps_it() {
    run(async {
        let fixture = Fixture::new();
        let blob = fixture.put_blob("team/a", &large(1)).await.unwrap().digest;
        fixture.delete_blob("team/a", &blob).await.unwrap();
        fixture.registry.collect().await.unwrap();
        fixture.clock.advance(fixture.registry.settings().grace * 2);
        fixture.image("team/b", "v1", &large(1)).await;
        fixture.collect_all().await;
        assert_eq!(fixture.blob("team/b", &blob).await.unwrap(), large(1));
        assert_eq!(fixture.objects().await, 1);
    });
}

#[test]
fn hazard_44_what_hangs_on_something_live_stays() {
    run(async {
        let fixture = collecting();
        let child = image(&[b"child"]);
        let top = index(&[&child]);
        let signature = about(image(&[b"signature"]), &child);
        fixture.put_blob(NAME, b"{}").await.unwrap();
        fixture.put(NAME, "all", &top).await.unwrap();
        for (manifest, layer) in [(&signature, &b"signature"[..]), (&child, b"child")] {
            fixture.put_blob(NAME, layer).await.unwrap();
            fixture
                .put(NAME, digest(manifest).as_str(), manifest)
                .await
                .unwrap();
        }
        fixture.collect_all().await;
        for kept in [&top, &child, &signature] {
            fixture.manifest(NAME, digest(kept).as_str()).await.unwrap();
        }
        fixture
            .blob(NAME, &Digest::sha256(b"signature"))
            .await
            .unwrap();
        fixture.delete_tag(NAME, "all").await.unwrap();
        fixture.collect_all().await;
        for gone in [&top, &child, &signature] {
            let outcome = fixture.manifest(NAME, digest(gone).as_str()).await;
            refused!(outcome, Error::ManifestUnknown(_));
        }
    });
}

#[test]
fn hazard_44_a_manifest_pushed_by_digest_stays_unless_its_namespace_says_otherwise() {
    run(async {
        for (fixture, stays) in [(Fixture::new(), true), (collecting(), false)] {
            fixture.put_blob(NAME, b"{}").await.unwrap();
            let manifest = image(&[]);
            fixture
                .put(NAME, digest(&manifest).as_str(), &manifest)
                .await
                .unwrap();
            fixture.collect_all().await;
            assert_eq!(
                fixture
                    .manifest(NAME, digest(&manifest).as_str())
                    .await
                    .is_ok(),
                stays
            );
        }
    });
}

#[test]
fn hazard_12_content_of_every_algorithm_lives_and_dies_alike() {
    run(async {
        let fixture = Fixture::new();
        let bytes = large(1);
        let push = fixture
            .registry
            .open(&fixture.caller, &repository(NAME))
            .push()
            .await
            .unwrap();
        let sha512 = Digest::sha512(&bytes);
        push.put_blob(&sha512, &mut super::fixture::body(&[&bytes]))
            .await
            .unwrap();
        fixture.put_blob(NAME, b"{}").await.unwrap();
        let mut manifest = image(&[&bytes]);
        manifest["layers"][0]["digest"] = serde_json::json!(sha512);
        fixture.put(NAME, "v1", &manifest).await.unwrap();
        fixture.collect_all().await;
        assert_eq!(fixture.blob(NAME, &sha512).await.unwrap(), bytes);
        fixture
            .delete_manifest(NAME, &digest(&manifest))
            .await
            .unwrap();
        fixture.collect_all().await;
        refused!(fixture.blob(NAME, &sha512).await, Error::BlobUnknown(_));
        assert_eq!(fixture.objects().await, 0);
    });
}

#[test]
fn hazard_43_a_clock_set_back_or_ahead_in_between_takes_nothing_early() {
    run(async {
        let fixture = Fixture::new();
        let start = registry_core::Clock::now(&fixture.clock);
        fixture.put_blob(NAME, b"x").await.unwrap();
        fixture.clock.set(registry_core::Timestamp::from_millis(1));
        fixture.registry.collect().await.unwrap();
        fixture
            .clock
            .set(start.plus(fixture.registry.settings().grace / 2));
        assert_eq!(fixture.registry.collect().await.unwrap().removed.blobs, 0);
    });
}

#[test]
fn objects_that_nothing_names_go_after_the_grace() {
    run(async {
        let fixture = Fixture::new();
        fixture.image(NAME, "v1", &large(1)).await;
        let mut write = fixture.blobs.begin().await.unwrap();
        write.append(large(2).into()).await.unwrap();
        write.commit(&Digest::sha256(&large(2))).await.unwrap();
        drop(fixture.blobs.begin().await.unwrap());
        assert_eq!(fixture.registry.collect().await.unwrap().orphans_found, 2);
        assert_eq!(
            (fixture.objects().await, fixture.unfinished().await),
            (2, 1)
        );
        fixture.collect_all().await;
        assert_eq!(
            (fixture.objects().await, fixture.unfinished().await),
            (1, 0)
        );
        fixture
            .blob(NAME, &Digest::sha256(&large(1)))
            .await
            .unwrap();
    });
}

#[test]
fn what_was_unknown_is_forgotten_once_it_is_there_no_more() {
    run(async {
        let fixture = Fixture::new();
        let (stays, goes) = (
            fixture.blobs.begin().await.unwrap(),
            fixture.blobs.begin().await.unwrap(),
        );
        let keys = [stays.key().clone(), goes.key().clone()];
        fixture.registry.collect().await.unwrap();
        fixture.clock.advance(fixture.registry.settings().grace / 2);
        goes.abort().await.unwrap();
        fixture.registry.collect().await.unwrap();
        let remembered = fixture.metadata.unknown(&keys).await.unwrap();
        let old = |key| {
            let mut of = remembered.iter().filter(|object| object.key == key);
            of.any(|object| !object.age.is_zero())
        };
        assert_eq!(keys.map(old), [true, false]);
    });
}

#[test]
fn hazard_41_a_store_that_is_mostly_unknown_is_left_alone() {
    run(async {
        let orphans = OrphanSettings {
            percent: 5,
            floor: 3,
        };
        let settings = Settings {
            orphans,
            ..Settings::default()
        };
        let fixture = Fixture::with(settings, |builder| builder.policy(AllowAll));
        for fill in 0..4 {
            let mut write = fixture.blobs.begin().await.unwrap();
            write.append(large(fill).into()).await.unwrap();
            write.commit(&Digest::sha256(&large(fill))).await.unwrap();
        }
        fixture.collect_all().await;
        let report = fixture.registry.collect().await.unwrap();
        let stopped = Stopped::TooMany {
            unknown: 4,
            total: 4,
        };
        assert_eq!((report.stopped, report.orphans_doomed), (Some(stopped), 0));
        assert_eq!(fixture.objects().await, 4);

        let mut accepting = fixture.registry.collector().accept_unknown();
        while accepting.step().await.unwrap() == Progress::More {}
        assert_eq!(accepting.report().stopped, None);
        assert_eq!(fixture.objects().await, 0);
    });
}
