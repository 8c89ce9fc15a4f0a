//! What is asked at random.

use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::select,
};

use super::stage::{BLOBS, Index, MANIFESTS, REPOSITORIES, TAGS};
use crate::wrap::Fault;

/// One step of a run.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Which of the two engines is asked.
    pub(super) engine: Index,
    pub(super) trouble: Option<Trouble>,
    /// Whether the other engine collects at the same time.
    pub(super) collects_beside: bool,
    pub(super) action: Action,
}

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// A call that the engine makes of its backends, by its number, meets with a fault.
    Fault(u64, Fault),
    /// The client goes away: the request is dropped after so many polls.
    Dropped(usize),
}

#[derive(Clone, Debug)]
pub(super) enum Action {
    Request(Request),
    /// Both engines finish one session at once, each with a blob of its own; before that so many
    /// hundredths of the first were sent, which the other begins with as well.
    Rivals {
        at: Index,
        share: u64,
    },
    /// A round of the collector.
    Collect,
    /// Hours pass.
    Advance(u32),
}

/// The condition of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Any,
    Absent,
    Is(Index),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Request {
    /// A blob in one go. A wrong one has the bytes of another.
    PutBlob {
        at: Index,
        blob: Index,
        wrong: bool,
    },
    /// A session in one of the slots.
    Begin {
        slot: Index,
        at: Index,
        blob: Index,
    },
    /// So many hundredths of what is missing; a body that breaks ends with an error.
    Append {
        slot: Index,
        share: u64,
        breaks: bool,
    },
    Finish {
        slot: Index,
        wrong: bool,
    },
    Cancel {
        slot: Index,
    },
    Mount {
        from: Option<Index>,
        to: Index,
        blob: Index,
    },
    PutManifest {
        at: Index,
        manifest: Index,
        tag: Option<Index>,
        condition: Condition,
    },
    DeleteBlob {
        at: Index,
        blob: Index,
    },
    DeleteManifest {
        at: Index,
        manifest: Index,
    },
    DeleteTag {
        at: Index,
        tag: Index,
    },
    GetBlob {
        at: Index,
        blob: Index,
    },
    GetManifest {
        at: Index,
        manifest: Index,
    },
    GetTag {
        at: Index,
        tag: Index,
    },
    ListTags {
        at: Index,
    },
    ListReferrers {
        at: Index,
        subject: Index,
    },
}

/// Sessions at a time.
pub(super) const SLOTS: usize = 2;

/// A run of at most so many steps.
pub(super) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..most)
}

fn step() -> impl Strategy<Value = Step> {
    let trouble = option::weighted(0.3, trouble());
    let beside = proptest::bool::weighted(0.2);
    (0..2_usize, trouble, beside, action()).prop_map(
        |(engine, trouble, collects_beside, action)| Step {
            engine,
            trouble,
            collects_beside,
            action,
        },
    )
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let faults = select(vec![
        Fault::Unavailable,
        Fault::Full,
        Fault::LostRequest,
        Fault::LostAnswer,
        Fault::TornWrite(7),
        Fault::CutRead(7),
    ]);
    prop_oneof![
        3 => (1..10_u64, faults).prop_map(|(nth, fault)| Trouble::Fault(nth, fault)),
        1 => (1..40_usize).prop_map(Trouble::Dropped),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => blobs().prop_map(Action::Request),
        5 => uploads().prop_map(Action::Request),
        4 => manifests().prop_map(Action::Request),
        3 => reads().prop_map(Action::Request),
        1 => (repository(), 0..50_u64).prop_map(|(at, share)| Action::Rivals { at, share }),
        2 => Just(Action::Collect),
        1 => (1..4_u32).prop_map(Action::Advance),
    ]
}

