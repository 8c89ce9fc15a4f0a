//! What callers may rely on, after all that they were told.
//!
//! A request whose answer was lost, or whose client went away, was done or not. So of each thing the
//! model knows what may be: there, absent, or either. An answer that fits neither is a broken promise.

mod content;
mod sessions;

use std::collections::{BTreeMap, BTreeSet};

use registry_core::UploadId;

pub(super) use self::sessions::{EXPIRY, Session, another};
use super::{
    action::{Request, SLOTS},
    stage::{Index, MANIFESTS},
};

/// What the caller of a request was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Begun(UploadId),
    /// The session stands at this byte.
    Stands(u64),
    /// There is none: no such blob, manifest, tag, repository or source of a mount.
    Absent,
    /// There is no such session.
    Gone,
    Found(Index),
    Listed(Vec<Index>),
    /// These blobs and these manifests are missing.
    Missing(Vec<Index>, Vec<Index>),
    RequiredBy(Index),
    /// The tag points there.
    Conflict(Option<Index>),
    /// The bytes are not those of the digest.
    Mismatch,
    /// The body broke off.
    Broken,
    /// The session does not stand where the body begins.
    Elsewhere,
    /// Nobody can say whether it was done.
    Unsure,
    /// Something that is never the answer.
    Other(String),
}

/// What came of looking at an answer.
pub(super) type Verdict = Result<(), String>;

/// How long an answer holds, in hours.
pub(super) const GRACE: u32 = 2;

#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    now: u32,
    blobs: BTreeMap<(Index, Index), Thing>,
    manifests: BTreeMap<(Index, Index), Thing>,
    /// Where tags may point.
    tags: BTreeMap<(Index, Index), BTreeSet<Option<Index>>>,
    sessions: [Option<Session>; SLOTS],
}

/// A blob or manifest of a repository.
#[derive(Clone, Copy, Debug)]
struct Thing {
    may_be_there: bool,
    may_be_absent: bool,
    /// Until when an answer holds.
    leased: u32,
}

impl Default for Thing {
    fn default() -> Self {
        Self {
            may_be_there: false,
            may_be_absent: true,
            leased: 0,
        }
    }
}

impl Thing {
    fn is_surely_there(self) -> bool {
        self.may_be_there && !self.may_be_absent
    }
}

impl Known {
    /// Learns from the answer to a request.
    pub(super) fn learn(&mut self, request: &Request, outcome: &Outcome) -> Verdict {
        match *request {
            Request::Begin { slot, at, blob } => {
                if let Outcome::Begun(id) = outcome {
                    self.sessions[slot] = Some(Session::new(at, blob, id.clone(), self.now));
                }
                Ok(())
            }
            Request::Append { slot, .. }
            | Request::Finish { slot, .. }
            | Request::Cancel { slot } => self.learn_of_session(slot, request, outcome),
            _ => self.learn_of_content(request, outcome),
        }
    }

    /// Hours pass. A session may expire without the collector: its id has a date.
    pub(super) fn advance(&mut self, hours: u32) {
        self.now += hours;
        for session in self.sessions.iter_mut().flatten() {
            session.expire(self.now);
        }
    }

    /// A collector may have come by: what nothing keeps and no answer holds may be gone.
    pub(super) fn collect(&mut self) {
        let kept: BTreeSet<_> = self
            .blobs
            .keys()
            .copied()
            .filter(|key| self.keeps(*key))
            .collect();
        for (key, blob) in &mut self.blobs {
            if self.now > blob.leased && !kept.contains(key) {
                blob.may_be_absent = true;
            }
        }
    }

    /// The session of a slot.
    pub(super) fn session(&self, slot: Index) -> Option<&Session> {
        self.sessions[slot].as_ref()
    }

    /// Whether a manifest that is surely there keeps a blob.
    fn keeps(&self, (at, blob): (Index, Index)) -> bool {
        self.users_of_blob(blob)
            .any(|manifest| self.is_surely_there(at, manifest))
    }

