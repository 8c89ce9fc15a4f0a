//! Commands about namespaces and repositories, the registry's identity, and counters of pulls.

use registry_core::{
    Secret, Visibility,
    backend::{Identity, PullCount, ReferrersPage, Scope},
};

use super::{assert_settled, assert_wholly_or_not};
use crate::contract::{
    drive::{at_every_poll, polled},
    metadata::{
        MetadataHarness,
        fixture::{
            ALICE, ANYTHING_NEW, PRIVATE, PUBLIC, Repo, SampleBlob, SampleManifest, Watch,
            namespace, repo_in, tag,
        },
    },
};

/// The making of a namespace.
pub async fn m01_a_dropped_create_namespace_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| Watch::new(&Repo::new(harness.metadata(), text));
    assert_wholly_or_not(prepare, async |watch| {
        let name = watch.repo.name.namespace();
        namespace(&*watch.repo.metadata, name.as_str(), PUBLIC).await;
    })
    .await;
}

/// New settings of a namespace.
pub async fn m01_a_dropped_update_namespace_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| {
        let repo = repo_in(harness.metadata(), PRIVATE, text).await;
        Watch::new(&repo)
    };
    assert_wholly_or_not(prepare, async |watch| {
        let repo = &watch.repo;
        let (metadata, name) = (&repo.metadata, repo.name.namespace());
        let update = async |scope: Scope<'_>| {
            let facts = scope.facts;
            metadata.update_namespace(&name, facts, PUBLIC, ALICE).await
        };
        repo.ask(update).await;
    })
    .await;
}

/// The making of a repository and its namespace.
pub async fn m01_a_dropped_create_repository_happened_wholly_or_not(harness: &dyn MetadataHarness) {
    let prepare = async |text: &str| Watch::new(&Repo::new(harness.metadata(), text));
    assert_wholly_or_not(prepare, async |watch| {
        let public = Some(Visibility::Public);
        let metadata = &watch.repo.metadata;
        let create = async |scope: Scope<'_>| {
            metadata
                .create_repository(scope, public, ANYTHING_NEW, ALICE)
                .await
        };
        watch.repo.ask(create).await;
    })
    .await;
}

/// A repository's own visibility.
pub async fn m01_a_dropped_change_of_visibility_happened_wholly_or_not(
    harness: &dyn MetadataHarness,
) {
    let prepare = async |text: &str| {
        let repo = Repo::create(harness.metadata(), text).await;
        Watch::new(&repo)
    };
    assert_wholly_or_not(prepare, async |watch| {
        let public = Some(Visibility::Public);
        let metadata = &watch.repo.metadata;
        let set = async |scope: Scope<'_>| {
            metadata
                .set_repository_visibility(scope, public, ALICE)
                .await
        };
        watch.repo.ask(set).await;
    })
    .await;
}

/// The first identity is kept with its secret, or not at all.
pub async fn m01_a_dropped_identity_was_kept_wholly_or_not(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let proposed = |seed: u8| Identity {
        registry: [seed; 16],
        secret: Secret::new([seed; 32]),
    };
    at_every_poll(async |polls| {
        let seed = u8::try_from(polls).expect("few polls");
        let done = polled(polls, metadata.identity(proposed(seed)))
            .await
            .is_some();
        let kept = harness
            .second()
            .identity(proposed(255))
            .await
            .expect("identity");
        let registry = kept.registry;
        let secret = kept.secret.expose();
        assert!(
            registry
                .iter()
                .chain(secret)
                .all(|byte| *byte == registry[0])
        );
        done
    })
    .await;
}

/// A batch of counts was added, or none of it.
pub async fn m01_a_dropped_batch_of_pulls_was_added_wholly_or_not(harness: &dyn MetadataHarness) {
    at_every_poll(async |polls| {
        let repo = Repo::create(harness.metadata(), &format!("team-{polls}/app")).await;
        repo.push(&SampleManifest::new("manifest"), &["v1", "v2"])
            .await;
        let count = |text: Option<&str>, pulls| PullCount {
            repository: repo.name.clone(),
            tag: text.map(tag),
            pulls,
        };
        let batch = [count(Some("v1"), 1), count(None, 3), count(Some("v2"), 2)];
        let done = polled(polls, repo.metadata.add_pulls(&batch))
            .await
            .is_some();
        let mut seen = Vec::new();
        for _ in 0..3 {
            let mut counts = Vec::new();
            for tag in [Some(&tag("v1")), Some(&tag("v2")), None] {
                let pulls = repo.metadata.pulls(&repo.name, tag).await;
                counts.push(pulls.expect("pulls"));
            }
            seen.push(counts);
        }
        let seen: Vec<_> = seen.iter().collect();
        assert_settled(polls, &seen, &vec![0; 3], &vec![1, 2, 6]);
        done
    })
    .await;
}

/// A look that was dropped changes nothing, and can be repeated.
pub async fn m01_a_dropped_look_changes_nothing(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let metadata = &repo.metadata;
    let blob = SampleBlob::inline("config");
    let manifest = SampleManifest::new("manifest").with_blob(&blob.digest);
    repo.put_blob(&blob).await;
    repo.push(&manifest, &["v1"]).await;
    let watch = Watch {
        blobs: vec![blob.digest.clone()],
        manifests: vec![manifest.digest.clone()],
        ..Watch::new(&repo)
    };
    let before = (watch.look().await, watch.told().await);
    let scope = repo.scope().await;
    let reference = tag("v1").into();
    let namespace = repo.name.namespace();
    let page = ReferrersPage {
        subject: &manifest.digest,
        artifact_type: None,
        after: None,
        limit: 10,
    };
    at_every_poll(async |polls| {
        let done = [
            polled(polls, metadata.facts(&repo.name)).await.is_some(),
            polled(polls, metadata.namespace_facts(&namespace))
                .await
                .is_some(),
            polled(polls, metadata.namespace(&namespace))
                .await
                .is_some(),
            polled(polls, metadata.repository(&repo.name))
                .await
                .is_some(),
            polled(polls, metadata.blob(scope, &blob.digest))
                .await
                .is_some(),
            polled(polls, metadata.manifest(scope, &reference))
                .await
                .is_some(),
            polled(polls, metadata.tags(scope, None, 10))
                .await
                .is_some(),
            polled(polls, metadata.referrers(scope, page))
                .await
                .is_some(),
            polled(polls, metadata.holders(&blob.digest, None, None, 10))
                .await
                .is_some(),
            polled(polls, metadata.pending(10)).await.is_some(),
            polled(polls, metadata.pulls(&repo.name, None))
                .await
                .is_some(),
            polled(polls, metadata.doomed(10)).await.is_some(),
        ];
        assert_eq!((watch.look().await, watch.told().await), before);
        done.into_iter().all(|done| done)
    })
    .await;
}
