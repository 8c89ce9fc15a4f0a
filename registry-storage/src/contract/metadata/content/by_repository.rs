//! Clauses of guarantee 1: content is found only where it was put or mounted.

use registry_core::{
    Digest, Reference,
    backend::{
        BlobContent, CreateRule, DeleteBlobOutcome, DeleteManifestOutcome, DeleteTagOutcome,
        MountBlob, MountBlobOutcome, ObjectKey, PutBlobOutcome, PutManifestOutcome,
    },
};

use crate::contract::{
    drive::{at_every_head_start, race},
    metadata::{
        MetadataHarness,
        fixture::{
            ALICE, ANYTHING_NEW, NOTHING_NEW, Repo, SampleBlob, SampleManifest, current, tags,
        },
    },
};

/// A blob is found in the repository it was put into and in no other, near or far.
pub async fn content_01_a_blob_is_found_only_where_it_was_put(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let others = neighbours(harness).await;
    for blob in [
        SampleBlob::inline("config"),
        SampleBlob::object("layer", "objects/1"),
    ] {
        assert_eq!(repo.put_blob(&blob).await, PutBlobOutcome::Stored);
        for other in &others {
            let name = &other.name;
            assert!(!other.has_blob(&blob.digest).await, "found in {name}");
            let deleted = other.delete_blob(&blob.digest).await;
            assert_eq!(deleted, DeleteBlobOutcome::Absent, "in {name}");
        }
        let record = repo.blob(&blob.digest).await.expect("the blob just put");
        assert_eq!((record.size, record.content), (blob.size, blob.content));
    }
}

/// A manifest and its tags are found in the repository they were put into and in no other.
pub async fn content_01_a_manifest_is_found_only_where_it_was_put(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let subject = Digest::sha256(b"subject");
    let manifest = SampleManifest::new("manifest").about(&subject);
    repo.push(&manifest, &["v1"]).await;
    for other in neighbours(harness).await {
        let name = &other.name;
        assert!(
            !other.has_manifest(&manifest.digest).await,
            "found in {name}"
        );
        assert_eq!(other.tagged("v1").await, None, "in {name}");
        assert_eq!(other.tags().await, <[&str; 0]>::default(), "in {name}");
        assert_eq!(other.referrers(&subject).await, [], "in {name}");
        let deleted = other.delete_manifest(&manifest.digest).await;
        assert_eq!(deleted, DeleteManifestOutcome::Absent, "in {name}");
        let deleted = other.delete_tag("v1").await;
        assert_eq!(deleted, DeleteTagOutcome::Absent, "in {name}");
    }
    assert_eq!(repo.tagged("v1").await, Some(manifest.digest));
}

/// A manifest cannot require what only another repository has.
pub async fn content_01_a_reference_is_met_in_its_own_repository(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::inline("config");
    let child = SampleManifest::new("child");
    repo.put_blob(&blob).await;
    repo.push(&child, &[]).await;
    let missing = [blob.digest.clone(), child.digest.clone()];
    let index = SampleManifest::new("index")
        .with_blob(&missing[0])
        .with_child(&missing[1]);
    for other in neighbours(harness).await {
        let outcome = other.put_manifest(&index, &tags(&["v1"])).await;
        let PutManifestOutcome::Missing(mut found) = outcome else {
            panic!("{} has neither reference: {outcome:?}", other.name);
        };
        found.sort();
        let mut expected = missing.to_vec();
        expected.sort();
        assert_eq!(found, expected);
    }
}

/// Deleting a blob in one repository leaves it in all others, however it came there.
pub async fn content_01_deleting_a_blob_leaves_it_elsewhere(harness: &dyn MetadataHarness) {
    let first = Repo::create(harness.metadata(), "team/app").await;
    let mounted = Repo::create(harness.metadata(), "team/copy").await;
    let pushed = Repo::create(harness.second(), "other/app").await;
    for blob in [
        SampleBlob::inline("config"),
        SampleBlob::object("layer", "objects/1"),
    ] {
        let digest = &blob.digest;
        first.put_blob(&blob).await;
        let size = blob.size;
        let mount = mounted.mount(&first, digest).await;
        assert_eq!(mount, MountBlobOutcome::Mounted { size });
        pushed.put_blob(&blob).await;
        assert_eq!(first.delete_blob(digest).await, DeleteBlobOutcome::Deleted);
        assert!(!first.has_blob(digest).await, "found where it was deleted");
        for repo in [&mounted, &pushed] {
            let record = repo.blob(digest).await.expect("a blob deleted elsewhere");
            assert_eq!(record.content, blob.content);
        }
        assert_eq!(
            mounted.delete_blob(digest).await,
            DeleteBlobOutcome::Deleted
        );
        assert!(pushed.has_blob(digest).await, "deleted elsewhere, twice");
        assert_eq!(first.delete_blob(digest).await, DeleteBlobOutcome::Absent);
    }
}

