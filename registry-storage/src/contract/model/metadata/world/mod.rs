//! A plain model of metadata: what a backend may answer, and what is then so.
//!
//! A command whose answer was lost has happened or not. So the model is not one state but all that
//! agree with what was answered so far: each command leads from every one of them to those that may
//! follow, with the answer that goes with each, and the answer that came leaves only those it fits.
//! When none is left, the backend has contradicted itself. Where the guarantees leave a choice, it is
//! one more state that may follow.

mod blobs;
mod collection;
mod manifests;
mod places;
mod reads;
mod uploads;

use std::collections::{BTreeMap, BTreeSet};

use registry_core::{
    Event,
    backend::{
        CreateOutcome, DeleteBlobOutcome, DeleteManifestOutcome, DeleteTagOutcome, FactsVersion,
        MountBlobOutcome, PutBlobOutcome, PutManifestOutcome, UpdateOutcome,
    },
};

use self::{blobs::Content, manifests::Manifest, places::Places, uploads::Session};
use super::{
    action::{Read, Settings, Write},
    stage::Index,
};

/// A write, with what was made up for it on the way.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) client: Index,
    pub(super) write: Write,
    /// The key of an object or an unfinished write, where one is given.
    pub(super) key: Option<String>,
    /// Whether the epoch that the client holds is that of a session without a row.
    pub(super) is_fresh: bool,
    /// The keys that it is about, where it is about several.
    pub(super) keys: Vec<String>,
}

/// What a backend said, without what the model does not foretell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Stale,
    Done,
    Create(CreateOutcome),
    Update(UpdateOutcome),
    PutBlob(PutBlobOutcome),
    MountBlob(MountBlobOutcome),
    DeleteBlob(DeleteBlobOutcome),
    PutManifest(PutManifestOutcome),
    DeleteTag(DeleteTagOutcome),
    DeleteManifest(DeleteManifestOutcome),
    Claim(Claim),
    Is(bool),
    Count(u64),
    Keys(Vec<String>),
    Namespace(Option<Settings>),
    /// Its own visibility.
    Repository(Option<Option<bool>>),
    /// The key, none where it is inline, and whether it is condemned.
    Blob(Option<(Option<String>, bool)>),
    /// Which, and whether it is condemned.
    Manifest(Option<(Index, bool)>),
    Places(Vec<Index>),
    Upload(Option<Stand>),
    Events(Vec<String>),
}

/// What a claim found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Fresh,
    Claimed(String),
    Ended(Stand),
}

/// How a session stands: open with a checkpoint, by the key of its bytes, or ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stand {
    Open(String),
    Finished(Index),
    Cancelled,
}

/// What may be answered, and what is then so.
pub(super) type Outcomes = Vec<(Answer, World)>;

/// One state that agrees with all that was answered so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct World {
    /// Hours since the beginning.
    now: u32,
    places: Places,
    repositories: BTreeMap<Index, Repository>,
    contents: BTreeMap<Index, Content>,
    sessions: BTreeMap<(Index, Index), Session>,
    expired: BTreeSet<String>,
    /// The current pass, and the earlier ones.
    pass: u32,
    sealed: BTreeMap<u32, Sealed>,
    gone: BTreeSet<String>,
    /// Objects kept aside because their bytes are wrong.
    aside: BTreeSet<String>,
    doomed: BTreeSet<String>,
    unknown: BTreeMap<String, Unknown>,
    told: Vec<Told>,
}

/// The content of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Repository {
    /// The passes that condemned its blobs.
    blobs: BTreeMap<Index, Option<u32>>,
    manifests: BTreeMap<Index, Manifest>,
    tags: BTreeMap<Index, Index>,
    pulls: u64,
    tag_pulls: BTreeMap<Index, u64>,
}

/// A pass that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sealed {
    at: u32,
    /// When a removal first came after it. Its grace counts from some moment between the two.
    seen: Option<u32>,
}

/// A key that was asked about and that nothing named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Unknown {
    since: u32,
    /// Something has named it since, which the backend may or may not hold against its age.
    named_since: bool,
}

