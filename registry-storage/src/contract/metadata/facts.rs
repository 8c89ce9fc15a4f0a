//! Clauses of guarantees 2, 3 and 5: what other processes see, facts that are no longer so, and time.

use std::fmt::Debug;

use registry_core::{
    Digest, Namespace, Reference, Secret, Visibility,
    backend::{
        Checked, DeleteBlob, DeleteManifest, DeleteTag, FactsVersion, Identity, MetadataError,
        MountBlob, ReferrersPage, Scope, TagCondition,
    },
};

use super::{
    MetadataHarness,
    fixture::{
        ALICE, ANYTHING_NEW, MINUTES, NOTHING_NEW, PRIVATE, PUBLIC, Repo, SampleBlob,
        SampleManifest, SampleSession, Watch, current, events, inline_checkpoint, namespace,
        repo_in, tag, tags,
    },
};
use crate::contract::drive::{at_every_head_start, race};

/// What one process did, the next call of another sees: every kind of row.
pub async fn m02_another_process_sees_it_at_once(harness: &dyn MetadataHarness) {
    let repo = repo_in(harness.metadata(), PUBLIC, "team/app").await;
    let seen = repo.seen_by(harness.second());
    assert!(seen.exists().await && seen.facts().await.is_public());
    assert_eq!(seen.facts().await.version, repo.facts().await.version);

    let blob = SampleBlob::inline("config");
    repo.put_blob(&blob).await;
    assert!(seen.has_blob(&blob.digest).await);
    let subject = Digest::sha256(b"subject");
    let manifest = SampleManifest::new("manifest").about(&subject);
    seen.push(&manifest, &["v1"]).await;
    assert_eq!(repo.tagged("v1").await, Some(manifest.digest.clone()));
    assert_eq!(repo.tags().await, ["v1"]);
    let referrers = repo.referrers(&subject).await;
    assert_eq!(referrers, std::slice::from_ref(&manifest.digest));
    assert_eq!(
        events(&*repo.metadata).await,
        events(&*seen.metadata).await,
        "the changes pending"
    );
    repo.delete_tag("v1").await;
    assert_eq!(seen.tagged("v1").await, None);
    repo.delete_manifest(&manifest.digest).await;
    assert!(!seen.has_manifest(&manifest.digest).await);
    assert_eq!(seen.referrers(&subject).await, []);
    seen.delete_blob(&blob.digest).await;
    assert!(!repo.has_blob(&blob.digest).await);

    let session = SampleSession::new(&repo, "session-1");
    session.written(0, inline_checkpoint("half")).await;
    assert!(session.seen_by(harness.second()).state().await.is_some());
}

/// Every command refuses facts that another process has changed meanwhile, and does nothing.
pub async fn m03_a_change_of_visibility_makes_facts_stale(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    let mut known = vec![stage.repo.facts().await.version];
    let other = stage.repo.seen_by(harness.second());
    for visibility in [Some(Visibility::Public), None, Some(Visibility::Private)] {
        set_visibility(&other, visibility).await;
        stage.assert_stale(&known).await;
        known.push(other.facts().await.version);
    }
    for settings in [PUBLIC, PRIVATE, PUBLIC] {
        let namespace = stage.repo.name.namespace();
        let facts = other.metadata.namespace_facts(&namespace).await;
        let version = facts.expect("namespace_facts").version;
        let updated = other
            .metadata
            .update_namespace(&namespace, version, settings, ALICE);
        current(updated.await.expect("update_namespace"));
        stage.assert_stale(&known).await;
        known.push(other.facts().await.version);
    }
}

/// Facts of a time before the place was made are refused.
pub async fn m03_a_place_made_meanwhile_makes_facts_stale(harness: &dyn MetadataHarness) {
    let absent = Repo::new(harness.metadata(), "team/app")
        .facts()
        .await
        .version;
    namespace(&*harness.second(), "team", PRIVATE).await;
    let with_namespace = Repo::new(harness.metadata(), "team/app")
        .facts()
        .await
        .version;
    assert_ne!(absent, with_namespace, "the version of the facts");
    let stage = Stage::new(harness).await;
    stage.assert_stale(&[absent, with_namespace]).await;
}

/// Facts that nobody was told are refused, also where they are newer than what is there.
pub async fn m03_facts_that_never_were_are_stale(harness: &dyn MetadataHarness) {
    let stage = Stage::new(harness).await;
    let now = stage.repo.facts().await.version;
    let newer_namespace = FactsVersion {
        namespace: now.namespace + 1,
        ..now
    };
    let newer_repository = FactsVersion {
        repository: now.repository + 1,
        ..now
    };
    let repository_alone = FactsVersion {
        namespace: 0,
        ..now
    };
    stage
        .assert_stale(&[newer_namespace, newer_repository, repository_alone])
        .await;
}

