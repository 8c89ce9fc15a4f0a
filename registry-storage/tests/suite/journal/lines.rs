//! Lines of a journal: when they are gone on with, and when they are begun anew.

use std::{fs, path::Path};

use bytes::Bytes;
use registry_core::{AllowAll, Caller, Digest, Settings};
use registry_storage::{Durability, directory::Directory};
use tempfile::tempdir;

use super::{
    lose, made_again, open, run, segments,
    tables::{database, rows, told},
    work::{blob, push_blob, push_image, registry, spawn},
};

fn line(path: &Path) -> rusqlite::types::Value {
    rows(&database(path), "SELECT journal_line FROM registry")[0][0].clone()
}

async fn image(path: &Path, number: u64) {
    let directory = open(path);
    let registry = registry(&directory).await;
    let (name, tag) = ("team/app".parse().unwrap(), format!("t{number}"));
    push_image(&registry, &name, blob(number), Some(&tag)).await;
    drop(registry);
    // A journal that is begun is complete once this has answered.
    directory.metadata().write_journal().unwrap();
    directory.close().await;
}

async fn comes_back(path: &Path) {
    let before = told(path);
    lose(path);
    assert_eq!(made_again(path).unwrap().1, []);
    assert_eq!(told(path), before);
}

#[test]
fn a_line_is_gone_on_with_whenever_the_directory_is_opened() {
    run(async {
        let place = tempdir().unwrap();
        image(place.path(), 1).await;
        let (begun, first) = (line(place.path()), segments(place.path()));
        for number in 2..5 {
            image(place.path(), number).await;
        }
        assert_eq!(line(place.path()), begun);
        assert_eq!(segments(place.path()), first);
        comes_back(place.path()).await;
    });
}

#[test]
fn what_happened_while_none_was_kept_is_walked_through() {
    run(async {
        let place = tempdir().unwrap();
        image(place.path(), 1).await;
        let begun = line(place.path());
        let directory = Directory::open(place.path(), Durability::Relaxed).unwrap();
        let unkept = registry(&directory).await;
        push_image(
            &unkept,
            &"team/app".parse().unwrap(),
            blob(7),
            Some("unkept"),
        )
        .await;
        drop(unkept);
        assert!(directory.metadata().journal_figures().is_none());
        directory.close().await;
        image(place.path(), 2).await;
        assert_ne!(line(place.path()), begun);
        comes_back(place.path()).await;
    });
}

#[test]
fn an_older_database_that_was_put_back_by_hand_begins_a_line() {
    run(async {
        let place = tempdir().unwrap();
        image(place.path(), 1).await;
        let (file, begun) = (place.path().join("metadata.sqlite"), line(place.path()));
        let directory = open(place.path());
        let older = fs::read(&file).unwrap();
        let kept = registry(&directory).await;
        for number in 2..6 {
            push_image(&kept, &"team/app".parse().unwrap(), blob(number), Some("x")).await;
            directory.metadata().write_journal().unwrap();
        }
        drop(kept);
        directory.close().await;
        lose(place.path());
        fs::write(&file, older).unwrap();
        image(place.path(), 9).await;
        assert_ne!(line(place.path()), begun);
        comes_back(place.path()).await;
    });
}

#[test]
fn a_line_that_has_grown_is_begun_anew_and_the_old_one_is_deleted() {
    run(async {
        let place = tempdir().unwrap();
        let directory = open(place.path());
        let settings = Settings {
            grace: std::time::Duration::ZERO,
            inline_limit: 2 << 20,
            ..Settings::default()
        };
        let parts = directory.builder().policy(AllowAll).spawner(spawn);
        let kept = parts.settings(settings).build().await.unwrap();
        let (name, caller) = ("team/app".parse().unwrap(), Caller::anonymous());
        push_image(&kept, &name, blob(1), Some("kept")).await;
        directory.metadata().write_journal().unwrap();
        let begun = line(place.path());
        for number in 0..70_u8 {
            let bytes = Bytes::from(vec![number; 1 << 20]);
            let digest = Digest::sha256(&bytes);
            push_blob(&kept, &name, bytes).await;
            directory.metadata().write_journal().unwrap();
            let delete = kept.open(&caller, &name).delete().await.unwrap();
            delete.blob(&digest).await.unwrap();
            kept.collect().await.unwrap();
            kept.collect().await.unwrap();
        }
        directory.metadata().write_journal().unwrap();
        directory.metadata().write_journal().unwrap();
        let figures = directory.metadata().journal_figures().unwrap();
        assert!(figures.bytes < 32 << 20, "{figures:?}");
        assert_eq!((figures.waiting, figures.failures), (0, 0), "{figures:?}");
        assert_ne!(line(place.path()), begun);
        drop(kept);
        directory.close().await;
        comes_back(place.path()).await;
    });
}

#[test]
fn a_journal_that_cannot_be_written_is_counted_and_caught_up_with() {
    run(async {
        let place = tempdir().unwrap();
        image(place.path(), 1).await;
        let journal = place.path().join("content/journal");
        fs::remove_dir_all(&journal).unwrap();
        fs::write(&journal, "in the way").unwrap();
        let directory = open(place.path());
        let kept = registry(&directory).await;
        push_image(&kept, &"team/app".parse().unwrap(), blob(3), Some("pushed")).await;
        directory.metadata().write_journal().unwrap_err();
        let figures = directory.metadata().journal_figures().unwrap();
        assert!(figures.failures > 0 && figures.failure.is_some());
        assert!(figures.waiting > 0);

        fs::remove_file(&journal).unwrap();
        directory.metadata().write_journal().unwrap();
        let figures = directory.metadata().journal_figures().unwrap();
        assert_eq!((figures.waiting, figures.failure), (0, None));
        drop(kept);
        directory.close().await;
        comes_back(place.path()).await;
    });
}
