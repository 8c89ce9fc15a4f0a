//! Blobs: contents, and the links of repositories to them.

use registry_core::{
    Event,
    backend::{DeleteBlobOutcome, MountBlobOutcome, PutBlobOutcome, ReferenceTarget},
};

use super::{Answer, Call, Outcomes, World, uploads::Ending};
use crate::contract::model::metadata::{
    action::{Creates, Write},
    stage::{self, BLOBS, Index},
};

/// What serves a digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Content {
    /// The object, none where the bytes stand in the row.
    pub(super) key: Option<String>,
    pub(super) quarantined: bool,
    /// The pass that condemned it.
    pub(super) pass: Option<u32>,
}

/// A blob to be put.
struct Put<'a> {
    call: &'a Call,
    at: Index,
    blob: Index,
    key: Option<&'a str>,
    session: Option<Index>,
    creates: Creates,
}

impl World {
    pub(super) fn after_blob(&self, call: &Call) -> Outcomes {
        let client = call.client;
        match call.write {
            Write::PutBlob {
                repository: at,
                blob,
                session,
                creates,
                ..
            } => {
                let key = call.key.as_deref();
                let put = Put {
                    call,
                    at,
                    blob,
                    key,
                    session,
                    creates,
                };
                self.checked(client, &[at], self.after_put_blob(&put))
            }
            Write::MountBlob {
                from,
                to,
                blob,
                creates,
            } => {
                let current = self.after_mount(from, to, blob, creates);
                self.checked(client, &[from, to], current)
            }
            Write::DeleteBlob(at, blob) => {
                self.checked(client, &[at], self.after_delete_blob(at, blob))
            }
            Write::Quarantine(blob) => self.after_quarantine(blob, call.key.as_deref()),
            _ => Vec::new(),
        }
    }

    /// The content of a blob, where it is there for readers.
    pub(super) fn sound(&self, blob: Index) -> Option<&Content> {
        let content = self.contents.get(&blob);
        content.filter(|content| !content.quarantined)
    }

    /// Whether a repository has a blob, for readers.
    pub(super) fn has_blob(&self, at: Index, blob: Index) -> bool {
        let repository = self.repositories.get(&at);
        let linked = repository.is_some_and(|found| found.blobs.contains_key(&blob));
        linked && self.sound(blob).is_some()
    }

    /// Which refusal comes first is not said; any that is justified may be given.
    fn after_put_blob(&self, put: &Put<'_>) -> Outcomes {
        let mut outcomes = Vec::new();
        let mut refuse = |outcome| outcomes.push(self.stays(Answer::PutBlob(outcome)));
        let ending = put
            .session
            .map(|id| self.ending(put.call, put.at, id, put.blob));
        if ending == Some(Ending::Lost) {
            refuse(PutBlobOutcome::SessionLost);
        }
        if !self.admits(put.at, put.creates) {
            refuse(PutBlobOutcome::RepositoryAbsent);
        }
        let sound = self.sound(put.blob);
        let serves = self
            .contents
            .get(&put.blob)
            .map(|content| content.key.as_deref());
        let is_gone = put
            .key
            .is_some_and(|key| self.gone.contains(key) || self.aside.contains(key));
        let is_bad = sound.is_none() && put.key.is_some() && serves == Some(put.key);
        if is_gone || is_bad {
            refuse(PutBlobOutcome::ObjectGone);
        }
        let is_refused = ending == Some(Ending::Lost) || !self.admits(put.at, put.creates);
        if is_refused || is_bad || (is_gone && sound.is_none()) {
            return outcomes;
        }
        // A doomed object may also be found to be not needed.
        let stored = match sound {
            None => vec![PutBlobOutcome::Stored],
            Some(kept) if kept.key.is_none() && put.key.is_none() => {
                vec![PutBlobOutcome::Stored, PutBlobOutcome::Deduplicated]
            }
            Some(kept) if kept.key.as_deref() == put.key => vec![PutBlobOutcome::Stored],
            Some(_) => vec![PutBlobOutcome::Deduplicated],
        };
        for outcome in stored {
            outcomes.extend(self.after_stored(put, outcome));
        }
        outcomes
    }