/// Facts of an absent place are refused where they say that it exists.
pub async fn m03_facts_of_a_place_that_is_absent_are_stale(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::new(harness.metadata(), "team/app");
    let somewhere = FactsVersion {
        namespace: 1,
        repository: 1,
    };
    let scope = repo.scope_of(somewhere);
    let blob = SampleBlob::inline("config");
    assert_is_stale("blob", metadata.blob(scope, &blob.digest).await);
    assert_is_stale("tags", metadata.tags(scope, None, 10).await);
    assert_is_stale("put_blob", metadata.put_blob(blob.put(scope)).await);
    assert!(!repo.exists().await);
}

/// A read that races a change of visibility answers as before it, or Stale.
pub async fn m03_a_read_that_races_a_change_is_checked(harness: &dyn MetadataHarness) {
    let repo = repo_in(harness.metadata(), PUBLIC, "team/app").await;
    let other = repo.seen_by(harness.second());
    let blob = SampleBlob::inline("config");
    repo.put_blob(&blob).await;
    at_every_head_start(async |head_start| {
        let scope = repo.scope().await;
        let hidden = set_visibility(&other, Some(Visibility::Private));
        let read = repo.metadata.blob(scope, &blob.digest);
        let ((), answer) = race(head_start, hidden, read).await;
        match answer.expect("blob") {
            Checked::Current(found) => assert!(found.is_some(), "the blob was there throughout"),
            Checked::Stale => {}
        }
        let late = repo.metadata.blob(scope, &blob.digest).await;
        assert_is_stale("blob", late);
        set_visibility(&other, Some(Visibility::Public)).await;
    })
    .await;
}

/// The backend's time never goes backwards, in any process, also when its clock is set back.
pub async fn m05_time_never_goes_backwards(harness: &dyn MetadataHarness) {
    let views = [harness.metadata(), harness.second()];
    let mut latest = Repo::create(harness.metadata(), "team/app")
        .await
        .facts()
        .await
        .now;
    for step in 0..8 {
        if step % 4 == 1 {
            harness.set_back(MINUTES * 12).await;
        } else {
            harness.advance(MINUTES).await;
        }
        let view = &views[step % 2];
        let repo = Repo::create(view.clone(), &format!("team/app-{step}")).await;
        let now = repo.facts().await.now;
        assert!(now >= latest, "the time went from {latest} to {now}");
        let record = view.repository(&repo.name).await.expect("repository");
        let created = record.expect("the repository just made").created;
        assert!(
            latest <= created && created <= now,
            "made at {created}, between {latest} and {now}"
        );
        latest = now;
    }
}

/// The backend's time moves with its clock.
pub async fn m05_time_passes(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let before = repo.facts().await.now;
    harness.advance(MINUTES * 12).await;
    let after = repo.seen_by(harness.second()).facts().await.now;
    assert!(
        after.since(before) >= MINUTES * 12,
        "an hour passed, but for the backend it went from {before} to {after}"
    );
}

/// The first identity proposed is everybody's, whoever proposes another later.
pub async fn m02_all_processes_have_one_identity(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    let (a, b) = race(
        1,
        metadata.identity(proposed(1)),
        second.identity(proposed(2)),
    )
    .await;
    let (a, b) = (a.expect("identity"), b.expect("identity"));
    assert_same_identity(&a, &b);
    assert!(
        [1, 2].contains(&a.registry[0]),
        "an identity nobody proposed"
    );
    let later = second.identity(proposed(3)).await.expect("identity");
    assert_same_identity(&a, &later);
}

fn proposed(seed: u8) -> Identity {
    Identity {
        registry: [seed; 16],
        secret: Secret::new([seed; 32]),
    }
}

fn assert_same_identity(a: &Identity, b: &Identity) {
    assert_eq!(a.registry, b.registry, "two processes have two identities");
    let same = a.secret.expose() == b.secret.expose();
    assert!(same, "two processes have two secrets");
}

async fn set_visibility(repo: &Repo, visibility: Option<Visibility>) {
    let scope = repo.scope().await;
    let updated = repo
        .metadata
        .set_repository_visibility(scope, visibility, ALICE);
    current(updated.await.expect("set_repository_visibility"));
}

fn assert_is_stale<T: Debug>(command: &str, answer: Result<Checked<T>, MetadataError>) {
    match answer {
        Ok(Checked::Stale) => {}
        Ok(Checked::Current(answer)) => {
            panic!("{command} took stale facts and answered {answer:?}")
        }
        Err(error) => panic!("{command} answered stale facts with an error: {error}"),
    }
}

/// A repository with content, and another to mount from.
struct Stage {
    repo: Repo,
    source: Repo,
    blob: SampleBlob,
    elsewhere: SampleBlob,
    manifest: SampleManifest,
    watch: Watch,
}

