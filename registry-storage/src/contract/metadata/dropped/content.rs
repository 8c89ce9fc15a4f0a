//! Commands about blobs, manifests and tags.

use registry_core::{
    Digest, MediaType,
    backend::{MountBlob, ObjectKey, PutBlob, PutManifest, ReferenceTarget, Scope},
};

use super::assert_wholly_or_not;
use crate::contract::metadata::{
    MetadataHarness,
    fixture::{
        ALICE, ANYTHING_NEW, COLLECTING, Repo, SampleBlob, SampleManifest, SampleSession, Watch,
        inline_checkpoint, repo_in, seal_a_pass, tags,
    },
};

/// A push of a blob that makes its namespace and repository and ends its session.
pub async fn m01_a_dropped_put_blob_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let blob_of = |repo: &Repo| SampleBlob::object(repo.name.as_str(), repo.name.as_str());
    let prepare = async |text: &str| {
        let repo = Repo::new(harness.metadata(), text);
        let session = SampleSession::new(&repo, "session-1");
        session.written(0, inline_checkpoint("half")).await;
        Watch {
            blobs: vec![blob_of(&repo).digest],
            session: Some(session),
            ..Watch::new(&repo)
        }
    };
    assert_wholly_or_not(prepare, async |watch| {
        let repo = &watch.repo;
        let session = watch.session.as_ref().expect("the session");
        let blob = blob_of(repo);
        let put = async |scope: Scope<'_>| {
            let command = PutBlob {
                session: Some(session.end(1)),
                create: ANYTHING_NEW,
                ..blob.put(scope)
            };
            repo.metadata.put_blob(command).await
        };
        repo.ask(put).await;
    })
    .await;
}

/// A mount that makes its namespace and repository.
pub async fn m01_a_dropped_mount_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let source = Repo::create(harness.metadata(), "base/os").await;
    let blob = SampleBlob::object("layer", "objects/1");
    source.put_blob(&blob).await;
    let prepare = async |text: &str| Watch {
        blobs: vec![blob.digest.clone()],
        ..Watch::new(&Repo::new(harness.metadata(), text))
    };
    assert_wholly_or_not(prepare, async |watch| {
        let mount = async |to: Scope<'_>| {
            let command = MountBlob {
                from: source.scope().await,
                to,
                digest: &blob.digest,
                create: ANYTHING_NEW,
                origin: ALICE,
            };
            watch.repo.metadata.mount_blob(command).await
        };
        watch.repo.ask(mount).await;
    })
    .await;
}

/// The deletion of a blob.
pub async fn m01_a_dropped_delete_blob_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| stage(harness, text).await;
    assert_wholly_or_not(prepare, async |watch| {
        watch.repo.delete_blob(&watch.blobs[1]).await;
    })
    .await;
}

/// A push of a manifest that makes its namespace and repository, refers to something, has a subject,
/// and sets several tags.
pub async fn m01_a_dropped_first_push_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let subject = Digest::sha256(b"subject");
    let manifest = SampleManifest::new("manifest")
        .referring(ReferenceTarget::Blob, &Digest::sha256(b"absent"), false)
        .about(&subject);
    let moves = tags(&["v1", "v2", "v3"]);
    let prepare = async |text: &str| Watch {
        manifests: vec![manifest.digest.clone()],
        subject: Some(subject.clone()),
        ..Watch::new(&Repo::new(harness.metadata(), text))
    };
    assert_wholly_or_not(prepare, async |watch| {
        let put = async |scope: Scope<'_>| {
            let command = PutManifest {
                create: ANYTHING_NEW,
                ..manifest.put(scope, &moves)
            };
            watch.repo.metadata.put_manifest(command).await
        };
        watch.repo.ask(put).await;
    })
    .await;
}

/// A push of a manifest that moves tags, some of them from another manifest.
pub async fn m01_a_dropped_move_of_tags_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| stage(harness, text).await;
    assert_wholly_or_not(prepare, async |watch| {
        let manifest = SampleManifest::new("new")
            .typed(MediaType::OCI_INDEX)
            .with_blob(&watch.blobs[1])
            .with_child(&watch.manifests[0])
            .about(&watch.manifests[0]);
        watch.repo.push(&manifest, &["v2", "v3"]).await;
    })
    .await;
}

/// The deletion of a tag.
pub async fn m01_a_dropped_delete_tag_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| stage(harness, text).await;
    assert_wholly_or_not(prepare, async |watch| {
        watch.repo.delete_tag("v1").await;
    })
    .await;
}

/// The deletion of a manifest with its tags and references.
pub async fn m01_a_dropped_delete_manifest_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| {
        let watch = stage(harness, text).await;
        let signature = SampleManifest::new("new").about(&watch.manifests[0]);
        watch.repo.push(&signature, &["signature", "latest"]).await;
        watch
    };
    assert_wholly_or_not(prepare, async |watch| {
        watch.repo.delete_manifest(&watch.manifests[1]).await;
    })
    .await;
}

/// Content put out of sight.
pub async fn m01_a_dropped_quarantine_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| stage(harness, text).await;
    assert_wholly_or_not(prepare, async |watch| {
        let key = ObjectKey::new(watch.repo.name.as_str());
        let quarantined = watch
            .repo
            .metadata
            .quarantine(&watch.blobs[0], Some(&key))
            .await;
        quarantined.expect("quarantine");
    })
    .await;
}

/// A renewal.
pub async fn m01_a_dropped_renewal_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| {
        let watch = stage(harness, text).await;
        seal_a_pass(&*watch.repo.metadata).await;
        watch
    };
    assert_wholly_or_not(prepare, async |watch| {
        watch
            .repo
            .renew(ReferenceTarget::Blob, &watch.blobs[1])
            .await;
    })
    .await;
}

/// A repository with a blob that a tagged manifest requires, one that nothing refers to, and the tags
/// v1 and v2.
async fn stage(harness: &dyn MetadataHarness, text: &str) -> Watch {
    let repo = repo_in(harness.metadata(), COLLECTING, text).await;
    let blobs = [
        SampleBlob::object(&format!("layer of {text}"), text),
        SampleBlob::inline(&format!("config of {text}")),
    ];
    for blob in &blobs {
        repo.put_blob(blob).await;
    }
    let manifest = SampleManifest::new("manifest").with_blob(&blobs[0].digest);
    repo.push(&manifest, &["v1", "v2"]).await;
    Watch {
        blobs: blobs.map(|blob| blob.digest).to_vec(),
        manifests: vec![manifest.digest.clone(), SampleManifest::new("new").digest],
        subject: Some(manifest.digest),
        ..Watch::new(&repo)
    }
}
