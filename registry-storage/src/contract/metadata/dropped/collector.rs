//! Steps of the collector.

use registry_core::backend::{Metadata, ObjectKey, Origin};

use super::{assert_settled, assert_wholly_or_not};
use crate::contract::{
    drive::{at_every_poll, polled},
    metadata::{
        MetadataHarness,
        fixture::{
            COLLECTING, GRACE, MINUTES, SampleBlob, SampleManifest, Watch, condemn_all, doomed,
            remove, repo_in, seal_a_pass, unknown,
        },
    },
};

/// A step of condemning.
pub async fn m01_a_dropped_condemn_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| dead(harness, text).await;
    assert_wholly_or_not(prepare, async |watch| {
        watch.repo.metadata.condemn(1000).await.expect("condemn");
    })
    .await;
}

/// The end of a pass: repeated, its grace begins, and what is dead goes after it.
pub async fn m01_a_dropped_seal_can_be_repeated(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    at_every_poll(async |polls| {
        let watch = dead(harness, &format!("team-{polls}/app")).await;
        condemn_all(&*metadata).await;
        let done = polled(polls, metadata.seal()).await.is_some();
        metadata.seal().await.expect("seal");
        remove(&*metadata, GRACE).await;
        assert!(
            watch.repo.has_blob(&watch.blobs[0]).await,
            "its grace has begun"
        );
        harness.advance(GRACE + MINUTES).await;
        remove(&*metadata, GRACE).await;
        assert!(
            !watch.repo.has_blob(&watch.blobs[0]).await,
            "its grace is over"
        );
        done
    })
    .await;
}

/// A step of removing.
pub async fn m01_a_dropped_remove_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| {
        let watch = dead(harness, text).await;
        seal_a_pass(&*watch.repo.metadata).await;
        harness.advance(GRACE + MINUTES).await;
        watch
    };
    assert_wholly_or_not(prepare, async |watch| {
        let origin = Origin {
            actor: None,
            record: true,
        };
        let removed = watch.repo.metadata.remove(GRACE, 1000, origin).await;
        removed.expect("remove");
    })
    .await;
}

/// Giving up unknown objects: all of them or none, and then each is handed over until it is forgotten.
pub async fn m01_a_dropped_doom_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    at_every_poll(async |polls| {
        let texts = ["1", "2"].map(|end| format!("objects/{polls}/{end}"));
        let keys = texts.each_ref().map(|text| ObjectKey::new(text.as_str()));
        let asked = polled(polls, metadata.unknown(&keys)).await.is_some();
        unknown(&*metadata, &texts.each_ref().map(String::as_str)).await;
        harness.advance(GRACE + MINUTES).await;
        let done = polled(polls, metadata.doom(&keys, GRACE)).await.is_some();
        assert_given_up(&*metadata, polls, &[], &keys).await;
        metadata.doom(&keys, GRACE).await.expect("doom");
        assert_given_up(&*metadata, polls, &keys, &keys).await;
        let forgot = polled(polls, metadata.forget_doomed(&keys)).await.is_some();
        assert_given_up(&*metadata, polls, &keys, &[]).await;
        metadata.forget_doomed(&keys).await.expect("forget_doomed");
        assert_given_up(&*metadata, polls, &[], &[]).await;
        asked && done && forgot
    })
    .await;
}

/// What is handed over is what was so before, or what is so after.
async fn assert_given_up(
    metadata: &dyn Metadata,
    polls: usize,
    before: &[ObjectKey],
    after: &[ObjectKey],
) {
    let mut seen = Vec::new();
    for _ in 0..3 {
        let mut keys = doomed(metadata).await;
        keys.sort();
        seen.push(keys);
    }
    let seen: Vec<_> = seen.iter().collect();
    assert_settled(polls, &seen, &before.to_vec(), &after.to_vec());
}

/// A repository with two blobs and two manifests that nothing keeps.
async fn dead(harness: &dyn MetadataHarness, text: &str) -> Watch {
    let repo = repo_in(harness.metadata(), COLLECTING, text).await;
    let blobs = ["one", "two"].map(|name| SampleBlob::inline(&format!("{name} of {text}")));
    for blob in &blobs {
        repo.put_blob(blob).await;
    }
    let manifests = ["three", "four"].map(SampleManifest::new);
    for manifest in &manifests {
        repo.push(manifest, &[]).await;
    }
    Watch {
        blobs: blobs.map(|blob| blob.digest).to_vec(),
        manifests: manifests.map(|manifest| manifest.digest).to_vec(),
        ..Watch::new(&repo)
    }
}