/// Something that happened, and which clients have been told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    event: String,
    to: [bool; 2],
}

impl World {
    /// Everything that may come of a write.
    pub(super) fn after(&self, call: &Call) -> Outcomes {
        match &call.write {
            Write::CreateNamespace(..)
            | Write::UpdateNamespace(..)
            | Write::CreateRepository(..)
            | Write::SetVisibility(..) => self.after_place(call),
            Write::PutBlob { .. }
            | Write::MountBlob { .. }
            | Write::DeleteBlob(..)
            | Write::Quarantine(_) => self.after_blob(call),
            Write::PutManifest { .. }
            | Write::DeleteTag(..)
            | Write::DeleteManifest(..)
            | Write::Renew(..)
            | Write::AddPulls(..) => self.after_manifest(call),
            Write::Claim(..)
            | Write::Checkpoint(..)
            | Write::Cancel(..)
            | Write::Expire
            | Write::ForgetExpired => self.after_upload(call),
            Write::Condemn
            | Write::Seal
            | Write::Remove
            | Write::Unknown
            | Write::Doom
            | Write::ForgetDoomed => self.after_collection(call),
            Write::Acknowledge => vec![self.then(Answer::Done, |world| {
                world.told.retain(|told| !told.to[call.client]);
            })],
        }
    }

    /// Everything that a read may answer.
    pub(super) fn after_read(&self, client: Index, read: &Read) -> Outcomes {
        let mut world = self.clone();
        let answer = world.read(client, read);
        let current = vec![(answer, world)];
        match read.scope() {
            Some(at) => self.checked(client, &[at], current),
            None => current,
        }
    }

    /// Hours pass.
    pub(super) fn advance(&mut self, hours: u32) {
        self.now += hours;
    }

    /// A client was told the facts of a repository. False where they cannot be these here.
    pub(super) fn learn(
        &mut self,
        client: Index,
        repository: Index,
        facts: (Option<bool>, Option<Option<bool>>),
        version: FactsVersion,
    ) -> bool {
        let shown = (
            self.places
                .namespace(repository)
                .map(|settings| settings.public),
            self.places.repository(repository),
        );
        shown == facts && self.places.learn(client, repository, version)
    }

    /// A call with facts: refused where they differ, and else what `current` says. Where something has
    /// changed that facts do not show, either may be.
    fn checked(&self, client: Index, repositories: &[Index], current: Outcomes) -> Outcomes {
        let stale = || (Answer::Stale, self.clone());
        let drift = repositories.iter().map(|at| self.places.drift(client, *at));
        match drift.max() {
            Some(places::Drift::Changed) => vec![stale()],
            Some(places::Drift::Touched) => current.into_iter().chain([stale()]).collect(),
            _ => current,
        }
    }

    /// It stays as it is.
    fn stays(&self, answer: Answer) -> (Answer, Self) {
        (answer, self.clone())
    }

    /// It changes.
    fn then(&self, answer: Answer, change: impl FnOnce(&mut Self)) -> (Answer, Self) {
        let mut world = self.clone();
        change(&mut world);
        (answer, world)
    }

    /// The repository, made with an empty content where it is new.
    fn repository(&mut self, repository: Index) -> &mut Repository {
        self.repositories.entry(repository).or_default()
    }

    fn tell(&mut self, event: &Event) {
        let event = format!("{event:?}");
        self.told.push(Told {
            event,
            to: [false; 2],
        });
        self.told.sort();
    }

    /// Something names the key from now on.
    fn name_key(&mut self, key: &str) {
        if let Some(unknown) = self.unknown.get_mut(key) {
            unknown.named_since = true;
        }
    }

    /// The key is given up.
    fn doom_key(&mut self, key: &str) {
        self.unknown.remove(key);
        self.gone.insert(key.to_owned());
        self.doomed.insert(key.to_owned());
    }

    /// Whether the namespace of a repository collects what has no tag.
    fn collects(&self, repository: Index) -> bool {
        let settings = self.places.namespace(repository);
        settings.is_some_and(|settings| settings.collects)
    }
}
