//! Clauses of guarantees 3 and 7: steps of a bounded length, repeated, and run twice at once.

use std::time::Duration;

use registry_core::backend::{Metadata, Origin, Removed};

use crate::contract::{
    drive::{at_every_head_start, race},
    metadata::{
        MetadataHarness,
        fixture::{
            COLLECTING, GRACE, MINUTES, Repo, SampleBlob, SampleManifest, condemn_all, doomed,
            remove, repo_in, seal_a_pass,
        },
    },
};

/// Removing goes in steps of at most so many rows, comes to an end, and misses none.
pub async fn collection_03_removing_goes_in_steps(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = several_dead(harness).await;
    seal_a_pass(&*metadata).await;
    harness.advance(GRACE + MINUTES).await;
    let none = step(&*metadata, 0).await;
    assert_eq!(
        (none.blobs, none.manifests, none.contents),
        (0, 0, 0),
        "at most 0"
    );
    let mut sum = (0, 0);
    for number in 0.. {
        assert!(number < 200, "removing 12 rows came to no end");
        let removed = step(&*metadata, 2).await;
        let rows = removed.blobs + removed.manifests + removed.contents;
        assert!(rows <= 2, "{rows} rows, at most 2");
        sum = (sum.0 + removed.blobs, sum.1 + removed.manifests);
        if !removed.more {
            break;
        }
    }
    assert_eq!(sum, (6, 6), "blobs and manifests");
    assert_eq!(remove(&*metadata, GRACE).await, Removed::default(), "again");
    assert_eq!(repo.tags().await, ["kept"]);
}

/// Every step may be repeated: nothing is removed twice or given up twice.
pub async fn collection_07_steps_may_be_repeated(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    several_dead(harness).await;
    let mut sum = Removed::default();
    for _ in 0..2 {
        for view in [&metadata, &second] {
            condemn_all(&**view).await;
            view.seal().await.expect("seal");
            view.seal().await.expect("seal");
        }
        for time in [Duration::ZERO, GRACE + MINUTES] {
            harness.advance(time).await;
            for view in [&second, &metadata, &second] {
                let removed = remove(&**view, GRACE).await;
                sum.blobs += removed.blobs;
                sum.manifests += removed.manifests;
                sum.contents += removed.contents;
            }
        }
    }
    assert_eq!((sum.blobs, sum.manifests, sum.contents), (6, 6, 6));
    assert_each_once(&*metadata).await;
}

/// Two collectors at once do together what one would have done.
pub async fn collection_07_two_collectors_do_no_harm(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    let repo = several_dead(harness).await;
    let mut sum = Removed::default();
    at_every_head_start(async |head_start| {
        race(head_start, condemn_all(&*metadata), condemn_all(&*second)).await;
        let seals = race(head_start, metadata.seal(), second.seal()).await;
        seals.0.expect("seal");
        seals.1.expect("seal beside another");
    })
    .await;
    for round in 0..3 {
        harness.advance(GRACE + MINUTES).await;
        let removals = (remove(&*metadata, GRACE), remove(&*second, GRACE));
        let (first, other) = race(round, removals.0, removals.1).await;
        for removed in [first, other] {
            sum.blobs += removed.blobs;
            sum.manifests += removed.manifests;
            sum.contents += removed.contents;
            sum.bytes += removed.bytes;
        }
        seal_a_pass(&*metadata).await;
    }
    assert_eq!((sum.blobs, sum.manifests, sum.contents), (6, 6, 6));
    let bytes = (0..6).map(|number| format!("layer {number}").len() as u64);
    assert_eq!(
        sum.bytes,
        bytes.sum::<u64>(),
        "bytes counted twice or not at all"
    );
    assert_each_once(&*metadata).await;
    assert_eq!(repo.tags().await, ["kept"]);
}

/// Six blobs and six manifests that nothing keeps, and one that a tag keeps.
async fn several_dead(harness: &dyn MetadataHarness) -> Repo {
    let repo = repo_in(harness.metadata(), COLLECTING, "team/app").await;
    for number in 0..6 {
        let (text, key) = (format!("layer {number}"), format!("objects/{number}"));
        repo.put_blob(&SampleBlob::object(&text, &key)).await;
        let manifest = SampleManifest::new(&format!("manifest {number}"));
        repo.push(&manifest, &[]).await;
    }
    repo.push(&SampleManifest::new("kept"), &["kept"]).await;
    repo
}

async fn step(metadata: &dyn Metadata, limit: usize) -> Removed {
    let origin = Origin {
        actor: None,
        record: false,
    };
    metadata.remove(GRACE, limit, origin).await.expect("remove")
}

/// Each of the six objects was given up, once.
async fn assert_each_once(metadata: &dyn Metadata) {
    let mut given = doomed(metadata).await;
    given.sort();
    let expected = (0..6).map(|number| format!("objects/{number}"));
    let given: Vec<_> = given.iter().map(ToString::to_string).collect();
    assert!(
        given.iter().eq(&expected.collect::<Vec<_>>()),
        "given up: {given:?}"
    );
}