/// Deleting a manifest or tag in one repository leaves it in all others.
pub async fn content_01_deleting_a_manifest_leaves_it_elsewhere(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = Repo::create(harness.second(), "other/app").await;
    let subject = Digest::sha256(b"subject");
    let manifest = SampleManifest::new("manifest").about(&subject);
    for repo in [&repo, &other] {
        repo.push(&manifest, &["v1", "v2"]).await;
    }
    repo.delete_tag("v2").await;
    repo.delete_manifest(&manifest.digest).await;
    assert_eq!(other.tags().await, ["v1", "v2"]);
    let found = other.referrers(&subject).await;
    assert_eq!(found, std::slice::from_ref(&manifest.digest));
    let record = other.resolve(&Reference::Digest(manifest.digest)).await;
    assert_eq!(record.expect("deleted elsewhere").bytes, manifest.bytes);
}

/// What a manifest requires in one repository can be deleted in another.
pub async fn content_01_a_reference_binds_in_its_own_repository(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = Repo::create(harness.metadata(), "team/copy").await;
    let blob = SampleBlob::inline("config");
    for repo in [&repo, &other] {
        repo.put_blob(&blob).await;
    }
    let manifest = SampleManifest::new("manifest").with_blob(&blob.digest);
    repo.push(&manifest, &["v1"]).await;
    let deleted = other.delete_blob(&blob.digest).await;
    assert_eq!(deleted, DeleteBlobOutcome::Deleted);
    assert!(repo.has_blob(&blob.digest).await);
}

/// A mount needs the blob in its source, makes what it may, and mounting again is no error.
pub async fn content_01_a_mount_links_what_its_source_has(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let source = Repo::create(harness.metadata(), "base/os").await;
    let target = Repo::new(harness.metadata(), "team/app");
    let blob = SampleBlob::object("layer", "objects/1");
    source.put_blob(&blob).await;
    let mount = async |from: &Repo, digest: &Digest, create: CreateRule| {
        let command = MountBlob {
            from: from.scope().await,
            to: target.scope().await,
            digest,
            create,
            origin: ALICE,
        };
        current(metadata.mount_blob(command).await.expect("mount_blob"))
    };
    let absent = mount(&source, &blob.digest, NOTHING_NEW).await;
    assert_eq!(absent, MountBlobOutcome::RepositoryAbsent);
    for _ in 0..2 {
        let size = blob.size;
        let mounted = mount(&source, &blob.digest, ANYTHING_NEW).await;
        assert_eq!(mounted, MountBlobOutcome::Mounted { size });
    }
    let record = target.blob(&blob.digest).await.expect("the blob mounted");
    let object = BlobContent::Object(ObjectKey::new("objects/1"));
    assert_eq!((record.size, record.content), (blob.size, object));

    source.delete_blob(&blob.digest).await;
    let other = Repo::create(harness.metadata(), "team/other").await;
    for from in [&source, &other] {
        let mounted = mount(from, &blob.digest, ANYTHING_NEW).await;
        assert_eq!(mounted, MountBlobOutcome::SourceAbsent);
    }
    assert!(target.has_blob(&blob.digest).await);
}

/// A mount that races the deletion of its source has linked content that is there, or nothing.
pub async fn content_01_a_mount_that_races_a_delete_is_whole(harness: &dyn MetadataHarness) {
    let source = Repo::create(harness.metadata(), "base/os").await;
    let target = Repo::create(harness.second(), "team/app").await;
    at_every_head_start(async |head_start| {
        let blob = SampleBlob::object(
            &format!("layer {head_start}"),
            &format!("objects/{head_start}"),
        );
        source.put_blob(&blob).await;
        let deleted = source.delete_blob(&blob.digest);
        let mounted = target.mount(&source, &blob.digest);
        let (deleted, mounted) = race(head_start, deleted, mounted).await;
        assert_eq!(deleted, DeleteBlobOutcome::Deleted);
        let there = target.has_blob(&blob.digest).await;
        let told = matches!(mounted, MountBlobOutcome::Mounted { .. });
        assert_eq!(there, told, "the mount answered {mounted:?}");
    })
    .await;
}

/// Repositories whose names are near, and one that is far.
async fn neighbours(harness: &dyn MetadataHarness) -> Vec<Repo> {
    let mut repos = Vec::new();
    for text in [
        "team/app/part",
        "team/ap",
        "team/app-1",
        "other/app",
        "team/app_1",
    ] {
        repos.push(Repo::create(harness.second(), text).await);
    }
    repos
}
