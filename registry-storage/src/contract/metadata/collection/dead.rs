//! What is dead, and what is not: the definition that all guarantees rest on.

use registry_core::{
    Digest,
    backend::{NamespaceSettings, ReferenceTarget},
};

use crate::contract::metadata::{
    MetadataHarness,
    fixture::{
        ALICE, COLLECTING, GRACE, MINUTES, PRIVATE, Repo, SampleBlob, SampleManifest, current,
        pass, remove, repo_in, seal_a_pass,
    },
};

/// Passes after which everything dead has gone, layer by layer.
const PASSES: usize = 5;

/// All that a tagged manifest keeps stays: its blobs and children, their blobs in turn, what is about
/// it, and what that refers to; by whichever algorithm they are named, required or not.
pub async fn collection_01_what_a_tag_keeps_stays(harness: &dyn MetadataHarness) {
    let repo = repo_in(harness.metadata(), COLLECTING, "team/app").await;
    let tree = Tree::push(&repo, &["v1"]).await;
    for _ in 0..PASSES {
        let removed = pass(harness).await;
        assert_eq!(
            (removed.blobs, removed.manifests, removed.contents),
            (0, 0, 0),
            "something that a tag keeps was removed"
        );
    }
    tree.assert_whole(&repo).await;
}

/// In a namespace that keeps untagged manifests, one pushed by digest keeps all that a tag would.
pub async fn collection_01_a_push_by_digest_stays(harness: &dyn MetadataHarness) {
    let repo = repo_in(harness.metadata(), PRIVATE, "team/app").await;
    let tree = Tree::push(&repo, &[]).await;
    for _ in 0..PASSES {
        pass(harness).await;
    }
    tree.assert_whole(&repo).await;
}

/// In a namespace that collects untagged manifests, all of it goes when the tag goes, layer by layer,
/// and nothing beside it.
pub async fn collection_01_what_nothing_keeps_goes(harness: &dyn MetadataHarness) {
    let repo = repo_in(harness.metadata(), COLLECTING, "team/app").await;
    let tree = Tree::push(&repo, &["v1"]).await;
    let beside = SampleManifest::new("beside");
    repo.push(&beside, &["v2"]).await;
    repo.delete_tag("v1").await;
    for _ in 0..PASSES {
        pass(harness).await;
    }
    for manifest in &tree.manifests {
        assert!(
            !repo.has_manifest(manifest).await,
            "{manifest} is there still"
        );
    }
    for blob in &tree.blobs {
        assert!(!repo.has_blob(blob).await, "{blob} is there still");
    }
    assert_eq!(repo.tagged("v2").await, Some(beside.digest));
    let doomed = repo.metadata.doomed(100).await.expect("doomed");
    assert_eq!(
        doomed.len(),
        tree.blobs.len(),
        "objects of the blobs removed"
    );
}

/// A signature goes after its subject went, not before and not with it.
pub async fn collection_01_a_referrer_outlives_its_subject_by_a_grace(
    harness: &dyn MetadataHarness,
) {
    let repo = repo_in(harness.metadata(), COLLECTING, "team/app").await;
    let subject = SampleManifest::new("subject");
    let signature = SampleManifest::new("signature").about(&subject.digest);
    repo.push(&signature, &[]).await;
    repo.push(&subject, &["v1"]).await;
    repo.delete_tag("v1").await;
    pass(harness).await;
    assert!(
        !repo.has_manifest(&subject.digest).await,
        "nothing keeps the subject"
    );
    assert!(
        repo.has_manifest(&signature.digest).await,
        "its grace has not begun"
    );
    pass(harness).await;
    assert!(
        !repo.has_manifest(&signature.digest).await,
        "nothing keeps it"
    );
}

/// A signature of what is not there yet stays where untagged manifests stay, and goes where they are
/// collected; a manifest with neither subject nor tag likewise.
pub async fn collection_01_an_absent_subject_keeps_nothing(harness: &dyn MetadataHarness) {
    let absent = Digest::sha256(b"absent");
    let manifests = [
        SampleManifest::new("signature").about(&absent),
        SampleManifest::new("alone"),
    ];
    let places = [("keeps", PRIVATE, true), ("collects", COLLECTING, false)];
    for (namespace, settings, stays) in places {
        let repo = repo_in(harness.metadata(), settings, &format!("{namespace}/app")).await;
        for manifest in &manifests {
            repo.push(manifest, &[]).await;
        }
        pass(harness).await;
        for manifest in &manifests {
            let there = repo.has_manifest(&manifest.digest).await;
            assert_eq!(there, stays, "in a namespace that {namespace}");
        }
    }
}

/// A blob is kept by the manifests of its own repository alone; its content by any repository's.
pub async fn collection_01_a_blob_is_kept_in_its_own_repository(harness: &dyn MetadataHarness) {
    let keeping = Repo::create(harness.metadata(), "team/app").await;
    let idle = Repo::create(harness.metadata(), "team/idle").await;
    let blob = SampleBlob::object("layer", "objects/1");
    keeping.put_blob(&blob).await;
    idle.mount(&keeping, &blob.digest).await;
    let manifest = SampleManifest::new("manifest").with_blob(&blob.digest);
    keeping.push(&manifest, &["v1"]).await;
    for _ in 0..PASSES {
        pass(harness).await;
    }
    assert!(!idle.has_blob(&blob.digest).await, "nothing there keeps it");
    let record = keeping.blob(&blob.digest).await.expect("a blob in use");
    assert_eq!(record.content, blob.content);
    let doomed = keeping.metadata.doomed(100).await.expect("doomed");
    assert_eq!(doomed, [], "an object in use was given up");
}

