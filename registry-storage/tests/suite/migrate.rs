//! A registry that moves, between two data directories: which backends those are is of no matter to the walk.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use registry_core::{
    Algorithms, Caller, Digest, Visibility,
    backend::{
        BlobContent, BlobStore, Collection, Content, FileStore, Inspection, NamespaceSettings,
        ObjectKey, PullCount, Pulls, Repositories,
    },
};
use registry_storage::{
    Durability,
    directory::Directory,
    migrate::{MigrateError, Migration, Moment, Round, Side, Verification},
};
use tempfile::TempDir;

use crate::journal::work::{self, Chance, blob, push_blob, push_image};

struct Sides {
    from: Directory,
    to: Directory,
    _places: [TempDir; 2],
}

impl Sides {
    fn new() -> Self {
        let places = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [from, to] = [0, 1].map(|at| {
            let path: &Path = places[at].path();
            Directory::open(path.join("data"), Durability::Relaxed).unwrap()
        });
        Self {
            from,
            to,
            _places: places,
        }
    }

    fn up(&self) -> Migration {
        migration(&self.from, &self.to)
    }
}

fn side(directory: &Directory) -> Side {
    Side {
        rows: Arc::clone(directory.metadata()) as _,
        blobs: Arc::new(directory.blobs().clone()),
    }
}

fn migration(from: &Directory, to: &Directory) -> Migration {
    Migration {
        from: side(from),
        to: side(to),
        parallel: 3,
        verification: Verification::Read,
        algorithms: Algorithms::standard(),
    }
}

async fn round(migration: &Migration, moment: Moment) -> Round {
    migration.round(moment, &|_| ()).await.unwrap()
}

async fn assert_same(migration: &Migration, seed: u64) {
    let comparison = migration.compare().await.unwrap();
    assert_eq!(comparison.different, 0, "seed {seed}: {comparison:?}");
}

/// Every content of a directory, read from its files.
async fn objects(directory: &Directory) -> Vec<(Digest, u64)> {
    let contents = directory.metadata().contents(None, 1000).await.unwrap();
    let mut found = Vec::new();
    for content in contents {
        if let BlobContent::Object(key) = &content.content {
            let size = directory.blobs().stat(key).await.unwrap().unwrap();
            assert_eq!(size, content.size);
            found.push((content.digest, size));
        }
    }
    found
}

#[tokio::test]
async fn a_registry_that_is_worked_on_arrives_as_it_is_and_comes_back_as_it_was() {
    for seed in 0..8 {
        let (sides, mut chance) = (Sides::new(), Chance::new(seed));
        let registry = work::registry(&sides.from).await;
        let up = sides.up();
        for moment in [Moment::First, Moment::Meanwhile, Moment::Last] {
            for _ in 0..40 {
                work::work(&registry, &mut chance).await;
            }
            round(&up, moment).await;
        }
        assert_same(&up, seed).await;
        assert_eq!(objects(&sides.from).await, objects(&sides.to).await);
        assert_eq!(round(&up, Moment::Last).await.changed(), 0);
        let back = Sides::new();
        let down = migration(&sides.to, &back.to);
        round(&down, Moment::Last).await;
        assert_same(&migration(&sides.from, &back.to), seed).await;
        assert_eq!(objects(&sides.from).await, objects(&back.to).await);
    }
}

#[tokio::test]
async fn settings_times_and_counts_arrive() {
    let sides = Sides::new();
    let registry = work::registry(&sides.from).await;
    let name = "team/app".parse().unwrap();
    push_image(&registry, &name, blob(1), Some("v1")).await;
    let (caller, settings) = (
        Caller::anonymous(),
        NamespaceSettings {
            visibility: Visibility::Public,
            collect_untagged: true,
        },
    );
    let namespace = name.namespace();
    let updated = registry.update_namespace(&caller, &namespace, settings);
    updated.await.unwrap();
    let counts = [(Some("v1"), 7), (None, 2)].map(|(tag, pulls)| PullCount {
        repository: name.clone(),
        tag: tag.map(|tag| tag.parse().unwrap()),
        pulls,
    });
    sides.from.metadata().add_pulls(&counts).await.unwrap();
    round(&sides.up(), Moment::Last).await;
    let (from, to) = (sides.from.metadata(), sides.to.metadata());
    let tag = "v1".parse().unwrap();
    assert_eq!(to.pulls(&name, None).await.unwrap(), 9);
    assert_eq!(to.pulls(&name, Some(&tag)).await.unwrap(), 7);
    let there = to.repository(&name).await.unwrap();
    assert_eq!(there, from.repository(&name).await.unwrap());
    let there = to.namespace(&namespace).await.unwrap().unwrap();
    assert_eq!(there.settings, settings);
    assert!(to.facts(&name).await.unwrap().is_public());
}

