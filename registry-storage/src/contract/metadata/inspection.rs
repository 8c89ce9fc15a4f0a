//! Clauses of [`Inspection`](registry_core::backend::Inspection).

use std::time::Duration;

use registry_core::{
    Digest,
    backend::{BlobContent, Metadata, ObjectKey, PutBlobOutcome, Quarantined, Totals},
};

use super::{
    MetadataHarness,
    fixture::{GRACE, MINUTES, Repo, SampleBlob, SampleManifest, doomed, pass, unknown},
};

/// Pages of contents of any length make the whole, in order, each content once however many
/// repositories link it.
pub async fn inspection_01_contents_go_by_digest(harness: &dyn MetadataHarness) {
    let metadata = harness.second();
    let mut digests = Vec::new();
    for (repository, number) in [("team/a", 0), ("team/a", 1), ("team/b", 1), ("team/b", 2)] {
        let repo = Repo::create(harness.metadata(), repository).await;
        let blob = SampleBlob::object(&format!("layer {number}"), &format!("objects/{number}"));
        repo.put_blob(&blob).await;
        digests.push(blob.digest);
    }
    digests.sort();
    digests.dedup();
    for limit in 1..=4 {
        let mut found: Vec<Digest> = Vec::new();
        loop {
            let page = metadata
                .contents(found.last(), limit)
                .await
                .expect("contents");
            assert!(page.len() <= limit, "at most {limit}");
            if page.is_empty() {
                break;
            }
            found.extend(page.into_iter().map(|content| content.digest));
        }
        assert_eq!(found, digests, "in pages of {limit}");
    }
    let first = metadata.contents(None, 1).await.expect("contents");
    assert!(matches!(first[0].content, BlobContent::Object(_)) && !first[0].quarantined);
}

/// Pages of manifests of any length make the whole, by repository and digest.
pub async fn inspection_01_manifests_go_by_repository(harness: &dyn MetadataHarness) {
    let metadata = harness.second();
    let mut pushed = Vec::new();
    for repository in ["team/a", "team/a-b", "other/app"] {
        let repo = Repo::create(harness.metadata(), repository).await;
        for text in ["one", "two"] {
            let manifest = SampleManifest::new(text);
            repo.push(&manifest, &[text]).await;
            pushed.push((repo.name.clone(), manifest.digest));
        }
    }
    pushed.sort_by(|a, b| (a.0.as_str(), &a.1).cmp(&(b.0.as_str(), &b.1)));
    for limit in 1..=7 {
        let mut found = Vec::new();
        loop {
            let after = found.last().map(|(name, digest)| (name, digest));
            let page = metadata.manifests(after, limit).await.expect("manifests");
            assert!(page.len() <= limit, "at most {limit}");
            if page.is_empty() {
                break;
            }
            for manifest in page {
                assert_eq!(Digest::sha256(&manifest.bytes), manifest.digest);
                assert_eq!(manifest.missing, []);
                found.push((manifest.repository, manifest.digest));
            }
        }
        assert_eq!(found, pushed, "in pages of {limit}");
    }
}

/// A manifest comes with what it requires and cannot rely on.
pub async fn inspection_02_what_is_missing_is_named(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let (bad, good) = (
        SampleBlob::object("bad", "objects/1"),
        SampleBlob::object("good", "objects/2"),
    );
    repo.put_blob(&bad).await;
    repo.put_blob(&good).await;
    let manifest = SampleManifest::new("manifest")
        .with_blob(&bad.digest)
        .with_blob(&good.digest);
    repo.push(&manifest, &["v1"]).await;
    quarantine(&*metadata, &bad, "objects/1").await;
    let found = metadata.manifests(None, 10).await.expect("manifests");
    assert_eq!(found[0].missing, [bad.digest]);
}

/// What is quarantined is listed and stays, whether its digest is healed or its content collected; and no
/// command can name it again.
pub async fn inspection_03_what_is_quarantined_is_kept_aside(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let (healed, dropped) = (
        SampleBlob::object("healed", "objects/1"),
        SampleBlob::object("dropped", "objects/2"),
    );
    for (blob, key) in [(&healed, "objects/1"), (&dropped, "objects/2")] {
        repo.put_blob(blob).await;
        quarantine(&*metadata, blob, key).await;
    }
    assert_eq!(
        replaced(&*second).await,
        [false, false],
        "nothing serves them yet"
    );
    let again = SampleBlob::object("healed", "objects/3");
    assert_eq!(repo.put_blob(&again).await, PutBlobOutcome::Stored);
    repo.delete_blob(&dropped.digest).await;
    pass(harness).await;
    pass(harness).await;

    let aside = listed(&*second).await;
    let keys: Vec<_> = aside.iter().map(|aside| aside.object.as_str()).collect();
    assert_eq!(keys, ["objects/1", "objects/2"]);
    assert_eq!((&aside[0].digest, aside[0].size), (&healed.digest, 6));
    assert_eq!(replaced(&*second).await, [true, true]);
    let page = metadata.quarantined(Some(&aside[0].object), 1).await;
    let page = page.expect("quarantined");
    let keys: Vec<_> = page.iter().map(|aside| aside.object.as_str()).collect();
    assert_eq!(keys, ["objects/2"]);
    let given_up = doomed(&*metadata).await;
    assert!(!given_up.contains(&aside[0].object) && !given_up.contains(&aside[1].object));
    assert_eq!(unknown(&*metadata, &["objects/1", "objects/2"]).await, []);
    for late in [&healed, &SampleBlob::object("other", "objects/2")] {
        assert_eq!(repo.put_blob(late).await, PutBlobOutcome::ObjectGone);
    }
}

