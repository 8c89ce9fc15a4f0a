//! Backups of a data directory: deletions wait for them, and what is restored is a generation of its own.

use std::{fs, path::Path, thread, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use registry_core::{
    AllowAll, BodyError, Caller, Digest, Push, Registry, RepositoryName, Settings, UploadId,
};
use registry_storage::{
    Durability, InlineSpawner,
    directory::{BackupOptions, Directory, RestoreOptions, restore},
};

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(test);
}

fn open(path: &Path) -> Directory {
    Directory::open(path, Durability::Relaxed).unwrap()
}

/// A registry that keeps nothing small apart and collects without waiting.
async fn registry(directory: &Directory) -> Registry {
    let settings = Settings {
        grace: Duration::ZERO,
        inline_limit: 0,
        ..Settings::default()
    };
    let parts = directory.builder().policy(AllowAll).spawner(InlineSpawner);
    parts.settings(settings).build().await.unwrap()
}

fn name() -> RepositoryName {
    "team/app".parse().unwrap()
}

async fn to_push(registry: &Registry) -> Push {
    let opening = registry.open(&Caller::anonymous(), &name());
    opening.push().await.unwrap()
}

fn body(
    bytes: impl Into<Bytes>,
) -> impl stream::Stream<Item = Result<Bytes, BodyError>> + Unpin + Send {
    stream::iter([Ok(bytes.into())])
}

/// Pushes a blob that no manifest refers to, so that the collector takes it.
async fn push(registry: &Registry, bytes: impl Into<Bytes>) {
    let bytes = bytes.into();
    let push = to_push(registry).await;
    let digest = Digest::sha256(&bytes);
    push.put_blob(&digest, &mut body(bytes)).await.unwrap();
}

/// Begins an upload of which some bytes are kept.
async fn begin(registry: &Registry) -> UploadId {
    let push = to_push(registry).await;
    let id = push.begin_upload(None).unwrap();
    let upload = push.upload(&id).unwrap();
    upload.append(None, &mut body(&b"some"[..])).await.unwrap();
    id
}

/// Two rounds: what the first condemns the second removes.
async fn collect(registry: &Registry) -> u64 {
    let mut deleted = 0;
    for _ in 0..2 {
        deleted += registry.collect().await.unwrap().objects_deleted;
    }
    deleted
}

/// How many files of content there are.
fn files(directory: &Path) -> usize {
    let shards = fs::read_dir(directory.join("content/blobs/sha256")).unwrap();
    let count = |shard: fs::DirEntry| fs::read_dir(shard.path()).unwrap().count();
    shards.map(|shard| count(shard.unwrap())).sum()
}

#[test]
fn no_file_is_deleted_while_a_backup_is_made() {
    run(async {
        let place = tempfile::tempdir().unwrap();
        let directory = open(place.path());
        let registry = registry(&directory).await;
        push(&registry, &b"of which nothing will be left"[..]).await;
        let hold = directory.metadata().hold_deletions();

        assert_eq!(collect(&registry).await, 0);
        assert_eq!(files(place.path()), 1);
        let second = directory.metadata().hold_deletions();
        drop(hold);
        assert_eq!(collect(&registry).await, 0);
        assert_eq!(files(place.path()), 1);

        drop(second);
        assert_eq!(collect(&registry).await, 1);
        assert_eq!(files(place.path()), 0);
    });
}

#[test]
fn a_backup_has_the_files_of_its_moment_though_all_of_it_is_deleted_meanwhile() {
    run(async {
        let place = tempfile::tempdir().unwrap();
        let [data, to, new] = ["data", "to", "new"].map(|name| place.path().join(name));
        let directory = open(&data);
        let registry = registry(&directory).await;
        for number in 0..100_u8 {
            push(&registry, vec![number; 8]).await;
        }
        // Whenever the backup has come somewhere, everything is given up and collected.
        let meanwhile = |_| {
            let registry = registry.clone();
            let collecting = thread::spawn(move || {
                run(async {
                    collect(&registry).await;
                })
            });
            collecting.join().unwrap();
        };

        let made = directory.back_up(&to, BackupOptions::default(), &meanwhile);

        let made = made.await.unwrap();
        assert_eq!((made.description.missing, made.copied), (0, 100));
        assert_eq!(collect(&registry).await, 100);
        let restored = restore(&to, &new, RestoreOptions::default(), &|_| {}).await;
        assert_eq!(restored.unwrap().missing, 0);
        assert_eq!(files(&new), 100);
    });
}

#[test]
fn a_restored_registry_is_a_new_generation_and_its_uploads_begin_anew() {
    run(async {
        let place = tempfile::tempdir().unwrap();
        let [data, to, new] = ["data", "to", "new"].map(|name| place.path().join(name));
        let directory = open(&data);
        let registry = registry(&directory).await;
        push(&registry, &b"large enough"[..]).await;
        let upload = begin(&registry).await;
        directory
            .back_up(&to, BackupOptions::default(), &|_| {})
            .await
            .unwrap();

        let restored = restore(&to, &new, RestoreOptions::default(), &|_| {}).await;

        assert_eq!(restored.unwrap().uploads_dropped, 1);
        let again = open(&new);
        assert_eq!(again.identity().registry, directory.identity().registry);
        assert!(again.identity().generation > directory.identity().generation);
        let registry = self::registry(&again).await;
        let upload = to_push(&registry).await.upload(&upload).unwrap();
        let kept = upload.append(Some(0), &mut body(&b"anew"[..])).await;
        assert_eq!(kept.unwrap(), 4);
    });
}
