//! Hazards 4, 6, 8, 11, 20 and 38: content that is lost, half moved, or deleted for others.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};

use async_trait::async_trait;
use registry_core::{
    Clock, Digest, RepositoryName, Tag, Timestamp,
    backend::{
        Checked, DeleteBlob, DeleteBlobOutcome, DeleteTag, KeptManifest, Metadata, PutBlob,
        PutBlobOutcome, PutManifest, PutManifestOutcome, Scope, TagCondition,
    },
};
use registry_storage::{ManualClock, contract::metadata as contract};

use super::{
    assert_caught,
    mutant::{Answer, Mutation, broken},
};
use crate::waiting::wait;

/// A later push finds that the digest "already exists", though its content is out of sight.
#[derive(Default)]
struct KnownDigests(Mutex<BTreeSet<Digest>>);

#[async_trait]
impl Mutation for KnownDigests {
    async fn put_blob(
        &self,
        inner: &dyn Metadata,
        command: PutBlob<'_>,
    ) -> Answer<Checked<PutBlobOutcome>> {
        let is_new = self.0.lock().unwrap().insert(command.digest.clone());
        let scope = command.scope;
        let linked = inner
            .holders(command.digest, None, None, usize::MAX)
            .await?;
        if !is_new && (linked.is_empty() || linked.contains(scope.repository)) {
            return Ok(Checked::Current(PutBlobOutcome::Deduplicated));
        }
        inner.put_blob(command).await
    }
}

#[test]
fn hazard_04_a_push_that_finds_it_already_there_is_caught_by_content_09() {
    assert_caught(
        contract::content_09_a_quarantined_content_is_healed_by_a_put,
        &broken(|_| KnownDigests::default()),
        "Deduplicated",
    );
}

/// What is kept aside is thrown away at once, though it may be all that is left of a blob.
struct NothingKeptAside;

#[async_trait]
impl Mutation for NothingKeptAside {
    async fn release(&self, inner: &dyn Metadata, _: Duration, limit: usize) -> Answer<u64> {
        inner.release(Duration::ZERO, limit).await
    }
}

#[test]
fn hazard_04_bad_content_that_is_not_kept_aside_is_caught_by_inspection_04() {
    assert_caught(
        contract::inspection_04_what_was_kept_aside_long_enough_is_released,
        &broken(|_| NothingKeptAside),
        "none is so old",
    );
}

/// A manifest is looked at without what it refers to.
struct ManifestAlone;

#[async_trait]
impl Mutation for ManifestAlone {
    async fn manifests(
        &self,
        inner: &dyn Metadata,
        after: Option<(&RepositoryName, &Digest)>,
        limit: usize,
    ) -> Answer<Vec<KeptManifest>> {
        let mut found = inner.manifests(after, limit).await?;
        found
            .iter_mut()
            .for_each(|manifest| manifest.missing.clear());
        Ok(found)
    }
}

#[test]
fn hazard_07_a_manifest_without_its_layer_that_is_not_noticed_is_caught_by_inspection_02() {
    assert_caught(
        contract::inspection_02_what_is_missing_is_named,
        &broken(|_| ManifestAlone),
        "",
    );
}

/// Each tag is moved in a transaction of its own.
struct OneTagAtATime;

#[async_trait]
impl Mutation for OneTagAtATime {
    async fn put_manifest(
        &self,
        inner: &dyn Metadata,
        command: PutManifest<'_>,
    ) -> Answer<Checked<PutManifestOutcome>> {
        let mut outcome = Checked::Current(PutManifestOutcome::Stored);
        for tags in command.tags.chunks(1) {
            let command = PutManifest {
                tags,
                ..command.clone()
            };
            outcome = inner.put_manifest(command).await?;
            if outcome != Checked::Current(PutManifestOutcome::Stored) {
                return Ok(outcome);
            }
        }
        match command.tags {
            [] => inner.put_manifest(command).await,
            _ => Ok(outcome),
        }
    }
}

#[test]
fn hazard_06_a_push_that_moves_tags_one_by_one_is_caught_by_content_02() {
    assert_caught(
        contract::content_02_a_manifest_with_a_tag_conflict_moves_no_tag,
        &broken(|_| OneTagAtATime),
        "",
    );
}

/// The old tag is deleted before the new manifest is known to be good.
struct OldTagFirst;

#[async_trait]
impl Mutation for OldTagFirst {
    async fn put_manifest(
        &self,
        inner: &dyn Metadata,
        command: PutManifest<'_>,
    ) -> Answer<Checked<PutManifestOutcome>> {
        for moved in command.tags {
            let delete = DeleteTag {
                scope: command.scope,
                tag: &moved.tag,
                condition: TagCondition::Any,
                origin: command.origin,
            };
            inner.delete_tag(delete).await?;
        }
        inner.put_manifest(command).await
    }
}