    /// What is so after a put that went well.
    fn after_stored(&self, put: &Put<'_>, outcome: PutBlobOutcome) -> Outcomes {
        let stored = self.then(Answer::PutBlob(outcome), |world| {
            world.make(put.at, None, put.creates);
            if world.sound(put.blob).is_none() {
                let content = Content {
                    key: put.key.map(str::to_owned),
                    quarantined: false,
                    pass: None,
                };
                world.contents.insert(put.blob, content);
                put.key.into_iter().for_each(|key| world.name_key(key));
            }
            world.link(put.at, put.blob);
            if let Some(id) = put.session {
                world.finish(put.at, id, put.blob);
            }
        });
        vec![stored]
    }

    /// Links a content and clears the marks of both.
    fn link(&mut self, at: Index, blob: Index) {
        self.repository(at).blobs.insert(blob, None);
        if let Some(content) = self.contents.get_mut(&blob) {
            content.pass = None;
        }
    }

    fn after_mount(&self, from: Index, to: Index, blob: Index, creates: Creates) -> Outcomes {
        let mut outcomes = Vec::new();
        let mut refuse = |outcome| outcomes.push(self.stays(Answer::MountBlob(outcome)));
        if !self.has_blob(from, blob) {
            refuse(MountBlobOutcome::SourceAbsent);
        }
        if !self.admits(to, creates) {
            refuse(MountBlobOutcome::RepositoryAbsent);
        }
        if !outcomes.is_empty() {
            return outcomes;
        }
        let size = BLOBS[blob].len() as u64;
        let mounted = Answer::MountBlob(MountBlobOutcome::Mounted { size });
        let kept = self.then(mounted.clone(), |world| {
            world.make(to, None, creates);
            world.link(to, blob);
        });
        // Whether the source is revived as well is not said.
        let revived = kept.1.then(mounted, |world| world.link(from, blob));
        vec![kept, revived]
    }

    fn after_delete_blob(&self, at: Index, blob: Index) -> Outcomes {
        let linked = self.repositories.get(&at);
        let is_linked = linked.is_some_and(|found| found.blobs.contains_key(&blob));
        let answer = |outcome| Answer::DeleteBlob(outcome);
        let absent = || self.stays(answer(DeleteBlobOutcome::Absent));
        if !is_linked {
            return vec![absent()];
        }
        let requiring = self.requiring(at, ReferenceTarget::Blob, blob);
        let mut outcomes: Vec<_> = requiring
            .into_iter()
            .map(|by| self.stays(answer(DeleteBlobOutcome::Required { by })))
            .collect();
        if outcomes.is_empty() {
            outcomes.push(self.then(answer(DeleteBlobOutcome::Deleted), |world| {
                world.repository(at).blobs.remove(&blob);
                world.tell(&Event::BlobDeleted {
                    repository: stage::repository(at),
                    digest: stage::blob(blob),
                });
            }));
        }
        // What is out of sight may be taken for absent here as well.
        if self.sound(blob).is_none() {
            outcomes.push(absent());
        }
        outcomes
    }

    fn after_quarantine(&self, blob: Index, key: Option<&str>) -> Outcomes {
        let Some(content) = self.contents.get(&blob) else {
            return vec![self.stays(Answer::Is(false))];
        };
        let serves = key.is_some() && content.key.as_deref() == key;
        match (serves, content.quarantined) {
            (false, _) => vec![self.stays(Answer::Is(false))],
            (true, true) => [false, true].map(|is| self.stays(Answer::Is(is))).into(),
            (true, false) => vec![self.then(Answer::Is(true), |world| {
                if let Some(content) = world.contents.get_mut(&blob) {
                    content.quarantined = true;
                }
                world.aside.extend(key.map(str::to_owned));
            })],
        }
    }
}
