//! Namespaces and repositories, and the catalogue.

use async_trait::async_trait;
use registry_core::{
    Event, Namespace, RepositoryName, Visibility, VisibleSet,
    backend::{
        Checked, CreateNamespace, CreateOutcome, CreateRule, Facts, FactsVersion, ListRepositories,
        MetadataError, NamespaceRecord, NamespaceSettings, Origin, Repositories, RepositoryRecord,
        Scope, UpdateOutcome,
    },
};

use super::{
    MemoryMetadata,
    names::{Names, merged},
    state::State,
};
use crate::prefixes::Prefixes;

impl State {
    fn create_namespace(&mut self, command: &CreateNamespace<'_>) -> CreateOutcome {
        if self.namespaces.contains_key(command.name) {
            return CreateOutcome::Exists;
        }
        self.add_namespace(command.name, command.settings, command.origin);
        CreateOutcome::Created
    }

    fn update_namespace(
        &mut self,
        name: &Namespace,
        settings: NamespaceSettings,
        origin: Origin<'_>,
    ) -> UpdateOutcome {
        let version = self.next_version();
        let Some(row) = self.namespaces.get_mut(name) else {
            return UpdateOutcome::Absent;
        };
        let before = std::mem::replace(&mut row.settings, settings);
        if before != settings {
            row.version = version;
        }
        if before.visibility != settings.visibility {
            self.index_namespace(name);
            let (namespace, visibility) = (name.clone(), settings.visibility);
            self.record(
                origin,
                Event::NamespaceVisibilityChanged {
                    namespace,
                    visibility,
                },
            );
        }
        UpdateOutcome::Updated
    }

    /// Indexes again what inherits from a namespace.
    fn index_namespace(&mut self, name: &Namespace) {
        let prefixes = Prefixes::of_namespace(name);
        let names: Vec<_> = self.names.under(&prefixes, None).cloned().collect();
        names.iter().for_each(|name| self.index_visibility(name));
    }

    fn create_repository(
        &mut self,
        name: &RepositoryName,
        visibility: Option<Visibility>,
        create: CreateRule,
        origin: Origin<'_>,
    ) -> CreateOutcome {
        if self.repositories.contains_key(name) {
            return CreateOutcome::Exists;
        }
        match self.add_repository(name, visibility, create.namespace, origin) {
            Some(()) => CreateOutcome::Created,
            None => CreateOutcome::NamespaceAbsent,
        }
    }

    fn set_visibility(
        &mut self,
        name: &RepositoryName,
        visibility: Option<Visibility>,
        origin: Origin<'_>,
    ) -> UpdateOutcome {
        let version = self.next_version();
        let Some(row) = self.repositories.get_mut(name) else {
            return UpdateOutcome::Absent;
        };
        if row.visibility != visibility {
            row.visibility = visibility;
            row.version = version;
            self.index_visibility(name);
            let repository = name.clone();
            self.record(
                origin,
                Event::RepositoryVisibilityChanged {
                    repository,
                    visibility,
                },
            );
        }
        UpdateOutcome::Updated
    }

    /// A page of some names: all of them, or those in a set.
    pub(super) fn page(
        &self,
        names: &Names,
        visible: Option<&VisibleSet>,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<RepositoryName> {
        let Some(set) = visible else {
            return names.all(after).take(limit).cloned().collect();
        };
        let prefixes = Prefixes::of_set(set);
        let granted = names.under(&prefixes, after);
        if !set.public {
            return granted.take(limit).cloned().collect();
        }
        let public = names.common(&self.public, after);
        merged(granted, public).take(limit).cloned().collect()
    }

    fn namespace_record(&self, name: &Namespace) -> Option<NamespaceRecord> {
        self.namespaces.get(name).map(|row| NamespaceRecord {
            name: name.clone(),
            settings: row.settings,
            created: row.created,
        })
    }

    fn repository_record(&self, name: &RepositoryName) -> Option<RepositoryRecord> {
        self.repositories.get(name).map(|row| RepositoryRecord {
            name: name.clone(),
            visibility: row.visibility,
            created: row.created,
        })
    }
}

#[async_trait]
impl Repositories for MemoryMetadata {
    async fn facts(&self, repository: &RepositoryName) -> Result<Facts, MetadataError> {
        self.run(|state| state.facts(repository))
    }

    async fn namespace_facts(&self, namespace: &Namespace) -> Result<Facts, MetadataError> {
        self.run(|state| state.namespace_facts(namespace))
    }

    async fn namespace(&self, name: &Namespace) -> Result<Option<NamespaceRecord>, MetadataError> {
        self.run(|state| state.namespace_record(name))
    }

    async fn create_namespace(
        &self,
        command: CreateNamespace<'_>,
    ) -> Result<CreateOutcome, MetadataError> {
        self.run(|state| state.create_namespace(&command))
    }

    async fn update_namespace(
        &self,
        name: &Namespace,
        facts: FactsVersion,
        settings: NamespaceSettings,
        origin: Origin<'_>,
    ) -> Result<Checked<UpdateOutcome>, MetadataError> {
        self.run(|state| {
            let version = state.namespaces.get(name).map_or(0, |row| row.version);
            if version != facts.namespace {
                return Checked::Stale;
            }
            Checked::Current(state.update_namespace(name, settings, origin))
        })
    }

    async fn repository(
        &self,
        name: &RepositoryName,
    ) -> Result<Option<RepositoryRecord>, MetadataError> {
        self.run(|state| state.repository_record(name))
    }

    async fn create_repository(
        &self,
        scope: Scope<'_>,
        visibility: Option<Visibility>,
        create: CreateRule,
        origin: Origin<'_>,
    ) -> Result<Checked<CreateOutcome>, MetadataError> {
        self.run_in(scope, |state| {
            state.create_repository(scope.repository, visibility, create, origin)
        })
    }

    async fn set_repository_visibility(
        &self,
        scope: Scope<'_>,
        visibility: Option<Visibility>,
        origin: Origin<'_>,
    ) -> Result<Checked<UpdateOutcome>, MetadataError> {
        self.run_in(scope, |state| {
            state.set_visibility(scope.repository, visibility, origin)
        })
    }

    async fn repositories(
        &self,
        page: ListRepositories<'_>,
    ) -> Result<Vec<RepositoryName>, MetadataError> {
        self.run(|state| state.page(&state.names, page.visible, page.after, page.limit))
    }
}
