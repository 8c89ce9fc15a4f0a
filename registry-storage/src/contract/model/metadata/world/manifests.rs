//! Manifests, tags, renewals and pulls.

use registry_core::{
    Digest, Event, MediaType,
    backend::{DeleteManifestOutcome, DeleteTagOutcome, PutManifestOutcome, ReferenceTarget},
};

use super::{Answer, Call, Outcomes, World};
use crate::contract::model::metadata::{
    action::{Condition, Creates, Write},
    stage::{self, Index, MANIFESTS},
};

/// A manifest of a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Manifest {
    /// The pass that condemned it.
    pub(super) pass: Option<u32>,
}

impl World {
    pub(super) fn after_manifest(&self, call: &Call) -> Outcomes {
        let client = call.client;
        match &call.write {
            Write::PutManifest {
                repository: at,
                manifest,
                tags,
                creates,
            } => {
                let current = self.after_put_manifest(*at, *manifest, tags, *creates);
                self.checked(client, &[*at], current)
            }
            Write::DeleteTag(at, tag, condition) => {
                let current = self.after_delete_tag(*at, *tag, *condition);
                self.checked(client, &[*at], current)
            }
            Write::DeleteManifest(at, manifest) => {
                let current = self.after_delete_manifest(*at, *manifest);
                self.checked(client, &[*at], current)
            }
            Write::Renew(at, target, index) => self.after_renew(*at, *target, *index),
            Write::AddPulls(at, tag) => self.after_pulls(*at, *tag),
            _ => Vec::new(),
        }
    }

    pub(super) fn has_manifest(&self, at: Index, manifest: Index) -> bool {
        let repository = self.repositories.get(&at);
        repository.is_some_and(|found| found.manifests.contains_key(&manifest))
    }

    fn has(&self, at: Index, target: ReferenceTarget, index: Index) -> bool {
        match target {
            ReferenceTarget::Blob => self.has_blob(at, index),
            ReferenceTarget::Manifest => self.has_manifest(at, index),
        }
    }

    pub(super) fn tagged(&self, at: Index, tag: Index) -> Option<Index> {
        self.repositories.get(&at)?.tags.get(&tag).copied()
    }

    /// The manifests of a repository that require something.
    pub(super) fn requiring(
        &self,
        at: Index,
        target: ReferenceTarget,
        index: Index,
    ) -> Vec<Digest> {
        let manifests = self.referring(at, target, index);
        let requiring = manifests.into_iter().filter(|manifest| {
            let references = MANIFESTS[*manifest].references;
            references.contains(&(target, index, true))
        });
        requiring.map(stage::manifest).collect()
    }

    /// The manifests of a repository that refer to something.
    pub(super) fn referring(&self, at: Index, target: ReferenceTarget, index: Index) -> Vec<Index> {
        let manifests = self.repositories.get(&at);
        let manifests = manifests
            .into_iter()
            .flat_map(|found| found.manifests.keys());
        let refers = |manifest: &Index| {
            let mut references = MANIFESTS[*manifest].references.iter();
            references.any(|(to, place, _)| *to == target && *place == index)
        };
        manifests.copied().filter(refers).collect()
    }

    fn after_put_manifest(
        &self,
        at: Index,
        manifest: Index,
        tags: &[(Index, Condition)],
        creates: Creates,
    ) -> Outcomes {
        let mut outcomes = Vec::new();
        let mut refuse = |outcome| outcomes.push(self.stays(Answer::PutManifest(outcome)));
        if !self.admits(at, creates) {
            refuse(PutManifestOutcome::RepositoryAbsent);
        }
        let references = MANIFESTS[manifest].references.iter();
        let missing = references
            .filter(|(target, index, required)| *required && !self.has(at, *target, *index));
        let mut missing: Vec<_> = missing
            .map(|(target, index, _)| stage::digest(*target, *index))
            .collect();
        missing.sort();
        if !missing.is_empty() {
            refuse(PutManifestOutcome::Missing(missing));
        }
        for (tag, condition) in tags {
            let current = self.tagged(at, *tag);
            if !condition.holds(current, manifest) {
                let tag = stage::tag_at(*tag);
                let current = current.map(stage::manifest);
                refuse(PutManifestOutcome::TagConflict { tag, current });
            }
        }
        if outcomes.is_empty() {
            let stored = Answer::PutManifest(PutManifestOutcome::Stored);
            outcomes.push(self.then(stored, |world| {
                world.make(at, None, creates);
                world.store(at, manifest);
                tags.iter()
                    .for_each(|(tag, _)| world.tag(at, *tag, manifest));
            }));
        }
        outcomes
    }

    /// Keeps a manifest, and clears its mark and those of what it refers to.
    fn store(&mut self, at: Index, manifest: Index) {
        let repository = self.repository(at);
        let before = repository.manifests.insert(manifest, Manifest::default());
        for (target, index, _) in MANIFESTS[manifest].references {
            match target {
                ReferenceTarget::Blob => {
                    let blob = repository.blobs.get_mut(index);
                    blob.into_iter().for_each(|pass| *pass = None);
                }
                ReferenceTarget::Manifest => {
                    let child = repository.manifests.get_mut(index);
                    child.into_iter().for_each(|child| child.pass = None);
                }
            }
        }
        if before.is_none() {
            self.tell(&Event::ManifestPushed {
                repository: stage::repository(at),
                digest: stage::manifest(manifest),
                media_type: MediaType::OCI_MANIFEST,
            });
        }
    }