fn blobs() -> impl Strategy<Value = Request> {
    let wrong = proptest::bool::weighted(0.1);
    let from = option::of(0..REPOSITORIES.len());
    prop_oneof![
        4 => (repository(), 0..BLOBS, wrong)
            .prop_map(|(at, blob, wrong)| Request::PutBlob { at, blob, wrong }),
        2 => (from, repository(), 0..BLOBS)
            .prop_map(|(from, to, blob)| Request::Mount { from, to, blob }),
        1 => (repository(), 0..BLOBS).prop_map(|(at, blob)| Request::DeleteBlob { at, blob }),
    ]
}

fn uploads() -> impl Strategy<Value = Request> {
    let wrong = proptest::bool::weighted(0.1);
    prop_oneof![
        2 => (0..SLOTS, repository(), 0..BLOBS)
            .prop_map(|(slot, at, blob)| Request::Begin { slot, at, blob }),
        4 => (0..SLOTS, 1..100_u64, any::<bool>())
            .prop_map(|(slot, share, breaks)| Request::Append { slot, share, breaks }),
        3 => (0..SLOTS, wrong).prop_map(|(slot, wrong)| Request::Finish { slot, wrong }),
        1 => (0..SLOTS).prop_map(|slot| Request::Cancel { slot }),
    ]
}

fn manifests() -> impl Strategy<Value = Request> {
    let condition = prop_oneof![
        3 => Just(Condition::Any),
        1 => Just(Condition::Absent),
        1 => manifest().prop_map(Condition::Is),
    ];
    prop_oneof![
        4 => (repository(), manifest(), option::of(0..TAGS.len()), condition).prop_map(
            |(at, manifest, tag, condition)| Request::PutManifest { at, manifest, tag, condition }
        ),
        1 => (repository(), manifest())
            .prop_map(|(at, manifest)| Request::DeleteManifest { at, manifest }),
        1 => (repository(), 0..TAGS.len()).prop_map(|(at, tag)| Request::DeleteTag { at, tag }),
    ]
}

fn reads() -> impl Strategy<Value = Request> {
    prop_oneof![
        (repository(), 0..BLOBS).prop_map(|(at, blob)| Request::GetBlob { at, blob }),
        (repository(), manifest()).prop_map(|(at, manifest)| Request::GetManifest { at, manifest }),
        (repository(), 0..TAGS.len()).prop_map(|(at, tag)| Request::GetTag { at, tag }),
        repository().prop_map(|at| Request::ListTags { at }),
        (repository(), manifest()).prop_map(|(at, subject)| Request::ListReferrers { at, subject }),
    ]
}

fn repository() -> impl Strategy<Value = Index> {
    0..REPOSITORIES.len()
}

fn manifest() -> impl Strategy<Value = Index> {
    0..MANIFESTS.len()
}

impl Request {
    /// The session that it is about.
    pub(super) fn slot(&self) -> Option<Index> {
        match *self {
            Self::Append { slot, .. } | Self::Finish { slot, .. } | Self::Cancel { slot } => {
                Some(slot)
            }
            _ => None,
        }
    }

    /// Whether it may leave something behind that runs on.
    pub(super) fn is_write(&self) -> bool {
        !matches!(
            self,
            Self::GetBlob { .. }
                | Self::GetManifest { .. }
                | Self::GetTag { .. }
                | Self::ListTags { .. }
                | Self::ListReferrers { .. }
        )
    }

    /// All reads of content.
    pub(super) fn all_reads() -> Vec<Self> {
        let mut all = Vec::new();
        for at in 0..REPOSITORIES.len() {
            all.extend((0..BLOBS).map(|blob| Self::GetBlob { at, blob }));
            all.extend((0..MANIFESTS.len()).map(|manifest| Self::GetManifest { at, manifest }));
            all.extend((0..MANIFESTS.len()).map(|subject| Self::ListReferrers { at, subject }));
            all.extend((0..TAGS.len()).map(|tag| Self::GetTag { at, tag }));
            all.push(Self::ListTags { at });
        }
        all
    }
}
