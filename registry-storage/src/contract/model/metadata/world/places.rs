//! Namespaces, repositories, and the versions of what is known of them.

use std::collections::BTreeMap;

use registry_core::{
    Event, Visibility,
    backend::{CreateOutcome, FactsVersion, UpdateOutcome},
};

use super::{Answer, Call, Outcomes, World};
use crate::contract::model::metadata::{
    action::{Creates, Settings, Write},
    stage::{self, Index},
};

/// How the facts that a client remembers stand to those that are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Drift {
    Same,
    /// Something has changed that facts do not show.
    Touched,
    /// They differ, or have differed in between.
    Changed,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Places {
    /// By their first repositories.
    namespaces: BTreeMap<Index, (Settings, State)>,
    repositories: BTreeMap<Index, (Option<bool>, State)>,
    last: u32,
    /// What clients remember of a repository.
    remembered: BTreeMap<(Index, Index), [State; 2]>,
    /// What the backend's versions were found to mean.
    meanings: BTreeMap<(Index, bool, u64), u32>,
}

/// A state of a place: `shown` is another whenever something changes that facts show, `touched`
/// whenever anything is set. An absent place has neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    shown: u32,
    touched: u32,
}

impl Places {
    pub(super) fn namespace(&self, repository: Index) -> Option<Settings> {
        let namespace = self.namespaces.get(&stage::namespace(repository));
        namespace.map(|(settings, _)| *settings)
    }

    /// Its own visibility.
    pub(super) fn repository(&self, repository: Index) -> Option<Option<bool>> {
        self.repositories.get(&repository).map(|(own, _)| *own)
    }

    pub(super) fn is_public(&self, repository: Index) -> bool {
        let inherited = self.namespace(repository);
        let inherited = inherited.is_some_and(|settings| settings.public);
        let own = self.repository(repository);
        own.is_some_and(|own| own.unwrap_or(inherited))
    }

    /// The states of a repository's namespace and its own.
    fn states(&self, repository: Index) -> [State; 2] {
        let namespace = self.namespaces.get(&stage::namespace(repository));
        let namespace = namespace.map(|(_, state)| *state);
        let own = self.repositories.get(&repository).map(|(_, state)| *state);
        [namespace.unwrap_or_default(), own.unwrap_or_default()]
    }

    pub(super) fn drift(&self, client: Index, repository: Index) -> Drift {
        let remembered = self.remembered.get(&(client, repository));
        let remembered = remembered.copied().unwrap_or_default();
        let now = self.states(repository);
        let shown = |states: [State; 2]| states.map(|state| state.shown);
        if remembered == now {
            Drift::Same
        } else if shown(remembered) == shown(now) {
            Drift::Touched
        } else {
            Drift::Changed
        }
    }

    /// A client was told the version. False where it was another state's before.
    pub(super) fn learn(
        &mut self,
        client: Index,
        repository: Index,
        version: FactsVersion,
    ) -> bool {
        let states = self.states(repository);
        self.remembered.insert((client, repository), states);
        let namespace = (stage::namespace(repository), false, version.namespace);
        let own = (repository, true, version.repository);
        [(namespace, states[0]), (own, states[1])]
            .into_iter()
            .all(|(version, state)| {
                let is_absent = state == State::default();
                let meaning = self.meanings.entry(version).or_insert(state.shown);
                *meaning == state.shown && is_absent == (version.2 == 0)
            })
    }

    fn next(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    fn set_namespace(&mut self, namespace: Index, settings: Settings) {
        let touched = self.next();
        let before = self.namespaces.get(&namespace).copied();
        let shown = match before {
            Some((before, state)) if before.public == settings.public => state.shown,
            _ => touched,
        };
        let state = State { shown, touched };
        self.namespaces.insert(namespace, (settings, state));
    }

    fn set_repository(&mut self, repository: Index, own: Option<bool>) {
        let touched = self.next();
        let before = self.repositories.get(&repository).copied();
        let shown = match before {
            Some((before, state)) if before == own => state.shown,
            _ => touched,
        };
        let state = State { shown, touched };
        self.repositories.insert(repository, (own, state));
    }
}

impl World {
    pub(super) fn after_place(&self, call: &Call) -> Outcomes {
        match call.write {
            Write::CreateNamespace(at, settings) => self.after_create_namespace(at, settings),
            Write::UpdateNamespace(at, settings) => {
                // Only the namespace's own version is compared.
                let namespace = stage::namespace(at);
                let current = self.after_update_namespace(namespace, settings);
                self.checked_namespace(call.client, at, current)
            }
            Write::CreateRepository(at, own, creates) => {
                let current = self.after_create_repository(at, own, creates);
                self.checked(call.client, &[at], current)
            }
            Write::SetVisibility(at, own) => {
                let current = self.after_set_visibility(at, own);
                self.checked(call.client, &[at], current)
            }
            _ => Vec::new(),
        }
    }

