//! Clauses of guarantee 8: whoever relies on a condemned row clears its condemnation.
//!
//! That a row which was not relied upon goes is held to by the clauses of
//! [`Collection`](registry_core::backend::Collection).

use registry_core::{
    Digest,
    backend::{
        ClaimOutcome, MountBlobOutcome, PutBlob, PutBlobOutcome, PutManifestOutcome,
        ReferenceTarget, TagCondition,
    },
};

use crate::contract::metadata::{
    MetadataHarness,
    fixture::{
        COLLECTING, GRACE, MINUTES, Repo, SampleBlob, SampleManifest, SampleSession, current,
        inline_checkpoint, remove, repo_in, seal_a_pass, tag_if,
    },
};

/// A condemned blob that is put again stays.
pub async fn content_08_a_put_revives_a_blob(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    let again = SampleBlob::object("layer", "objects/2");
    assert_eq!(
        stage.repo.put_blob(&again).await,
        PutBlobOutcome::Deduplicated
    );
    stage.assert_blob_stays(harness).await;
}

/// A condemned blob that an upload session ends with stays.
pub async fn content_08_a_session_revives_a_blob(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    let session = SampleSession::new(&stage.repo, "session-1");
    let epoch = session.written(0, inline_checkpoint("half")).await;
    let again = SampleBlob::object("layer", "objects/2");
    let command = PutBlob {
        session: Some(session.end(epoch)),
        ..again.put(stage.repo.scope().await)
    };
    let outcome = stage
        .repo
        .metadata
        .put_blob(command)
        .await
        .expect("put_blob");
    assert_eq!(current(outcome), PutBlobOutcome::Deduplicated);
    let digest = stage.blob.digest.clone();
    assert_eq!(session.claim().await, ClaimOutcome::Finished(digest));
    stage.assert_blob_stays(harness).await;
}

/// A condemned blob that is mounted again, from wherever, stays.
pub async fn content_08_a_mount_revives_its_target(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    let source = Repo::create(harness.second(), "base/os").await;
    source.put_blob(&stage.blob).await;
    let mounted = stage.repo.mount(&source, &stage.blob.digest).await;
    let size = stage.blob.size;
    assert_eq!(mounted, MountBlobOutcome::Mounted { size });
    stage.assert_blob_stays(harness).await;
}

/// A blob mounted from a condemned one stays where it was mounted to.
pub async fn content_08_a_mount_outlives_a_condemned_source(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    let target = Repo::create(harness.second(), "team/copy").await;
    let mounted = target.mount(&stage.repo, &stage.blob.digest).await;
    let size = stage.blob.size;
    assert_eq!(mounted, MountBlobOutcome::Mounted { size });
    harness.advance(GRACE + MINUTES).await;
    remove(&*target.metadata, GRACE).await;
    let record = target
        .blob(&stage.blob.digest)
        .await
        .expect("the blob mounted");
    assert_eq!(record.content, stage.blob.content);
}

/// A condemned blob that a manifest refers to stays, whether the reference is required or not.
pub async fn content_08_a_reference_revives_a_blob(harness: &dyn MetadataHarness) {
    for required in [true, false] {
        let stage = Stage::named(harness, &format!("team/app-{required}")).await;
        let target = ReferenceTarget::Blob;
        let manifest = SampleManifest::new("image").referring(target, &stage.blob.digest, required);
        stage.repo.push(&manifest, &["image"]).await;
        stage.assert_blob_stays(harness).await;
    }
}

/// A condemned manifest that an index refers to stays, whether the reference is required or not.
pub async fn content_08_a_reference_revives_a_manifest(harness: &dyn MetadataHarness) {
    for required in [true, false] {
        let stage = Stage::named(harness, &format!("team/app-{required}")).await;
        let target = ReferenceTarget::Manifest;
        let digest = &stage.manifest.digest;
        let index = SampleManifest::new("index").referring(target, digest, required);
        stage.repo.push(&index, &["index"]).await;
        stage.assert_manifest_stays(harness).await;
    }
}

/// A condemned manifest that is put again stays, with or without a tag.
pub async fn content_08_a_put_revives_a_manifest(harness: &dyn MetadataHarness) {
    for tags in [&["v1"][..], &[]] {
        let stage = Stage::named(harness, &format!("team/app-{}", tags.len())).await;
        stage.repo.push(&stage.manifest, tags).await;
        stage.assert_manifest_stays(harness).await;
    }
}

/// A put that was refused has relied on nothing; it leaves the row as it was or revives it, and
/// what it would have relied on may go.
pub async fn content_08_a_refused_put_does_no_harm(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    let elsewhere = TagCondition::Is(Digest::sha256(b"elsewhere"));
    let manifest = SampleManifest::new("image").with_blob(&stage.blob.digest);
    stage
        .repo
        .put_manifest(&manifest, &[tag_if("v1", elsewhere)])
        .await;
    harness.advance(GRACE + MINUTES).await;
    remove(&*stage.repo.metadata, GRACE).await;
    assert!(!stage.repo.has_manifest(&manifest.digest).await);
    assert_eq!(stage.repo.tags().await, <[&str; 0]>::default());
}

