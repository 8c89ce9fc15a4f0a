//! Facts, their versions, and what a push may bring into being.

use registry_core::{
    Event, Namespace, RepositoryName, Visibility,
    backend::{
        CreateRule, Facts, FactsVersion, NamespaceFacts, NamespaceSettings, Origin,
        RepositoryFacts, Scope,
    },
};

use super::state::{NamespaceRow, Repository, State};

impl State {
    pub(super) fn facts(&self, name: &RepositoryName) -> Facts {
        let (namespace, repository) = self.place(name);
        Facts {
            namespace: namespace.map(NamespaceRow::facts),
            repository: repository.map(|repository| RepositoryFacts {
                visibility: repository.visibility,
            }),
            version: version(namespace, repository),
            now: self.now,
        }
    }

    pub(super) fn namespace_facts(&self, name: &Namespace) -> Facts {
        let namespace = self.namespaces.get(name);
        Facts {
            namespace: namespace.map(NamespaceRow::facts),
            repository: None,
            version: version(namespace, None),
            now: self.now,
        }
    }

    /// Whether nothing has changed since a decision.
    pub(super) fn is_current(&self, scope: Scope<'_>) -> bool {
        let (namespace, repository) = self.place(scope.repository);
        version(namespace, repository) == scope.facts
    }

    /// Whether the repository is there, or a push may make it.
    pub(super) fn admits(&self, name: &RepositoryName, create: CreateRule) -> bool {
        let (namespace, repository) = self.place(name);
        let namespace = namespace.is_some() || create.namespace.is_some();
        repository.is_some() || (create.repository && namespace)
    }

    /// The repository that [`admits`](Self::admits) agreed to, made where it was not there.
    pub(super) fn make(
        &mut self,
        name: &RepositoryName,
        create: CreateRule,
        origin: Origin<'_>,
    ) -> Option<&mut Repository> {
        if !self.repositories.contains_key(name) {
            self.add_repository(name, None, create.namespace, origin)?;
        }
        self.repositories.get_mut(name)
    }

    /// Adds a repository that is not there. `None` where there is no namespace for it either, and no
    /// settings to make one.
    pub(super) fn add_repository(
        &mut self,
        name: &RepositoryName,
        visibility: Option<Visibility>,
        settings: Option<NamespaceSettings>,
        origin: Origin<'_>,
    ) -> Option<()> {
        let namespace = name.namespace();
        if !self.namespaces.contains_key(&namespace) {
            self.add_namespace(&namespace, settings?, origin);
        }
        let version = self.next_version();
        let row = Repository::new(namespace, visibility, self.now, version);
        self.repositories.insert(name.clone(), row);
        self.names.insert(name.clone());
        self.index_visibility(name);
        let repository = name.clone();
        self.record(origin, Event::RepositoryCreated { repository });
        Some(())
    }

    /// Adds a namespace that is not there.
    pub(super) fn add_namespace(
        &mut self,
        name: &Namespace,
        settings: NamespaceSettings,
        origin: Origin<'_>,
    ) {
        let row = NamespaceRow {
            settings,
            created: self.now,
            version: self.next_version(),
        };
        self.namespaces.insert(name.clone(), row);
        let (namespace, visibility) = (name.clone(), settings.visibility);
        self.record(
            origin,
            Event::NamespaceCreated {
                namespace,
                visibility,
            },
        );
    }

    /// Has the set of public names say what the repository and its namespace say.
    pub(super) fn index_visibility(&mut self, name: &RepositoryName) {
        if self.facts(name).is_public() {
            self.public.insert(name.clone());
        } else {
            self.public.remove(name);
        }
    }

    fn place(&self, name: &RepositoryName) -> (Option<&NamespaceRow>, Option<&Repository>) {
        let repository = self.repositories.get(name);
        let namespace = match repository {
            Some(repository) => self.namespaces.get(&repository.namespace),
            None => self.namespaces.get(&name.namespace()),
        };
        (namespace, repository)
    }
}

impl NamespaceRow {
    fn facts(&self) -> NamespaceFacts {
        NamespaceFacts {
            visibility: self.settings.visibility,
        }
    }
}

fn version(namespace: Option<&NamespaceRow>, repository: Option<&Repository>) -> FactsVersion {
    FactsVersion {
        namespace: namespace.map_or(0, |row| row.version),
        repository: repository.map_or(0, |row| row.version),
    }
}