#[tokio::test]
async fn what_arrived_before_an_interruption_is_not_sent_again() {
    let sides = Sides::new();
    let registry = work::registry(&sides.from).await;
    let name = "team/app".parse().unwrap();
    for number in 0..20 {
        push_blob(&registry, &name, blob(2 * number + 1)).await;
    }
    let up = sides.up();
    let (some, mut arrived) = tokio::sync::mpsc::unbounded_channel();
    let tell = move |now: &Round| {
        if now.carried >= 5 {
            let _ = some.send(());
        }
    };
    tokio::select! {
        done = up.round(Moment::First, &tell) => panic!("it came to its end: {done:?}"),
        _ = arrived.recv() => {}
    }
    let again = round(&sides.up(), Moment::First).await;
    assert_eq!(again.already + again.carried, 20);
    // What was on its way as it ended may have arrived, or not.
    assert!((5..20).contains(&again.already), "{again:?}");
    round(&up, Moment::Last).await;
    assert_same(&up, 0).await;
}

#[tokio::test]
async fn an_object_that_is_lost_or_changed_where_it_arrived_is_sent_again() {
    let sides = Sides::new();
    let registry = work::registry(&sides.from).await;
    let name = "team/app".parse().unwrap();
    for number in [1, 3, 5] {
        push_blob(&registry, &name, blob(number)).await;
    }
    round(&sides.up(), Moment::First).await;
    let key = async |at: usize| {
        let contents = sides.to.metadata().contents(None, 10).await.unwrap();
        let BlobContent::Object(key) = &contents[at].content else {
            panic!("it is no object");
        };
        key.clone()
    };
    sides.to.blobs().delete(&key(0).await).await.unwrap();
    let file = file_of(&sides.to, &key(1).await);
    let length = fs::metadata(&file).unwrap().len();
    fs::write(&file, vec![0; usize::try_from(length).unwrap()]).unwrap();
    let again = round(&sides.up(), Moment::First).await;
    assert_eq!((again.already, again.carried), (1, 2));
    assert_eq!(objects(&sides.to).await.len(), 3);
    // What was there before is given up.
    assert_eq!(sides.to.metadata().doomed(10).await.unwrap().len(), 2);
}

fn file_of(directory: &Directory, key: &ObjectKey) -> PathBuf {
    directory.blobs().file(key).unwrap()
}

#[tokio::test]
async fn wrong_bytes_stop_it_until_they_are_out_of_sight_and_then_arrive_out_of_sight() {
    let sides = Sides::new();
    let registry = work::registry(&sides.from).await;
    let name = "team/app".parse().unwrap();
    let digest = push_blob(&registry, &name, blob(1)).await;
    let contents = sides.from.metadata().contents(None, 1).await.unwrap();
    let BlobContent::Object(key) = &contents[0].content else {
        panic!("it is no object");
    };
    fs::write(file_of(&sides.from, key), "wrong").unwrap();
    let stopped = sides.up().round(Moment::First, &|_| ()).await.unwrap_err();
    assert!(
        matches!(&stopped, MigrateError::Wrong { digest: wrong, .. } if *wrong == digest),
        "{stopped}"
    );
    let quarantined = sides.from.metadata().quarantine(&digest, Some(key)).await;
    assert!(quarantined.unwrap());
    round(&sides.up(), Moment::Last).await;
    assert_same(&sides.up(), 0).await;
    let aside = sides.to.metadata().quarantined(None, 10).await.unwrap();
    assert_eq!(aside.len(), 1);
    assert_eq!((&aside[0].digest, aside[0].replaced), (&digest, false));
    let kept = fs::read(file_of(&sides.to, &aside[0].object)).unwrap();
    assert_eq!(kept, b"wrong");
    // The next push heals it there.
    let there = work::registry(&sides.to).await;
    push_blob(&there, &name, blob(1)).await;
    let contents = sides.to.metadata().contents(None, 1).await.unwrap();
    assert!(!contents[0].quarantined);
}

#[tokio::test]
async fn what_is_deleted_meanwhile_is_gone_at_the_other_side_too() {
    let sides = Sides::new();
    let registry = work::registry(&sides.from).await;
    let name = "team/app".parse().unwrap();
    let digest = push_image(&registry, &name, blob(1), Some("v1")).await;
    round(&sides.up(), Moment::First).await;
    let caller = Caller::anonymous();
    let delete = registry.open(&caller, &name).delete().await.unwrap();
    delete.manifest(&digest).await.unwrap();
    delete.blob(&Digest::sha256(&blob(1))).await.unwrap();
    for _ in 0..3 {
        registry.collect().await.unwrap();
    }
    let done = round(&sides.up(), Moment::Last).await;
    assert!(done.dropped >= 4, "{done:?}");
    assert_same(&sides.up(), 0).await;
    let doomed = sides.to.metadata().doomed(10).await.unwrap();
    assert_eq!(doomed.len(), 1);
}
