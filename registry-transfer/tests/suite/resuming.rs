//! Transfers that end before they are done.

use std::{
    num::NonZeroUsize,
    path::Path,
    sync::{Arc, Mutex},
};

use registry_transfer::{Event, LayoutSource, LayoutTarget, Source, Target, Transfer};
use tempfile::tempdir;
use tokio::sync::Notify;

use crate::{
    empty, local, moved, remote,
    stock::{assert_same, stocked},
};

/// Moves until the first image is told, and no further; answers how many bytes that took.
async fn interrupted(source: impl Source + 'static, target: impl Target + 'static) -> u64 {
    let transfer = Transfer::new(source, target).jobs(NonZeroUsize::MIN);
    let (first, told) = (Arc::new(Notify::new()), Mutex::new(0));
    let tell = |_: Event| {
        *told.lock().unwrap() += 1;
        first.notify_one();
    };
    tokio::select! {
        biased;
        () = first.notified() => {}
        done = transfer.run(&tell) => panic!("it came to its end: {done:?}"),
    }
    assert!(*told.lock().unwrap() < 7);
    transfer.summary().bytes
}

/// What was interrupted lets go of the directory as soon as the write ends that was going on.
async fn opened(path: &Path) -> LayoutTarget {
    loop {
        match LayoutTarget::open(path).await {
            Err(error) if error.to_string().contains("another process") => {
                tokio::task::yield_now().await;
            }
            opened => return opened.unwrap(),
        }
    }
}

#[tokio::test]
async fn an_import_goes_on_where_it_was_interrupted() {
    let (server, here) = (stocked().await, empty());
    let all = moved(remote(&server), local(&empty())).await.bytes;
    let before = interrupted(remote(&server), local(&here)).await;
    let rest = moved(remote(&server), local(&here)).await;
    assert!(before > 0 && rest.bytes < all);
    assert_same(server.engine(), &here).await;
}

#[tokio::test]
async fn an_export_goes_on_where_it_was_interrupted() {
    let (server, place) = (stocked().await, tempdir().unwrap());
    let source = || local(server.engine());
    let before = interrupted(source(), opened(place.path()).await).await;
    let rest = moved(source(), opened(place.path()).await).await;
    assert!(before > 0 && rest.blobs_present > 0);
    let here = empty();
    let layout = LayoutSource::open(place.path(), None).await.unwrap();
    moved(layout, local(&here)).await;
    assert_same(server.engine(), &here).await;
}