/// A renewal before an answer keeps what the answer says exists.
pub async fn content_08_a_renewal_revives_either(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    let other = stage.repo.seen_by(harness.second());
    assert!(other.renew(ReferenceTarget::Blob, &stage.blob.digest).await);
    assert!(
        other
            .renew(ReferenceTarget::Manifest, &stage.manifest.digest)
            .await
    );
    harness.advance(GRACE + MINUTES).await;
    remove(&*other.metadata, GRACE).await;
    assert!(stage.repo.has_blob(&stage.blob.digest).await);
    assert!(stage.repo.has_manifest(&stage.manifest.digest).await);
}

/// A renewal of what is not there says so, and makes nothing.
pub async fn content_08_a_renewal_of_what_is_gone_says_so(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    harness.advance(GRACE + MINUTES).await;
    remove(&*stage.repo.metadata, GRACE).await;
    let other = stage.repo.beside("team/other");
    let never = Digest::sha256(b"never");
    let (blob, manifest) = (&stage.blob.digest, &stage.manifest.digest);
    let (of_blob, of_manifest) = (ReferenceTarget::Blob, ReferenceTarget::Manifest);
    for (repo, target, digest) in [
        (&stage.repo, of_blob, blob),
        (&stage.repo, of_manifest, manifest),
        (&stage.repo, of_blob, &never),
        (&stage.repo, of_manifest, blob),
        (&other, of_blob, blob),
    ] {
        let renewed = repo.renew(target, digest).await;
        assert!(!renewed, "{target:?} {digest} is not in {}", repo.name);
    }
    assert!(!stage.repo.has_blob(blob).await && !stage.repo.has_manifest(manifest).await);
}

/// What is there and not condemned is renewed without ado.
pub async fn content_08_a_renewal_of_what_is_live_says_yes(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let blob = SampleBlob::inline("config");
    let manifest = SampleManifest::new("manifest");
    repo.put_blob(&blob).await;
    repo.push(&manifest, &["v1"]).await;
    assert!(repo.renew(ReferenceTarget::Blob, &blob.digest).await);
    assert!(
        repo.renew(ReferenceTarget::Manifest, &manifest.digest)
            .await
    );
}

/// What was removed is absent to whoever would rely on it.
pub async fn content_08_what_was_removed_is_absent(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    let target = Repo::create(harness.second(), "team/copy").await;
    harness.advance(GRACE + MINUTES).await;
    remove(&*target.metadata, GRACE).await;
    let mounted = target.mount(&stage.repo, &stage.blob.digest).await;
    assert_eq!(mounted, MountBlobOutcome::SourceAbsent);
    let missing = vec![stage.blob.digest.clone()];
    let manifest = SampleManifest::new("image").with_blob(&stage.blob.digest);
    let outcome = stage.repo.put_manifest(&manifest, &[]).await;
    let expected = PutManifestOutcome::Missing(missing);
    assert_eq!(outcome, expected);
}

/// A repository with a condemned blob and a condemned manifest, in a pass that is sealed.
struct Stage {
    repo: Repo,
    blob: SampleBlob,
    manifest: SampleManifest,
}

impl Stage {
    async fn new(harness: &dyn MetadataHarness) -> Self {
        Self::named(harness, "team/app").await
    }

    async fn named(harness: &dyn MetadataHarness, text: &str) -> Self {
        let repo = repo_in(harness.metadata(), COLLECTING, text).await;
        let blob = SampleBlob::object("layer", "objects/1");
        let manifest = SampleManifest::new("manifest");
        repo.put_blob(&blob).await;
        repo.push(&manifest, &[]).await;
        seal_a_pass(&*repo.metadata).await;
        let stage = Self {
            repo,
            blob,
            manifest,
        };
        assert!(
            stage.is_condemned().await,
            "what nothing keeps is condemned"
        );
        stage
    }

    async fn is_condemned(&self) -> bool {
        let blob = self.repo.blob(&self.blob.digest).await;
        let manifest = self.repo.manifest(&self.manifest.digest).await;
        blob.expect("the blob").condemned && manifest.expect("the manifest").condemned
    }

    async fn assert_blob_stays(&self, harness: &dyn MetadataHarness) {
        let record = self.repo.blob(&self.blob.digest).await.expect("the blob");
        assert!(!record.condemned, "the blob is condemned still");
        harness.advance(GRACE + MINUTES).await;
        remove(&*harness.second(), GRACE).await;
        let there = self.repo.has_blob(&self.blob.digest).await;
        assert!(there, "a blob that was relied on is gone");
    }

    async fn assert_manifest_stays(&self, harness: &dyn MetadataHarness) {
        let record = self.repo.manifest(&self.manifest.digest).await;
        let condemned = record.expect("the manifest").condemned;
        assert!(!condemned, "the manifest is condemned still");
        harness.advance(GRACE + MINUTES).await;
        remove(&*harness.second(), GRACE).await;
        let there = self.repo.has_manifest(&self.manifest.digest).await;
        assert!(there, "a manifest that was relied on is gone");
    }
}