/// A referrer that was condemned before its subject came is not removed after that.
pub async fn collection_03_a_subject_that_came_keeps_its_referrer(harness: &dyn MetadataHarness) {
    let repo = repo_in(harness.metadata(), COLLECTING, "team/app").await;
    let subject = SampleManifest::new("subject");
    let signature = SampleManifest::new("signature").about(&subject.digest);
    repo.push(&signature, &[]).await;
    seal_a_pass(&*repo.metadata).await;
    repo.push(&subject, &["v1"]).await;
    harness.advance(GRACE * 2).await;
    remove(&*harness.second(), GRACE).await;
    assert!(repo.has_manifest(&signature.digest).await);
    assert_eq!(repo.referrers(&subject.digest).await, [signature.digest]);
}

/// A row that lives when it could be removed loses its mark: what dies later has a grace of its own.
pub async fn collection_03_a_row_that_lives_loses_its_mark(harness: &dyn MetadataHarness) {
    let repo = repo_in(harness.metadata(), COLLECTING, "team/app").await;
    let subject = SampleManifest::new("subject");
    let signature = SampleManifest::new("signature").about(&subject.digest);
    repo.push(&signature, &[]).await;
    seal_a_pass(&*repo.metadata).await;
    repo.push(&subject, &["v1"]).await;
    harness.advance(GRACE + MINUTES).await;
    remove(&*harness.second(), GRACE).await;
    let record = repo.manifest(&signature.digest).await;
    assert!(!record.expect("the signature").condemned, "it lives");
    repo.delete_manifest(&subject.digest).await;
    remove(&*harness.second(), GRACE).await;
    let there = repo.has_manifest(&signature.digest).await;
    assert!(there, "no pass has condemned it since its subject went");
    pass(harness).await;
    assert!(
        !repo.has_manifest(&signature.digest).await,
        "nothing keeps it"
    );
}

/// A manifest that was condemned in a namespace that no longer collects is not removed.
pub async fn collection_03_a_namespace_that_keeps_again_keeps(harness: &dyn MetadataHarness) {
    let repo = repo_in(harness.metadata(), COLLECTING, "team/app").await;
    let manifest = SampleManifest::new("manifest");
    repo.push(&manifest, &[]).await;
    seal_a_pass(&*repo.metadata).await;
    update(&repo, PRIVATE).await;
    harness.advance(GRACE * 2).await;
    remove(&*harness.second(), GRACE).await;
    assert!(repo.has_manifest(&manifest.digest).await);
}

async fn update(repo: &Repo, settings: NamespaceSettings) {
    let version = repo.facts().await.version;
    let name = repo.name.namespace();
    let updated = repo
        .metadata
        .update_namespace(&name, version, settings, ALICE);
    current(updated.await.expect("update_namespace"));
}

/// An index with two images, a signature of the index, and one of the signature.
struct Tree {
    manifests: Vec<Digest>,
    blobs: Vec<Digest>,
}

impl Tree {
    /// Pushes blobs first and the index last but for what is about it, as clients do.
    async fn push(repo: &Repo, tags: &[&str]) -> Self {
        let layers = [
            SampleBlob::object("layer 1", "objects/1"),
            SampleBlob::object("layer 2", "objects/2").sha512("layer 2"),
            SampleBlob::object("layer 3", "objects/3"),
            SampleBlob::object("layer 4", "objects/4").sha512("layer 4"),
        ];
        for layer in &layers {
            repo.put_blob(layer).await;
        }
        let blobs: Vec<_> = layers.iter().map(|layer| layer.digest.clone()).collect();
        let one = SampleManifest::new("image 1").with_blob(&blobs[0]);
        let two = SampleManifest::sha512("image 2")
            .with_blob(&blobs[1])
            .referring(ReferenceTarget::Blob, &blobs[2], false);
        let index = SampleManifest::new("index")
            .with_child(&one.digest)
            .referring(ReferenceTarget::Manifest, &two.digest, false);
        let signature = SampleManifest::new("signature")
            .with_blob(&blobs[3])
            .about(&index.digest);
        let attestation = SampleManifest::sha512("attestation").about(&signature.digest);
        repo.push(&one, &[]).await;
        repo.push(&two, &[]).await;
        repo.push(&index, tags).await;
        repo.push(&signature, &[]).await;
        repo.push(&attestation, &[]).await;
        let manifests = [one, two, index, signature, attestation];
        let manifests = manifests.map(|manifest| manifest.digest).to_vec();
        Self { manifests, blobs }
    }

    async fn assert_whole(&self, repo: &Repo) {
        for manifest in &self.manifests {
            assert!(
                repo.has_manifest(manifest).await,
                "{manifest} was collected"
            );
        }
        for blob in &self.blobs {
            assert!(repo.has_blob(blob).await, "{blob} was collected");
        }
        let doomed = repo.metadata.doomed(100).await.expect("doomed");
        assert_eq!(doomed, [], "objects in use were given up");
    }
}
