//! Clauses of guarantees 4, 5 and 6 under concurrency: a collector beside those who rely on a row.
//!
//! A row may go just before somebody would rely on it, who is then told that it is absent. What must
//! never be is that somebody was told it is there, and it goes.

use std::collections::BTreeSet;

use registry_core::backend::{
    BlobContent, MountBlobOutcome, ObjectKey, PutBlobOutcome, PutManifestOutcome, ReferenceTarget,
};

use crate::contract::{
    drive::{at_every_head_start, race},
    metadata::{
        MetadataHarness,
        fixture::{
            COLLECTING, GRACE, MINUTES, Repo, SampleBlob, SampleManifest, doomed, pass, remove,
            repo_in, seal_a_pass, unknown,
        },
    },
};

/// A push that requires a blob which is being removed: the manifest has its blob, or was refused.
pub async fn collection_04_a_push_beside_a_removal(harness: &dyn MetadataHarness) {
    beside_a_removal(harness, async |stage| {
        let manifest = SampleManifest::new(&stage.text).with_blob(&stage.blob.digest);
        match stage.repo.put_manifest(&manifest, &[]).await {
            PutManifestOutcome::Stored => true,
            PutManifestOutcome::Missing(_) => false,
            outcome => panic!("a push beside a removal: {outcome:?}"),
        }
    })
    .await;
}

/// A put of a blob which is being removed: it is there afterwards.
pub async fn collection_04_a_put_beside_a_removal(harness: &dyn MetadataHarness) {
    beside_a_removal(harness, async |stage| {
        let again = SampleBlob::object(&stage.text, &format!("{}/again", stage.text));
        match stage.repo.put_blob(&again).await {
            PutBlobOutcome::Stored | PutBlobOutcome::Deduplicated => true,
            outcome => panic!("a put beside a removal: {outcome:?}"),
        }
    })
    .await;
}

/// A renewal of a blob which is being removed: it is there afterwards, or the renewal said no.
pub async fn collection_04_a_renewal_beside_a_removal(harness: &dyn MetadataHarness) {
    beside_a_removal(harness, async |stage| {
        stage
            .repo
            .renew(ReferenceTarget::Blob, &stage.blob.digest)
            .await
    })
    .await;
}

/// A mount into a repository where the blob is being removed.
pub async fn collection_04_a_mount_beside_a_removal(harness: &dyn MetadataHarness) {
    let source = Repo::create(harness.metadata(), "base/os").await;
    beside_a_removal(harness, async |stage| {
        source.put_blob(&stage.blob).await;
        match stage.repo.mount(&source, &stage.blob.digest).await {
            MountBlobOutcome::Mounted { .. } => true,
            outcome => panic!("a mount beside a removal: {outcome:?}"),
        }
    })
    .await;
}

/// A mount from a link that is being removed, while no other link holds the content.
pub async fn collection_04_a_mount_from_what_is_removed(harness: &dyn MetadataHarness) {
    let target = Repo::create(harness.second(), "team/target").await;
    let number = std::cell::Cell::new(0);
    at_every_head_start(async |head_start| {
        number.set(number.get() + 1);
        let stage = Stage::new(harness, &format!("layer {}", number.get())).await;
        harness.advance(GRACE + MINUTES).await;
        let mount = target.mount(&stage.repo, &stage.blob.digest);
        let removal = remove(&*stage.repo.metadata, GRACE);
        let (mounted, _) = race(head_start, mount, removal).await;
        let told = matches!(mounted, MountBlobOutcome::Mounted { .. });
        assert_eq!(
            told,
            target.has_blob(&stage.blob.digest).await,
            "{mounted:?}"
        );
        assert_whole(&target, &stage.blob).await;
        target.delete_blob(&stage.blob.digest).await;
    })
    .await;
}