impl Stage {
    async fn new(harness: &dyn MetadataHarness) -> Self {
        let repo = Repo::create(harness.metadata(), "team/app").await;
        let source = Repo::create(harness.metadata(), "base/os").await;
        let blob = SampleBlob::inline("config");
        let elsewhere = SampleBlob::object("layer", "objects/1");
        let manifest = SampleManifest::new("manifest");
        repo.put_blob(&blob).await;
        source.put_blob(&elsewhere).await;
        repo.push(&manifest, &["v1"]).await;
        let watch = Watch {
            blobs: vec![blob.digest.clone(), elsewhere.digest.clone()],
            manifests: vec![manifest.digest.clone(), Digest::sha256(b"new")],
            subject: Some(manifest.digest.clone()),
            ..Watch::new(&repo)
        };
        Self {
            repo,
            source,
            blob,
            elsewhere,
            manifest,
            watch,
        }
    }

    /// Every command must refuse each of the facts, having done nothing.
    async fn assert_stale(&self, known: &[FactsVersion]) {
        for facts in known {
            let before = (self.watch.look().await, self.watch.told().await);
            let scope = self.repo.scope_of(*facts);
            self.assert_reads_stale(scope).await;
            self.assert_puts_stale(scope).await;
            self.assert_mounts_stale(scope).await;
            self.assert_deletes_stale(scope).await;
            self.assert_settings_stale(*facts).await;
            let after = (self.watch.look().await, self.watch.told().await);
            assert_eq!(before, after, "a command answered Stale, but did something");
        }
    }

    async fn assert_reads_stale(&self, scope: Scope<'_>) {
        let metadata = &self.repo.metadata;
        assert_is_stale("blob", metadata.blob(scope, &self.blob.digest).await);
        let absent = Digest::sha256(b"absent");
        assert_is_stale("blob", metadata.blob(scope, &absent).await);
        for reference in [Reference::Tag(tag("v1")), Reference::Digest(absent)] {
            let answer = metadata.manifest(scope, &reference).await;
            assert_is_stale("manifest", answer);
        }
        assert_is_stale("tags", metadata.tags(scope, None, 10).await);
        let page = ReferrersPage {
            subject: &self.manifest.digest,
            artifact_type: None,
            after: None,
            limit: 10,
        };
        assert_is_stale("referrers", metadata.referrers(scope, page).await);
    }

    async fn assert_puts_stale(&self, scope: Scope<'_>) {
        let metadata = &self.repo.metadata;
        for blob in [&self.blob, &self.elsewhere] {
            assert_is_stale("put_blob", metadata.put_blob(blob.put(scope)).await);
        }
        let tags = tags(&["v1", "v2"]);
        let required = SampleManifest::new("new").with_blob(&Digest::sha256(b"absent"));
        for manifest in [&SampleManifest::new("new"), &self.manifest, &required] {
            let answer = metadata.put_manifest(manifest.put(scope, &tags)).await;
            assert_is_stale("put_manifest", answer);
        }
    }

    async fn assert_mounts_stale(&self, scope: Scope<'_>) {
        let (here, there) = (self.repo.scope().await, self.source.scope().await);
        let mount = |from, to, digest| MountBlob {
            from,
            to,
            digest,
            create: NOTHING_NEW,
            origin: ALICE,
        };
        let absent = Digest::sha256(b"absent");
        let mounts = [
            mount(there, scope, &self.elsewhere.digest),
            mount(there, scope, &absent),
            mount(scope, there, &self.blob.digest),
            mount(scope, here, &self.blob.digest),
        ];
        for command in mounts {
            let answer = self.repo.metadata.mount_blob(command).await;
            assert_is_stale("mount_blob", answer);
        }
    }

    async fn assert_deletes_stale(&self, scope: Scope<'_>) {
        let metadata = &self.repo.metadata;
        let absent = Digest::sha256(b"absent");
        for digest in [&self.blob.digest, &absent] {
            let origin = ALICE;
            let command = DeleteBlob {
                scope,
                digest,
                origin,
            };
            assert_is_stale("delete_blob", metadata.delete_blob(command).await);
        }
        for digest in [&self.manifest.digest, &absent] {
            let origin = ALICE;
            let command = DeleteManifest {
                scope,
                digest,
                origin,
            };
            let answer = metadata.delete_manifest(command).await;
            assert_is_stale("delete_manifest", answer);
        }
        for tag in [&tag("v1"), &tag("absent")] {
            let command = DeleteTag {
                scope,
                tag,
                condition: TagCondition::Any,
                origin: ALICE,
            };
            assert_is_stale("delete_tag", metadata.delete_tag(command).await);
        }
    }

    async fn assert_settings_stale(&self, facts: FactsVersion) {
        let metadata = &self.repo.metadata;
        let scope = self.repo.scope_of(facts);
        let public = Some(Visibility::Public);
        let answer = metadata
            .create_repository(scope, public, ANYTHING_NEW, ALICE)
            .await;
        assert_is_stale("create_repository", answer);
        let answer = metadata
            .set_repository_visibility(scope, public, ALICE)
            .await;
        assert_is_stale("set_repository_visibility", answer);
        let namespace: Namespace = self.repo.name.namespace();
        let now = self.repo.facts().await.version;
        if facts.namespace != now.namespace {
            let answer = metadata
                .update_namespace(&namespace, facts, PUBLIC, ALICE)
                .await;
            assert_is_stale("update_namespace", answer);
        }
    }
}
