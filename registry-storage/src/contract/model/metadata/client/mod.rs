//! A client of the backend, whose commands can meet with trouble.

mod blobs;
mod collection;
mod manifests;
mod places;
mod reads;
mod uploads;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use registry_core::{
    RepositoryName, Visibility,
    backend::{Checked, FactsVersion, Metadata, MetadataError, ObjectKey, Scope},
};

use super::{
    action::{Trouble, Write},
    stage::{self, Index},
    world::{Answer, Call},
};
use crate::{
    contract::metadata::fixture::{Repo, SampleSession},
    wrap::{Fault, Faults, FaultyMetadata, When},
};

/// The grace and the idle time of the model, told so that no whole hour is a limit.
const GRACE: Duration = Duration::from_mins(90);
const IDLE: Duration = Duration::from_mins(270);

/// The facts of a repository, as a reader sees them.
pub(super) type Shown = (Option<bool>, Option<Option<bool>>);

type Answered = Result<Answer, MetadataError>;

pub(super) struct Client {
    metadata: Arc<dyn Metadata>,
    faults: Arc<Faults>,
    /// The versions that it remembers, by repository.
    facts: BTreeMap<Index, FactsVersion>,
    epochs: BTreeMap<(Index, Index), u64>,
    /// What it was told last.
    pub(super) doomed: BTreeSet<String>,
    pub(super) expired: BTreeSet<String>,
    pending: Vec<u64>,
}

impl Client {
    pub(super) fn new(metadata: Arc<dyn Metadata>) -> Self {
        let faults = Arc::new(Faults::default());
        Self {
            metadata: Arc::new(FaultyMetadata::new(metadata, Arc::clone(&faults))),
            faults,
            facts: BTreeMap::new(),
            epochs: BTreeMap::new(),
            doomed: BTreeSet::new(),
            expired: BTreeSet::new(),
            pending: Vec::new(),
        }
    }

    /// Asks for the facts of a repository and remembers them.
    pub(super) async fn ask(&mut self, at: Index) -> (Shown, FactsVersion) {
        let facts = self
            .metadata
            .facts(&stage::repository(at))
            .await
            .expect("facts");
        self.facts.insert(at, facts.version);
        let is_public = |visibility| visibility == Visibility::Public;
        let namespace = facts.namespace.map(|found| is_public(found.visibility));
        let own = facts
            .repository
            .map(|found| found.visibility.map(is_public));
        ((namespace, own), facts.version)
    }

    /// Whether the epoch that it holds is that of a session without a row.
    pub(super) fn is_fresh(&self, at: Index, id: Index) -> bool {
        self.epoch(at, id) == 0
    }

    /// Makes a call that meets with trouble.
    pub(super) async fn call(&mut self, call: &Call, trouble: Option<Trouble>) -> Answered {
        if let Some(trouble) = trouble {
            let fault = match trouble {
                Trouble::Refused => Fault::Unavailable,
                Trouble::LostRequest => Fault::LostRequest,
                Trouble::LostAnswer => Fault::LostAnswer,
            };
            self.faults.add(None, When::Nth(1), fault);
        }
        let answered = self.write(call).await;
        self.faults.clear();
        answered
    }

    async fn write(&mut self, call: &Call) -> Answered {
        match &call.write {
            Write::CreateNamespace(..)
            | Write::UpdateNamespace(..)
            | Write::CreateRepository(..)
            | Write::SetVisibility(..) => self.write_place(&call.write).await,
            Write::PutBlob { .. }
            | Write::MountBlob { .. }
            | Write::DeleteBlob(..)
            | Write::Quarantine(_) => self.write_blob(call).await,
            Write::PutManifest { .. }
            | Write::DeleteTag(..)
            | Write::DeleteManifest(..)
            | Write::Renew(..)
            | Write::AddPulls(..) => self.write_manifest(&call.write).await,
            Write::Claim(..)
            | Write::Checkpoint(..)
            | Write::Cancel(..)
            | Write::Expire
            | Write::ForgetExpired => self.write_upload(call).await,
            _ => self.collect(call).await,
        }
    }

    fn version(&self, at: Index) -> FactsVersion {
        self.facts.get(&at).copied().unwrap_or_default()
    }

    fn scope<'a>(&self, at: Index, repository: &'a RepositoryName) -> Scope<'a> {
        let facts = self.version(at);
        Scope { repository, facts }
    }

    fn epoch(&self, at: Index, id: Index) -> u64 {
        self.epochs.get(&(at, id)).copied().unwrap_or_default()
    }

    fn session(&self, at: Index, id: Index) -> SampleSession {
        let repo = Repo::new(Arc::clone(&self.metadata), stage::REPOSITORIES[at]);
        SampleSession::new(&repo, stage::SESSIONS[id])
    }
}

fn checked<T>(
    answer: Result<Checked<T>, MetadataError>,
    current: impl FnOnce(T) -> Answer,
) -> Answered {
    Ok(match answer? {
        Checked::Current(answer) => current(answer),
        Checked::Stale => Answer::Stale,
    })
}

fn texts(keys: impl IntoIterator<Item = ObjectKey>) -> BTreeSet<String> {
    keys.into_iter().map(|key| key.to_string()).collect()
}

fn keys(texts: &[String]) -> Vec<ObjectKey> {
    texts
        .iter()
        .map(|text| ObjectKey::new(text.as_str()))
        .collect()
}
