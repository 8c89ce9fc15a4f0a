//! What is done at random.

use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::select,
};
use registry_core::backend::ReferenceTarget;

use super::stage::{BLOBS, Index, MANIFESTS, REPOSITORIES, SESSIONS, TAGS};

/// One step of a run.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Which of the two clients does it, each through a view of its own.
    pub(super) client: Index,
    /// Whether it asks for the facts first; else it uses those that it remembers.
    pub(super) asks: bool,
    pub(super) trouble: Option<Trouble>,
    pub(super) action: Action,
}

/// What goes wrong with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing happens, and the answer says so.
    Refused,
    /// Nothing happens, and the answer cannot say whether it did.
    LostRequest,
    /// It happens, and the answer cannot say whether it did.
    LostAnswer,
}

/// What is asked of the backend.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Write(Write),
    Read(Read),
    /// Hours pass.
    Advance(u32),
}

/// Who may read, and whether untagged manifests are collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Settings {
    pub(super) public: bool,
    pub(super) collects: bool,
}

/// What a push may make besides: its namespace, with these settings, and its repository.
#[derive(Clone, Copy, Debug)]
pub(super) struct Creates {
    pub(super) namespace: Option<Settings>,
    pub(super) repository: bool,
}

/// The content of a blob to be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Inline,
    /// An object of a key that was never used.
    Fresh,
    /// The object that was given for this blob the last time.
    Again,
}

/// The condition of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Any,
    Absent,
    Is(Index),
    Unmoved,
}

#[derive(Clone, Debug)]
pub(super) enum Write {
    CreateNamespace(Index, Settings),
    UpdateNamespace(Index, Settings),
    CreateRepository(Index, Option<bool>, Creates),
    SetVisibility(Index, Option<bool>),
    PutBlob {
        repository: Index,
        blob: Index,
        given: Given,
        session: Option<Index>,
        creates: Creates,
    },
    MountBlob {
        from: Index,
        to: Index,
        blob: Index,
        creates: Creates,
    },
    DeleteBlob(Index, Index),
    /// The object that was given for the blob the last time.
    Quarantine(Index),
    PutManifest {
        repository: Index,
        manifest: Index,
        tags: Vec<(Index, Condition)>,
        creates: Creates,
    },
    DeleteTag(Index, Index, Condition),
    DeleteManifest(Index, Index),
    Renew(Index, ReferenceTarget, Index),
    Claim(Index, Index),
    Checkpoint(Index, Index),
    Cancel(Index, Index),
    Expire,
    ForgetExpired,
    Condemn,
    Seal,
    Remove,
    Unknown,
    Doom,
    ForgetDoomed,
    Acknowledge,
    AddPulls(Index, Option<Index>),
}

#[derive(Clone, Debug)]
pub(super) enum Read {
    Namespace(Index),
    Repository(Index),
    Blob(Index, Index),
    Manifest(Index, Index),
    Tagged(Index, Index),
    Tags(Index),
    Referrers(Index, Index),
    Holders(Index),
    Repositories,
    Upload(Index, Index),
    Pending,
    Doomed,
    Pulls(Index, Option<Index>),
}

impl Read {
    /// The repository whose facts it is made with, where it is.
    pub(super) fn scope(&self) -> Option<Index> {
        match self {
            Self::Blob(at, _)
            | Self::Manifest(at, _)
            | Self::Tagged(at, _)
            | Self::Tags(at)
            | Self::Referrers(at, _) => Some(*at),
            _ => None,
        }
    }

    /// Everything that can be read.
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![Self::Repositories, Self::Pending, Self::Doomed];
        all.extend((0..BLOBS.len()).map(Self::Holders));
        for at in 0..REPOSITORIES.len() {
            all.extend([Self::Namespace(at), Self::Repository(at), Self::Tags(at)]);
            all.extend((0..BLOBS.len()).map(|blob| Self::Blob(at, blob)));
            all.extend((0..MANIFESTS.len()).map(|index| Self::Manifest(at, index)));
            all.extend((0..MANIFESTS.len()).map(|subject| Self::Referrers(at, subject)));
            all.extend((0..TAGS.len()).map(|tag| Self::Tagged(at, tag)));
            all.extend((0..TAGS.len()).map(|tag| Self::Pulls(at, Some(tag))));
            all.extend((0..SESSIONS.len()).map(|id| Self::Upload(at, id)));
            all.push(Self::Pulls(at, None));
        }
        all
    }
}

impl Write {
    /// The repositories whose facts it is made with.
    pub(super) fn scopes(&self) -> Vec<Index> {
        match self {
            Self::UpdateNamespace(at, _)
            | Self::CreateRepository(at, ..)
            | Self::SetVisibility(at, _)
            | Self::PutBlob { repository: at, .. }
            | Self::DeleteBlob(at, _)
            | Self::PutManifest { repository: at, .. }
            | Self::DeleteTag(at, ..)
            | Self::DeleteManifest(at, _) => vec![*at],
            Self::MountBlob { from, to, .. } => vec![*from, *to],
            _ => Vec::new(),
        }
    }
}

/// A run of at most so many steps.
pub(super) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..most)
}

fn step() -> impl Strategy<Value = Step> {
    let client = 0..2_usize;
    let asks = proptest::bool::weighted(0.85);
    (client, asks, trouble(), action()).prop_map(|(client, asks, trouble, action)| Step {
        client,
        asks,
        trouble,
        action,
    })
}

fn trouble() -> impl Strategy<Value = Option<Trouble>> {
    let some = select(vec![
        Trouble::Refused,
        Trouble::LostRequest,
        Trouble::LostAnswer,
    ]);
    option::weighted(0.15, some)
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        8 => content().prop_map(Action::Write),
        3 => places().prop_map(Action::Write),
        3 => uploads().prop_map(Action::Write),
        5 => collection().prop_map(Action::Write),
        1 => told().prop_map(Action::Write),
        3 => read().prop_map(Action::Read),
        2 => (1..5_u32).prop_map(Action::Advance),
    ]
}

