//! Tags.

use registry_core::{
    Digest, Event, RepositoryName, Tag,
    backend::{DeleteTag, DeleteTagOutcome, Origin, TagMove},
};

use crate::memory::metadata::{
    key::{Key, after},
    state::{Repository, State},
};

/// Where a tag points.
#[derive(Debug)]
pub(in super::super) struct TagRow {
    pub(in super::super) digest: Digest,
    pub(in super::super) pulls: u64,
}

impl Repository {
    pub(super) fn tagged(&self, tag: &Tag) -> Option<&Digest> {
        self.tags.get(tag.as_str()).map(|row| &row.digest)
    }

    /// Takes a tag away and answers where it pointed.
    pub(super) fn untag(&mut self, tag: &Tag) -> Option<Digest> {
        let row = self.tags.remove(tag.as_str())?;
        self.drop_tag_of(&row.digest, tag);
        Some(row.digest)
    }

    /// Points a tag somewhere and answers where it pointed before.
    fn set_tag(&mut self, tag: &Tag, to: &Digest) -> Option<Digest> {
        let digest = to.clone();
        let before = match self.tags.get_mut(tag.as_str()) {
            Some(row) => Some(std::mem::replace(&mut row.digest, digest)),
            None => {
                let row = TagRow { digest, pulls: 0 };
                self.tags.insert(Key(tag.clone()), row);
                None
            }
        };
        if let Some(before) = &before {
            self.drop_tag_of(before, tag);
        }
        if let Some(manifest) = self.manifests.get_mut(to) {
            manifest.tags.insert(Key(tag.clone()));
        }
        before
    }

    fn drop_tag_of(&mut self, digest: &Digest, tag: &Tag) {
        if let Some(manifest) = self.manifests.get_mut(digest) {
            manifest.tags.remove(tag.as_str());
        }
    }
}

impl State {
    pub(super) fn tags(&self, name: &RepositoryName, text: Option<&str>, limit: usize) -> Vec<Tag> {
        let Some(repository) = self.repositories.get(name) else {
            return Vec::new();
        };
        let tags = repository.tags.range::<str, _>(after(text)).take(limit);
        tags.map(|(key, _)| key.0.clone()).collect()
    }

    /// The first of these moves that may not be made.
    pub(super) fn conflict<'a>(
        &self,
        name: &RepositoryName,
        moves: &'a [TagMove],
        to: &Digest,
    ) -> Option<(&'a Tag, Option<Digest>)> {
        let repository = self.repositories.get(name);
        moves.iter().find_map(|step| {
            let current = repository.and_then(|repository| repository.tagged(&step.tag));
            let holds = step.condition.holds(current, Some(to));
            (!holds).then(|| (&step.tag, current.cloned()))
        })
    }

    /// Points a tag at a manifest of the repository.
    pub(super) fn tag(
        &mut self,
        name: &RepositoryName,
        tag: &Tag,
        to: &Digest,
        origin: Origin<'_>,
    ) {
        let repository = self.repositories.get_mut(name);
        let from = repository.and_then(|repository| repository.set_tag(tag, to));
        if from.as_ref() != Some(to) {
            let (repository, tag, to) = (name.clone(), tag.clone(), to.clone());
            self.record(
                origin,
                Event::Tagged {
                    repository,
                    tag,
                    from,
                    to,
                },
            );
        }
    }

    pub(super) fn delete_tag(&mut self, command: &DeleteTag<'_>) -> DeleteTagOutcome {
        let name = command.scope.repository;
        let Some(repository) = self.repositories.get_mut(name) else {
            return DeleteTagOutcome::Absent;
        };
        let current = repository.tagged(command.tag).cloned();
        let allowed = command.condition.holds(current.as_ref(), None);
        match current {
            None => DeleteTagOutcome::Absent,
            Some(current) if !allowed => DeleteTagOutcome::Conflict { current },
            Some(digest) => {
                repository.untag(command.tag);
                self.record_untagged(name, command.tag.clone(), &digest, command.origin);
                DeleteTagOutcome::Deleted { digest }
            }
        }
    }

    pub(super) fn record_untagged(
        &mut self,
        name: &RepositoryName,
        tag: Tag,
        digest: &Digest,
        origin: Origin<'_>,
    ) {
        let (repository, digest) = (name.clone(), digest.clone());
        self.record(
            origin,
            Event::Untagged {
                repository,
                tag,
                digest,
            },
        );
    }
}
