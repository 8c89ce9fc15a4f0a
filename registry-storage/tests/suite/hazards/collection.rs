//! Hazards 7, 12, 42, 43 and 44: a collector that takes what it must not.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use registry_core::{
    Digest,
    backend::{
        BlobContent, Checked, Condemned, CreateNamespace, CreateOutcome, Doomed, Metadata,
        MountBlob, MountBlobOutcome, NamespaceSettings, ObjectKey, Origin, PutBlob, PutBlobOutcome,
        PutManifest, PutManifestOutcome, ReferenceRow, ReferenceTarget, Removed, Renewal,
    },
};
use registry_storage::{
    ManualClock,
    contract::metadata::{self as contract, MetadataHarness},
    memory::MemoryMetadata,
};

use super::{
    assert_caught,
    mutant::{Answer, Mutation, broken, mutated},
};

/// A mount that finds the blob already linked says so and leaves its mark.
struct MountThatOnlyLooks;

#[async_trait]
impl Mutation for MountThatOnlyLooks {
    async fn mount_blob(
        &self,
        inner: &dyn Metadata,
        command: MountBlob<'_>,
    ) -> Answer<Checked<MountBlobOutcome>> {
        match inner.blob(command.to, command.digest).await? {
            Checked::Current(Some(record)) => {
                let size = record.size;
                Ok(Checked::Current(MountBlobOutcome::Mounted { size }))
            }
            _ => inner.mount_blob(command).await,
        }
    }
}

#[test]
fn hazard_07_a_collection_that_ignores_a_mount_is_caught_by_content_08() {
    assert_caught(
        contract::content_08_a_mount_revives_its_target,
        &broken(|_| MountThatOnlyLooks),
        "condemned still",
    );
    assert_caught(
        contract::collection_04_a_mount_beside_a_removal,
        &broken(|_| MountThatOnlyLooks),
        "it is gone",
    );
}

/// A blob that is said to exist is not written to.
pub(super) struct AnswerThatIsNoLease;

#[async_trait]
impl Mutation for AnswerThatIsNoLease {
    async fn renew(&self, inner: &dyn Metadata, renewal: Renewal<'_>) -> Answer<bool> {
        let holders = inner
            .holders(renewal.digest, None, None, usize::MAX)
            .await?;
        match renewal.target {
            ReferenceTarget::Blob => Ok(holders.contains(renewal.repository)),
            ReferenceTarget::Manifest => inner.renew(renewal).await,
        }
    }
}

#[test]
fn hazard_07_an_answer_that_is_no_lease_is_caught_by_content_08() {
    assert_caught(
        contract::content_08_a_renewal_revives_either,
        &broken(|_| AnswerThatIsNoLease),
        "has_blob",
    );
    assert_caught(
        contract::collection_04_a_revived_row_stays,
        &broken(|_| AnswerThatIsNoLease),
        "it was renewed",
    );
}

/// What was condemned is removed without waiting for anybody.
pub(super) struct NoGrace;

#[async_trait]
impl Mutation for NoGrace {
    async fn remove(
        &self,
        inner: &dyn Metadata,
        _: Duration,
        limit: usize,
        origin: Origin<'_>,
    ) -> Answer<Removed> {
        inner.remove(Duration::ZERO, limit, origin).await
    }
}

#[test]
fn hazard_07_a_collection_without_a_grace_is_caught_by_collection_03() {
    assert_caught(
        contract::collection_03_nothing_goes_before_its_grace,
        &broken(|_| NoGrace),
        "",
    );
}

/// Only references of some kind keep what they refer to.
pub(super) struct KeptOnlyBy(pub(super) fn(&ReferenceRow) -> bool);

#[async_trait]
impl Mutation for KeptOnlyBy {
    async fn put_manifest(
        &self,
        inner: &dyn Metadata,
        command: PutManifest<'_>,
    ) -> Answer<Checked<PutManifestOutcome>> {
        let kept = command.references.iter().filter(|row| (self.0)(row));
        let references: Vec<_> = kept.cloned().collect();
        let command = PutManifest {
            references: &references,
            ..command
        };
        inner.put_manifest(command).await
    }
}

#[test]
fn hazard_07_a_collection_of_an_indexs_children_is_caught_by_collection_01() {
    assert_caught(
        contract::collection_01_what_a_tag_keeps_stays,
        &broken(|_| KeptOnlyBy(|row| row.target == ReferenceTarget::Blob)),
        "was removed",
    );
}

#[test]
fn hazard_12_a_collection_that_knows_one_algorithm_is_caught_by_collection_01() {
    assert_caught(
        contract::collection_01_what_a_tag_keeps_stays,
        &broken(|_| KeptOnlyBy(|row| row.digest.algorithm() == "sha256")),
        "was removed",
    );
}

/// "No links, so delete the object": what had none when it was condemned is given up when it is
/// removed, whoever has linked it in between.
#[derive(Default)]
struct NoLinksSoDelete {
    objects: Mutex<BTreeMap<Digest, ObjectKey>>,
    unlinked: Mutex<BTreeSet<ObjectKey>>,
    given_up: Mutex<BTreeSet<ObjectKey>>,
}

#[async_trait]
impl Mutation for NoLinksSoDelete {
    async fn put_blob(
        &self,
        inner: &dyn Metadata,
        command: PutBlob<'_>,
    ) -> Answer<Checked<PutBlobOutcome>> {
        let (digest, content) = (command.digest.clone(), command.content.clone());
        let outcome = inner.put_blob(command).await?;
        if let (Checked::Current(PutBlobOutcome::Stored), BlobContent::Object(key)) =
            (&outcome, content)
        {
            self.objects.lock().unwrap().insert(digest, key);
        }
        Ok(outcome)
    }