#[test]
fn hazard_06_a_failed_push_that_deletes_the_old_tag_is_caught_by_content_02() {
    assert_caught(
        contract::content_02_a_manifest_with_a_missing_blob_moves_no_tag,
        &broken(|_| OldTagFirst),
        "",
    );
}

/// The push with the latest time by its process's clock decides.
struct WallClock {
    clock: ManualClock,
    moved: Mutex<BTreeMap<Tag, Timestamp>>,
}

#[async_trait]
impl Mutation for WallClock {
    async fn put_manifest(
        &self,
        inner: &dyn Metadata,
        command: PutManifest<'_>,
    ) -> Answer<Checked<PutManifestOutcome>> {
        let now = self.clock.now();
        let is_latest = |tag: &Tag| {
            let mut moved = self.moved.lock().unwrap();
            let last = moved.entry(tag.clone()).or_insert(now);
            *last = now.max(*last);
            *last == now
        };
        let tags = command.tags.iter().filter(|moved| is_latest(&moved.tag));
        let tags: Vec<_> = tags.cloned().collect();
        let command = PutManifest {
            tags: &tags,
            ..command
        };
        inner.put_manifest(command).await
    }
}

#[test]
fn hazard_08_tags_ordered_by_a_clock_are_caught_by_content_04() {
    assert_caught(
        contract::content_04_the_last_push_decides_whatever_the_clock_says,
        &broken(|clock| WallClock {
            clock,
            moved: Mutex::default(),
        }),
        "after push",
    );
}

/// A page begins after the place of its cursor in the list, and is empty where that is gone.
struct CursorByPlace;

#[async_trait]
impl Mutation for CursorByPlace {
    async fn tags(
        &self,
        inner: &dyn Metadata,
        scope: Scope<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Answer<Checked<Vec<Tag>>> {
        let Checked::Current(all) = inner.tags(scope, None, usize::MAX).await? else {
            return Ok(Checked::Stale);
        };
        let place = after.map(|cursor| all.iter().position(|tag| tag.as_str() == cursor));
        let start = match place {
            None => 0,
            Some(Some(place)) => place + 1,
            Some(None) => all.len(),
        };
        let page = all.into_iter().skip(start).take(limit);
        Ok(Checked::Current(page.collect()))
    }
}

#[test]
fn hazard_11_a_listing_that_needs_its_cursor_is_caught_by_content_06() {
    assert_caught(
        contract::content_06_a_deleted_cursor_does_no_harm,
        &broken(|_| CursorByPlace),
        "",
    );
    assert_caught(
        contract::content_06_any_tag_may_go_while_it_is_a_cursor,
        &broken(|_| CursorByPlace),
        "",
    );
}

/// Deleting a blob deletes it wherever it is.
pub(super) struct DeletedForAll;

#[async_trait]
impl Mutation for DeletedForAll {
    async fn delete_blob(
        &self,
        inner: &dyn Metadata,
        command: DeleteBlob<'_>,
    ) -> Answer<Checked<DeleteBlobOutcome>> {
        let outcome = inner.delete_blob(command).await?;
        if outcome == Checked::Current(DeleteBlobOutcome::Deleted) {
            let holders = inner.holders(command.digest, None, None, usize::MAX);
            for repository in &holders.await? {
                let facts = inner.facts(repository).await?.version;
                let scope = Scope { repository, facts };
                inner.delete_blob(DeleteBlob { scope, ..command }).await?;
            }
        }
        Ok(outcome)
    }
}

#[test]
fn hazard_20_a_delete_that_deletes_for_all_is_caught_by_content_01() {
    assert_caught(
        contract::content_01_deleting_a_blob_leaves_it_elsewhere,
        &broken(|_| DeletedForAll),
        "deleted elsewhere",
    );
}

/// The manifest is stored in one step and its tags are moved in another, with an await in between.
struct TwoSteps;

#[async_trait]
impl Mutation for TwoSteps {
    async fn put_manifest(
        &self,
        inner: &dyn Metadata,
        command: PutManifest<'_>,
    ) -> Answer<Checked<PutManifestOutcome>> {
        let manifest = PutManifest {
            tags: &[],
            ..command.clone()
        };
        let outcome = inner.put_manifest(manifest).await?;
        if outcome != Checked::Current(PutManifestOutcome::Stored) {
            return Ok(outcome);
        }
        wait(1).await;
        let facts = inner.facts(command.scope.repository).await?.version;
        let scope = Scope {
            facts,
            ..command.scope
        };
        inner.put_manifest(PutManifest { scope, ..command }).await
    }
}

#[test]
fn hazard_38_a_push_in_two_steps_is_caught_when_it_is_dropped() {
    let words = "neither what was there before";
    assert_caught(
        contract::m01_a_dropped_move_of_tags_happened_wholly_or_not,
        &broken(|_| TwoSteps),
        words,
    );
    assert_caught(
        contract::m01_a_dropped_first_push_happened_wholly_or_not,
        &broken(|_| TwoSteps),
        words,
    );
}