    fn after_create_namespace(&self, at: Index, settings: Settings) -> Outcomes {
        let namespace = stage::namespace(at);
        if self.places.namespace(at).is_some() {
            return vec![self.stays(Answer::Create(CreateOutcome::Exists))];
        }
        let created = Answer::Create(CreateOutcome::Created);
        vec![self.then(created, |world| world.make_namespace(namespace, settings))]
    }

    fn after_update_namespace(&self, namespace: Index, settings: Settings) -> Outcomes {
        if self.places.namespace(namespace).is_none() {
            return vec![self.stays(Answer::Update(UpdateOutcome::Absent))];
        }
        let updated = Answer::Update(UpdateOutcome::Updated);
        vec![self.then(updated, |world| {
            world.places.set_namespace(namespace, settings)
        })]
    }

    /// As [`checked`](Self::checked), of the namespace alone.
    fn checked_namespace(&self, client: Index, at: Index, current: Outcomes) -> Outcomes {
        let mut world = self.clone();
        let own = self.places.states(at)[1];
        let remembered = world.places.remembered.entry((client, at)).or_default();
        remembered[1] = own;
        let drift = world.places.drift(client, at);
        let stale = || self.stays(Answer::Stale);
        match drift {
            Drift::Changed => vec![stale()],
            Drift::Touched => current.into_iter().chain([stale()]).collect(),
            Drift::Same => current,
        }
    }

    fn after_create_repository(&self, at: Index, own: Option<bool>, creates: Creates) -> Outcomes {
        if self.places.repository(at).is_some() {
            return vec![self.stays(Answer::Create(CreateOutcome::Exists))];
        }
        if self.places.namespace(at).is_none() && creates.namespace.is_none() {
            return vec![self.stays(Answer::Create(CreateOutcome::NamespaceAbsent))];
        }
        let created = Answer::Create(CreateOutcome::Created);
        vec![self.then(created, |world| world.make(at, own, creates))]
    }

    fn after_set_visibility(&self, at: Index, own: Option<bool>) -> Outcomes {
        if self.places.repository(at).is_none() {
            return vec![self.stays(Answer::Update(UpdateOutcome::Absent))];
        }
        let updated = Answer::Update(UpdateOutcome::Updated);
        vec![self.then(updated, |world| world.places.set_repository(at, own))]
    }

    /// Whether a push may go into a repository.
    pub(super) fn admits(&self, at: Index, creates: Creates) -> bool {
        let namespace = self.places.namespace(at).is_some() || creates.namespace.is_some();
        self.places.repository(at).is_some() || (namespace && creates.repository)
    }

    /// Makes what a push may make and what is not there.
    pub(super) fn make(&mut self, at: Index, own: Option<bool>, creates: Creates) {
        if let (None, Some(settings)) = (self.places.namespace(at), creates.namespace) {
            self.make_namespace(stage::namespace(at), settings);
        }
        if self.places.repository(at).is_none() {
            self.places.set_repository(at, own);
            self.repository(at);
            let repository = stage::repository(at);
            self.tell(&Event::RepositoryCreated { repository });
        }
    }

    fn make_namespace(&mut self, namespace: Index, settings: Settings) {
        self.places.set_namespace(namespace, settings);
        let visibility = match settings.public {
            true => Visibility::Public,
            false => Visibility::Private,
        };
        let namespace = stage::repository(namespace).namespace();
        self.tell(&Event::NamespaceCreated {
            namespace,
            visibility,
        });
    }
}