fn places() -> impl Strategy<Value = Write> {
    let visibility = || option::of(any::<bool>());
    prop_oneof![
        (repository(), settings()).prop_map(|(at, settings)| Write::CreateNamespace(at, settings)),
        (repository(), settings()).prop_map(|(at, settings)| Write::UpdateNamespace(at, settings)),
        (repository(), visibility(), creates())
            .prop_map(|(at, visibility, creates)| Write::CreateRepository(at, visibility, creates)),
        (repository(), visibility()).prop_map(|(at, own)| Write::SetVisibility(at, own)),
    ]
}

fn content() -> impl Strategy<Value = Write> {
    prop_oneof![
        4 => put_blob(),
        2 => (repository(), repository(), blob(), creates()).prop_map(|(from, to, blob, creates)| {
            Write::MountBlob { from, to, blob, creates }
        }),
        1 => (repository(), blob()).prop_map(|(at, blob)| Write::DeleteBlob(at, blob)),
        1 => blob().prop_map(Write::Quarantine),
        6 => put_manifest(),
        1 => (repository(), 0..TAGS.len(), condition())
            .prop_map(|(at, tag, condition)| Write::DeleteTag(at, tag, condition)),
        1 => (repository(), manifest()).prop_map(|(at, digest)| Write::DeleteManifest(at, digest)),
        1 => (repository(), blob())
            .prop_map(|(at, index)| Write::Renew(at, ReferenceTarget::Blob, index)),
        1 => (repository(), manifest())
            .prop_map(|(at, index)| Write::Renew(at, ReferenceTarget::Manifest, index)),
    ]
}

fn put_blob() -> impl Strategy<Value = Write> {
    let given = select(vec![
        Given::Inline,
        Given::Fresh,
        Given::Fresh,
        Given::Again,
    ]);
    let session = option::weighted(0.3, 0..SESSIONS.len());
    (repository(), blob(), given, session, creates()).prop_map(
        |(repository, blob, given, session, creates)| Write::PutBlob {
            repository,
            blob,
            given,
            session,
            creates,
        },
    )
}

fn put_manifest() -> impl Strategy<Value = Write> {
    let first = option::of(condition());
    let second = option::weighted(0.3, condition());
    (repository(), manifest(), first, second, creates()).prop_map(
        |(repository, manifest, first, second, creates)| {
            let first = first.map(|condition| (0, condition));
            let second = second.map(|condition| (1, condition));
            Write::PutManifest {
                repository,
                manifest,
                tags: first.into_iter().chain(second).collect(),
                creates,
            }
        },
    )
}

fn uploads() -> impl Strategy<Value = Write> {
    let session = || (repository(), 0..SESSIONS.len());
    prop_oneof![
        3 => session().prop_map(|(at, id)| Write::Checkpoint(at, id)),
        2 => session().prop_map(|(at, id)| Write::Claim(at, id)),
        1 => session().prop_map(|(at, id)| Write::Cancel(at, id)),
        1 => Just(Write::Expire),
        1 => Just(Write::ForgetExpired),
    ]
}

fn collection() -> impl Strategy<Value = Write> {
    prop_oneof![
        2 => Just(Write::Condemn),
        2 => Just(Write::Seal),
        3 => Just(Write::Remove),
        1 => Just(Write::Unknown),
        1 => Just(Write::Doom),
        1 => Just(Write::ForgetDoomed),
    ]
}

fn told() -> impl Strategy<Value = Write> {
    prop_oneof![
        Just(Write::Acknowledge),
        (repository(), option::of(0..TAGS.len())).prop_map(|(at, tag)| Write::AddPulls(at, tag)),
    ]
}

fn read() -> impl Strategy<Value = Read> {
    prop_oneof![
        repository().prop_map(Read::Namespace),
        repository().prop_map(Read::Repository),
        (repository(), blob()).prop_map(|(at, blob)| Read::Blob(at, blob)),
        (repository(), manifest()).prop_map(|(at, manifest)| Read::Manifest(at, manifest)),
        (repository(), 0..TAGS.len()).prop_map(|(at, tag)| Read::Tagged(at, tag)),
        repository().prop_map(Read::Tags),
        (repository(), manifest()).prop_map(|(at, subject)| Read::Referrers(at, subject)),
        blob().prop_map(Read::Holders),
        Just(Read::Repositories),
        (repository(), 0..SESSIONS.len()).prop_map(|(at, id)| Read::Upload(at, id)),
        Just(Read::Pending),
        Just(Read::Doomed),
        (repository(), option::of(0..TAGS.len())).prop_map(|(at, tag)| Read::Pulls(at, tag)),
    ]
}

fn repository() -> impl Strategy<Value = Index> {
    0..REPOSITORIES.len()
}

fn blob() -> impl Strategy<Value = Index> {
    0..BLOBS.len()
}

fn manifest() -> impl Strategy<Value = Index> {
    0..MANIFESTS.len()
}

fn settings() -> impl Strategy<Value = Settings> {
    any::<(bool, bool)>().prop_map(|(public, collects)| Settings { public, collects })
}

fn creates() -> impl Strategy<Value = Creates> {
    let namespace = option::weighted(0.9, settings());
    let repository = proptest::bool::weighted(0.9);
    (namespace, repository).prop_map(|(namespace, repository)| Creates {
        namespace,
        repository,
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        4 => Just(Condition::Any),
        1 => Just(Condition::Absent),
        1 => Just(Condition::Unmoved),
        1 => manifest().prop_map(Condition::Is),
    ]
}