    fn is_surely_there(&self, at: Index, manifest: Index) -> bool {
        let thing = self.manifests.get(&(at, manifest));
        thing.is_some_and(|thing| thing.is_surely_there())
    }

    fn users_of_blob(&self, blob: Index) -> impl Iterator<Item = Index> + use<> {
        (0..MANIFESTS.len()).filter(move |manifest| MANIFESTS[*manifest].blobs.contains(&blob))
    }

    fn parents(&self, child: Index) -> impl Iterator<Item = Index> + use<> {
        (0..MANIFESTS.len()).filter(move |manifest| MANIFESTS[*manifest].children.contains(&child))
    }

    /// The blob is there.
    fn blob_is_there(&mut self, at: Index, blob: Index) -> Verdict {
        let thing = self.blobs.entry((at, blob)).or_default();
        if !thing.may_be_there {
            return Err(format!(
                "blob {blob} is in repository {at}, which never got it"
            ));
        }
        thing.may_be_absent = false;
        Ok(())
    }

    /// The caller was told that the blob is there.
    fn blob_is_told(&mut self, at: Index, blob: Index) -> Verdict {
        self.blob_is_there(at, blob)?;
        self.lease(at, blob);
        Ok(())
    }

    fn lease(&mut self, at: Index, blob: Index) {
        let until = self.now + GRACE;
        let thing = self.blobs.entry((at, blob)).or_default();
        thing.leased = thing.leased.max(until);
    }

    /// The blob is absent, and so are all manifests that require it.
    fn blob_is_absent(&mut self, at: Index, blob: Index) -> Verdict {
        let thing = self.blobs.entry((at, blob)).or_default();
        if !thing.may_be_absent {
            return Err(format!("blob {blob} is gone from repository {at}"));
        }
        thing.may_be_there = false;
        self.users_of_blob(blob)
            .try_for_each(|manifest| self.manifest_is_absent(at, manifest))
    }

    /// The manifest is there, and so is all that it requires.
    fn manifest_is_there(&mut self, at: Index, manifest: Index) -> Verdict {
        let thing = self.manifests.entry((at, manifest)).or_default();
        if !thing.may_be_there {
            return Err(format!(
                "manifest {manifest} is in repository {at}, which never got it"
            ));
        }
        thing.may_be_absent = false;
        let shape = &MANIFESTS[manifest];
        shape
            .blobs
            .iter()
            .try_for_each(|blob| self.blob_is_there(at, *blob))?;
        shape
            .children
            .iter()
            .try_for_each(|child| self.manifest_is_there(at, *child))
    }

    /// The manifest is absent: no tag points at it, and what requires it is absent as well.
    fn manifest_is_absent(&mut self, at: Index, manifest: Index) -> Verdict {
        let thing = self.manifests.entry((at, manifest)).or_default();
        if !thing.may_be_absent {
            return Err(format!("manifest {manifest} is gone from repository {at}"));
        }
        thing.may_be_there = false;
        for ((place, tag), points) in &mut self.tags {
            points.retain(|to| *place != at || *to != Some(manifest));
            if points.is_empty() {
                return Err(format!("tag {tag} of repository {at} points at nothing"));
            }
        }
        self.parents(manifest)
            .try_for_each(|parent| self.manifest_is_absent(at, parent))
    }

    fn points(&mut self, at: Index, tag: Index) -> &mut BTreeSet<Option<Index>> {
        let nowhere = || BTreeSet::from([None]);
        self.tags.entry((at, tag)).or_insert_with(nowhere)
    }

    /// The tag points there.
    fn tag_is(&mut self, at: Index, tag: Index, to: Option<Index>) -> Verdict {
        let points = self.points(at, tag);
        if !points.contains(&to) {
            return Err(format!(
                "tag {tag} of repository {at} points at {to:?}, but may only at {points:?}"
            ));
        }
        *points = BTreeSet::from([to]);
        match to {
            Some(manifest) => self.manifest_is_there(at, manifest),
            None => Ok(()),
        }
    }
}
