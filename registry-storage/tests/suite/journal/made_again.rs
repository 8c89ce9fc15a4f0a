//! A database that was lost comes back as it was.

use std::fs;

use proptest::{prelude::*, test_runner::Config};
use registry_core::{Caller, Visibility, backend::NamespaceSettings};
use registry_storage::{
    Durability,
    directory::{Directory, RebuildError},
};
use tempfile::tempdir;

use super::{
    lose, made_again, open, run,
    tables::told,
    work::{Chance, blob, push_image, registry, work},
};

proptest! {
    #![proptest_config(Config { cases: 12, failure_persistence: None, ..Config::default() })]

    #[test]
    fn what_was_written_down_comes_back_whatever_was_done(seed in any::<u64>()) {
        run(async {
            let place = tempdir().unwrap();
            let mut chance = Chance::new(seed);
            for _ in 0..1 + chance.below(3) {
                let directory = open(place.path());
                let registry = registry(&directory).await;
                for _ in 0..chance.below(60) {
                    work(&registry, &mut chance).await;
                    if chance.below(8) == 0 {
                        directory.metadata().write_journal().unwrap();
                    }
                }
                drop(registry);
                directory.close().await;
            }
            let before = told(place.path());
            lose(place.path());
            let (_, findings) = made_again(place.path()).unwrap();
            assert_eq!(findings, [], "seed {seed}");
            assert_eq!(told(place.path()), before, "seed {seed}");
        });
    }
}

#[test]
fn what_comes_back_is_private_and_a_generation_of_its_own_and_goes_on() {
    run(async {
        let place = tempdir().unwrap();
        let directory = open(place.path());
        let kept = registry(&directory).await;
        let settings = NamespaceSettings {
            visibility: Visibility::Public,
            collect_untagged: true,
        };
        let (caller, team) = (Caller::anonymous(), "team".parse().unwrap());
        kept.create_namespace(&caller, &team, settings)
            .await
            .unwrap();
        let name = "team/app".parse().unwrap();
        push_image(&kept, &name, blob(1), Some("latest")).await;
        let before = directory.identity();
        drop(kept);
        directory.close().await;

        lose(place.path());
        let (report, _) = made_again(place.path()).unwrap();
        assert_eq!((report.repositories, report.tags), (1, 1));
        assert!(report.complete);
        let directory = open(place.path());
        let identity = directory.identity();
        assert_eq!(identity.registry, before.registry);
        assert_eq!(identity.generation, before.generation + 1);
        let again = registry(&directory).await;
        let record = again.namespace(&caller, &team).await.unwrap();
        assert_eq!(record.settings.visibility, Visibility::Private);
        assert!(record.settings.collect_untagged);
        // Its journal goes on as well.
        push_image(&again, &name, blob(3), Some("newer")).await;
        drop(again);
        directory.close().await;
        let before = told(place.path());
        lose(place.path());
        made_again(place.path()).unwrap();
        assert_eq!(told(place.path()), before);
    });
}

#[test]
fn a_sound_database_is_refused_and_what_is_left_of_another_is_set_aside() {
    run(async {
        let place = tempdir().unwrap();
        let database = place.path().join("metadata.sqlite");
        let directory = open(place.path());
        let kept = registry(&directory).await;
        push_image(&kept, &"team/app".parse().unwrap(), blob(1), Some("latest")).await;
        drop(kept);
        let held = made_again(place.path());
        assert!(held.unwrap_err().to_string().contains("has it open"));
        directory.close().await;

        let refused = made_again(place.path());
        assert!(matches!(refused, Err(RebuildError::Sound(_))));
        for garbage in [&b"not a database"[..], b""] {
            let before = fs::read(&database).unwrap();
            fs::write(&database, garbage).unwrap();
            let (report, findings) = made_again(place.path()).unwrap();
            assert_eq!(findings, []);
            assert_eq!(fs::read(report.aside.unwrap()).unwrap(), garbage);
            assert_ne!(fs::read(&database).unwrap(), before);
            assert_eq!(report.tags, 1);
        }
    });
}

#[test]
fn pages_that_make_no_sense_are_damage_though_the_file_begins_well() {
    run(async {
        let place = tempdir().unwrap();
        let database = place.path().join("metadata.sqlite");
        let directory = open(place.path());
        let kept = registry(&directory).await;
        push_image(&kept, &"team/app".parse().unwrap(), blob(1), Some("latest")).await;
        drop(kept);
        directory.close().await;
        let mut bytes = fs::read(&database).unwrap();
        bytes[8192..16384].fill(0xaa);
        fs::write(&database, bytes).unwrap();
        assert_eq!(made_again(place.path()).unwrap().0.tags, 1);
    });
}

#[test]
fn without_a_journal_it_is_said_that_there_is_none() {
    let place = tempdir().unwrap();
    let nothing = made_again(place.path());
    assert!(matches!(nothing, Err(RebuildError::NoContent(_))));
    drop(Directory::open(place.path(), Durability::Relaxed).unwrap());
    lose(place.path());
    assert!(!place.path().join("content/journal").exists());
    let none = made_again(place.path());
    assert!(matches!(none, Err(RebuildError::NoJournal { .. })));
    fs::create_dir(place.path().join("content/journal")).unwrap();
    let none = made_again(place.path());
    assert!(matches!(none, Err(RebuildError::NoJournal { .. })));
    assert!(!place.path().join("metadata.sqlite").exists());
}