    fn tag(&mut self, at: Index, tag: Index, manifest: Index) {
        let from = self.repository(at).tags.insert(tag, manifest);
        if from != Some(manifest) {
            self.tell(&Event::Tagged {
                repository: stage::repository(at),
                tag: stage::tag_at(tag),
                from: from.map(stage::manifest),
                to: stage::manifest(manifest),
            });
        }
    }

    fn untag(&mut self, at: Index, tag: Index) {
        let repository = self.repository(at);
        repository.tag_pulls.remove(&tag);
        if let Some(manifest) = repository.tags.remove(&tag) {
            self.tell(&Event::Untagged {
                repository: stage::repository(at),
                tag: stage::tag_at(tag),
                digest: stage::manifest(manifest),
            });
        }
    }

    fn after_delete_tag(&self, at: Index, tag: Index, condition: Condition) -> Outcomes {
        let Some(manifest) = self.tagged(at, tag) else {
            return vec![self.stays(Answer::DeleteTag(DeleteTagOutcome::Absent))];
        };
        let current = stage::manifest(manifest);
        let conflict = DeleteTagOutcome::Conflict {
            current: current.clone(),
        };
        let conflict = self.stays(Answer::DeleteTag(conflict));
        let deleted = Answer::DeleteTag(DeleteTagOutcome::Deleted { digest: current });
        let deleted = self.then(deleted, |world| world.untag(at, tag));
        match condition {
            // What it would mean to delete a tag that must not move is not said.
            Condition::Unmoved => vec![conflict, deleted],
            _ if condition.holds(Some(manifest), manifest) => vec![deleted],
            _ => vec![conflict],
        }
    }

    fn after_delete_manifest(&self, at: Index, manifest: Index) -> Outcomes {
        let answer = |outcome| Answer::DeleteManifest(outcome);
        if !self.has_manifest(at, manifest) {
            return vec![self.stays(answer(DeleteManifestOutcome::Absent))];
        }
        let requiring = self.requiring(at, ReferenceTarget::Manifest, manifest);
        if !requiring.is_empty() {
            let refused = requiring
                .into_iter()
                .map(|by| self.stays(answer(DeleteManifestOutcome::Required { by })));
            return refused.collect();
        }
        let tags = self.repositories.get(&at).into_iter();
        let tags = tags.flat_map(|found| found.tags.iter());
        let untagged = tags.filter(|(_, to)| **to == manifest);
        let untagged = untagged.map(|(tag, _)| stage::tag_at(*tag)).collect();
        let deleted = answer(DeleteManifestOutcome::Deleted { untagged });
        vec![self.then(deleted, |world| world.drop_manifest(at, manifest))]
    }

    /// A manifest goes, with its tags.
    pub(super) fn drop_manifest(&mut self, at: Index, manifest: Index) {
        let tags = self.repository(at).tags.clone();
        for (tag, _) in tags.into_iter().filter(|(_, to)| *to == manifest) {
            self.untag(at, tag);
        }
        self.repository(at).manifests.remove(&manifest);
        self.tell(&Event::ManifestDeleted {
            repository: stage::repository(at),
            digest: stage::manifest(manifest),
        });
    }

    fn after_renew(&self, at: Index, target: ReferenceTarget, index: Index) -> Outcomes {
        if !self.has(at, target, index) {
            return vec![self.stays(Answer::Is(false))];
        }
        vec![self.then(Answer::Is(true), |world| {
            let repository = world.repository(at);
            match target {
                ReferenceTarget::Blob => {
                    repository.blobs.insert(index, None);
                }
                ReferenceTarget::Manifest => {
                    repository.manifests.insert(index, Manifest::default());
                }
            }
        })]
    }

    /// One pull. That of a tag which does not exist may or may not count for its repository.
    fn after_pulls(&self, at: Index, tag: Option<Index>) -> Outcomes {
        let dropped = self.stays(Answer::Done);
        if self.places.repository(at).is_none() {
            return vec![dropped];
        }
        let counted = self.then(Answer::Done, |world| {
            let repository = world.repository(at);
            repository.pulls += 1;
            if let Some(tag) = tag.filter(|tag| repository.tags.contains_key(tag)) {
                *repository.tag_pulls.entry(tag).or_default() += 1;
            }
        });
        match tag {
            Some(tag) if self.tagged(at, tag).is_none() => vec![counted, dropped],
            _ => vec![counted],
        }
    }
}

impl Condition {
    /// Whether a tag that points there may be pointed at the manifest.
    fn holds(self, current: Option<Index>, manifest: Index) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => current.is_none(),
            Self::Is(expected) => current == Some(expected),
            Self::Unmoved => current.is_none_or(|current| current == manifest),
        }
    }
}