    async fn condemn(&self, inner: &dyn Metadata, limit: usize) -> Answer<Condemned> {
        let objects = self.objects.lock().unwrap().clone();
        for (digest, key) in objects {
            if inner.holders(&digest, None, None, 1).await?.is_empty() {
                self.unlinked.lock().unwrap().insert(key);
            }
        }
        inner.condemn(limit).await
    }

    async fn remove(
        &self,
        inner: &dyn Metadata,
        grace: Duration,
        limit: usize,
        origin: Origin<'_>,
    ) -> Answer<Removed> {
        let mut unlinked = std::mem::take(&mut *self.unlinked.lock().unwrap());
        self.given_up.lock().unwrap().append(&mut unlinked);
        inner.remove(grace, limit, origin).await
    }

    async fn doomed(&self, inner: &dyn Metadata, limit: usize) -> Answer<Vec<Doomed>> {
        let mut doomed = inner.doomed(limit).await?;
        let given_up = self.given_up.lock().unwrap();
        doomed.extend(given_up.iter().map(|key| Doomed { key: key.clone() }));
        Ok(doomed)
    }
}

#[test]
fn hazard_42_an_object_given_up_for_having_no_links_is_caught_by_collection_04() {
    assert_caught(
        contract::collection_04_content_that_is_put_again_stays,
        &broken(|_| NoLinksSoDelete::default()),
        "an object in use was given up",
    );
    assert_caught(
        contract::collection_05_a_put_beside_the_removal_of_content,
        &broken(|_| NoLinksSoDelete::default()),
        "serves a blob and was given up",
    );
}

/// A process that takes the time from its own clock, which is an hour ahead.
struct AnHourAhead;

const HOUR: Duration = Duration::from_hours(1);

#[async_trait]
impl Mutation for AnHourAhead {
    async fn remove(
        &self,
        inner: &dyn Metadata,
        grace: Duration,
        limit: usize,
        origin: Origin<'_>,
    ) -> Answer<Removed> {
        inner
            .remove(grace.saturating_sub(HOUR), limit, origin)
            .await
    }

    async fn expire(
        &self,
        inner: &dyn Metadata,
        idle: Duration,
        limit: usize,
    ) -> Answer<Vec<ObjectKey>> {
        inner.expire(idle.saturating_sub(HOUR), limit).await
    }
}

/// Two processes, of which the second has a clock that is an hour ahead.
struct TwoProcesses {
    sound: Arc<dyn Metadata>,
    ahead: Arc<dyn Metadata>,
    clock: ManualClock,
}

impl TwoProcesses {
    fn new() -> Self {
        let clock = ManualClock::default();
        let sound = Arc::new(MemoryMetadata::new(Arc::new(clock.clone())));
        let ahead = mutated(sound.clone(), AnHourAhead);
        Self {
            sound,
            ahead,
            clock,
        }
    }
}

#[async_trait]
impl MetadataHarness for TwoProcesses {
    fn metadata(&self) -> Arc<dyn Metadata> {
        Arc::clone(&self.sound)
    }

    fn second(&self) -> Arc<dyn Metadata> {
        Arc::clone(&self.ahead)
    }

    async fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    async fn set_back(&self, _: Duration) {}
}

#[test]
fn hazard_43_a_collector_whose_clock_is_ahead_is_caught_by_collection_03() {
    assert_caught(
        contract::collection_03_nothing_goes_before_its_grace,
        &TwoProcesses::new(),
        "",
    );
}

#[test]
fn hazard_43_sessions_that_expire_by_a_clock_ahead_are_caught_by_uploads_05() {
    assert_caught(
        contract::uploads_05_only_idle_sessions_expire,
        &TwoProcesses::new(),
        "before its time",
    );
}

/// A signature is a manifest like any other: without a tag it goes.
struct SubjectThatKeepsNothing;

#[async_trait]
impl Mutation for SubjectThatKeepsNothing {
    async fn put_manifest(
        &self,
        inner: &dyn Metadata,
        command: PutManifest<'_>,
    ) -> Answer<Checked<PutManifestOutcome>> {
        let command = PutManifest {
            subject: None,
            ..command
        };
        inner.put_manifest(command).await
    }
}

#[test]
fn hazard_44_a_collection_of_signatures_is_caught_by_collection_01() {
    assert_caught(
        contract::collection_01_what_a_tag_keeps_stays,
        &broken(|_| SubjectThatKeepsNothing),
        "was removed",
    );
}

/// Every namespace collects what has no tag.
struct AllCollect;

#[async_trait]
impl Mutation for AllCollect {
    async fn create_namespace(
        &self,
        inner: &dyn Metadata,
        command: CreateNamespace<'_>,
    ) -> Answer<CreateOutcome> {
        let settings = NamespaceSettings {
            collect_untagged: true,
            ..command.settings
        };
        let command = CreateNamespace {
            settings,
            ..command
        };
        inner.create_namespace(command).await
    }
}

#[test]
fn hazard_44_a_collection_of_pushes_by_digest_is_caught_by_collection_01() {
    assert_caught(
        contract::collection_01_a_push_by_digest_stays,
        &broken(|_| AllCollect),
        "was collected",
    );
}

/// A hold on what a restored database does not know that is forgotten.
struct HoldThatDoesNot;

#[async_trait]
impl Mutation for HoldThatDoesNot {
    async fn hold_orphans(&self, _: &dyn Metadata, _: bool) -> Answer<()> {
        Ok(())
    }
}

#[test]
fn hazard_41_orphans_given_up_though_they_are_held_are_caught_by_collection_08() {
    assert_caught(
        contract::collection_08_held_orphans_are_not_given_up,
        &broken(|_| HoldThatDoesNot),
        "every process knows",
    );
}