/// Only what was kept aside for so long, and what nothing waits for to be replaced, is given up.
pub async fn inspection_04_what_was_kept_aside_long_enough_is_released(
    harness: &dyn MetadataHarness,
) {
    let metadata = harness.metadata();
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blobs = ["one", "two", "three", "young"];
    for (number, text) in blobs.iter().enumerate() {
        if *text == "young" {
            harness.advance(GRACE).await;
        }
        let key = format!("objects/{number}");
        let blob = SampleBlob::object(text, &key);
        repo.put_blob(&blob).await;
        quarantine(&*metadata, &blob, &key).await;
        if *text != "three" {
            let again = SampleBlob::object(text, &format!("again/{number}"));
            repo.put_blob(&again).await;
        }
    }
    let release = |aside: Duration, limit| {
        let metadata = harness.second();
        async move { metadata.release(aside, limit).await.expect("release") }
    };
    assert_eq!(release(GRACE * 2, 10).await, 0, "none is so old");
    harness.advance(MINUTES).await;
    assert_eq!(release(GRACE, 1).await, 1, "at most one");
    assert_eq!(release(GRACE, 10).await, 1);
    assert_eq!(release(GRACE, 10).await, 0, "again");
    for (within, expected) in [(MINUTES * 2, 1), (GRACE * 2, 2), (Duration::MAX, 2)] {
        let count = metadata.quarantined_within(within).await;
        assert_eq!(
            count.expect("quarantined_within"),
            expected,
            "within {within:?}"
        );
    }
    let mut given_up = doomed(&*metadata).await;
    given_up.sort();
    assert_eq!(given_up, ["objects/0", "objects/1"].map(ObjectKey::new));
    let left: Vec<_> = listed(&*metadata)
        .await
        .into_iter()
        .map(|aside| aside.object)
        .collect();
    assert_eq!(left, ["objects/2", "objects/3"].map(ObjectKey::new));
}

/// The last note is everybody's.
pub async fn inspection_05_a_note_is_kept(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    assert_eq!(metadata.scrub_note().await.expect("scrub_note"), None);
    for note in ["one", "two"] {
        metadata
            .keep_scrub_note(note)
            .await
            .expect("keep_scrub_note");
        let kept = second.scrub_note().await.expect("scrub_note");
        assert_eq!(kept.as_deref(), Some(note));
    }
}

/// What repositories share is counted in each as a blob, and once as a content.
pub async fn inspection_06_totals_count_what_there_is(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    assert_eq!(metadata.totals().await.expect("totals"), Totals::default());
    let blob = SampleBlob::object("layer", "objects/1");
    for repository in ["team/a", "team/b"] {
        let repo = Repo::create(harness.metadata(), repository).await;
        repo.put_blob(&blob).await;
        repo.put_blob(&SampleBlob::inline("{}")).await;
        let manifest = SampleManifest::new("manifest").with_blob(&blob.digest);
        repo.push(&manifest, &["v1", "v2"]).await;
    }
    quarantine(&*metadata, &blob, "objects/1").await;
    let totals = second.totals().await.expect("totals");
    let manifest = SampleManifest::new("manifest").with_blob(&blob.digest);
    let expected = Totals {
        namespaces: 1,
        repositories: 2,
        tags: 4,
        manifests: 2,
        manifest_bytes: 2 * manifest.bytes.len() as u64,
        blobs: 4,
        blob_bytes: 14,
        contents: 2,
        content_bytes: 7,
        uploads: 0,
        condemned: 0,
        doomed: 0,
        quarantined: 1,
    };
    assert_eq!(totals, expected);
}

async fn quarantine(metadata: &dyn Metadata, blob: &SampleBlob, key: &str) {
    let key = ObjectKey::new(key);
    let quarantined = metadata.quarantine(&blob.digest, Some(&key)).await;
    assert!(quarantined.expect("quarantine"), "it serves the digest");
}

async fn listed(metadata: &dyn Metadata) -> Vec<Quarantined> {
    metadata.quarantined(None, 100).await.expect("quarantined")
}

async fn replaced(metadata: &dyn Metadata) -> Vec<bool> {
    let aside = listed(metadata).await;
    aside.into_iter().map(|aside| aside.replaced).collect()
}