/// The last link goes and the content is removed while it is put again: whoever was told that it is
/// stored has a content whose object was not given up.
pub async fn collection_05_a_put_beside_the_removal_of_content(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = Repo::create(harness.second(), "other/app").await;
    at_every_head_start(async |head_start| {
        for put_first in [true, false] {
            let text = format!("layer {head_start} {put_first}");
            let old = SampleBlob::object(&text, &format!("{text}/old"));
            let new = SampleBlob::object(&text, &format!("{text}/new"));
            repo.put_blob(&old).await;
            repo.delete_blob(&old.digest).await;
            seal_a_pass(&*repo.metadata).await;
            harness.advance(GRACE + MINUTES).await;
            let (put, removal) = (other.put_blob(&new), remove(&*repo.metadata, GRACE));
            let put = match put_first {
                true => race(head_start, put, removal).await.0,
                false => race(head_start, removal, put).await.1,
            };
            let record = other.blob(&new.digest).await.expect("a blob that was put");
            let kept = match put {
                PutBlobOutcome::Stored => new.content,
                PutBlobOutcome::Deduplicated => old.content.clone(),
                outcome => panic!("a put beside a removal: {outcome:?}"),
            };
            assert_eq!(record.content, kept, "after the answer {put:?}");
            assert_whole(&other, &old).await;
        }
    })
    .await;
}

/// An object is named while it would be given up as unknown: either the put is refused, or the object
/// stays.
pub async fn collection_06_a_put_beside_giving_up_the_unknown(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let second = harness.second();
    at_every_head_start(async |head_start| {
        for put_first in [true, false] {
            let key = format!("objects/{head_start}/{put_first}");
            let blob = SampleBlob::object(&key, &key);
            unknown(&*second, &[&key]).await;
            harness.advance(GRACE + MINUTES).await;
            let keys = [ObjectKey::new(key.as_str())];
            let (put, doom) = (repo.put_blob(&blob), second.doom(&keys, GRACE));
            let (put, given_up) = match put_first {
                true => race(head_start, put, doom).await,
                false => {
                    let (given_up, put) = race(head_start, doom, put).await;
                    (put, given_up)
                }
            };
            match given_up.expect("doom") {
                0 => assert_eq!(put, PutBlobOutcome::Stored),
                _ => assert_eq!(put, PutBlobOutcome::ObjectGone),
            }
            let there = repo.has_blob(&blob.digest).await;
            assert_eq!(there, put == PutBlobOutcome::Stored);
            assert_whole(&repo, &blob).await;
        }
    })
    .await;
}

/// A blob that was condemned, and whose grace is nearly over.
struct Stage {
    repo: Repo,
    text: String,
    blob: SampleBlob,
}

impl Stage {
    async fn new(harness: &dyn MetadataHarness, text: &str) -> Self {
        let repo = repo_in(harness.metadata(), COLLECTING, "team/app").await;
        let blob = SampleBlob::object(text, &format!("{text}/first"));
        repo.put_blob(&blob).await;
        seal_a_pass(&*repo.metadata).await;
        Self {
            repo: repo.seen_by(harness.second()),
            text: text.to_owned(),
            blob,
        }
    }
}

/// Runs `rely` beside the removal of the blob it relies on, from every beginning; it says whether it
/// was told that the blob is there. What it was told has to hold, for a grace more.
async fn beside_a_removal(harness: &dyn MetadataHarness, rely: impl AsyncFn(&Stage) -> bool) {
    at_every_head_start(async |head_start| {
        for rely_first in [true, false] {
            let text = format!("layer {head_start} {rely_first}");
            let stage = Stage::new(harness, &text).await;
            harness.advance(GRACE + MINUTES).await;
            let removal = remove(&*stage.repo.metadata, GRACE);
            let told = match rely_first {
                true => race(head_start, rely(&stage), removal).await.0,
                false => race(head_start, removal, rely(&stage)).await.1,
            };
            let there = stage.repo.has_blob(&stage.blob.digest).await;
            assert!(
                there || !told,
                "told that the blob is there, and it is gone"
            );
            assert_whole(&stage.repo, &stage.blob).await;
            seal_a_pass(&*stage.repo.metadata).await;
            harness.advance(GRACE - MINUTES).await;
            remove(&*stage.repo.metadata, GRACE).await;
            let there = stage.repo.has_blob(&stage.blob.digest).await;
            assert!(
                there || !told,
                "told that the blob is there, and its grace was cut"
            );
            pass(harness).await;
        }
    })
    .await;
}

/// Where the blob is there, its object was not given up.
async fn assert_whole(repo: &Repo, blob: &SampleBlob) {
    let given_up: BTreeSet<_> = doomed(&*repo.metadata).await.into_iter().collect();
    if let Some(record) = repo.blob(&blob.digest).await
        && let BlobContent::Object(key) = &record.content
    {
        assert!(
            !given_up.contains(key),
            "{key} serves a blob and was given up"
        );
    }
}
