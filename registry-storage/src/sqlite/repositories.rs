//! Namespaces and repositories, and the catalogue.

use async_trait::async_trait;
use registry_core::{
    Event, Namespace, RepositoryName, Visibility,
    backend::{
        self, Checked, CreateNamespace, CreateOutcome, CreateRule, Facts, FactsVersion,
        ListRepositories, MetadataError, NamespaceRecord, NamespaceSettings, Repositories,
        RepositoryRecord, UpdateOutcome,
    },
};
use rusqlite::Row;

use super::{
    SqliteMetadata,
    error::Failure,
    facts::Place,
    names::Names,
    owned::{Origin, Scope},
    transaction::Transaction,
    value::{Millis, Readable},
    view::View,
};

impl View<'_> {
    fn namespace(&self, name: &Namespace) -> Result<Option<NamespaceRecord>, Failure> {
        let sql = "SELECT public, collect_untagged, created FROM namespaces WHERE name = ?1";
        self.one(sql, [name.as_str()], |row| {
            Ok(NamespaceRecord {
                name: name.clone(),
                settings: settings(row)?,
                created: row.get::<_, Millis>(2)?.0,
            })
        })
    }

    fn repository(&self, name: &RepositoryName) -> Result<Option<RepositoryRecord>, Failure> {
        let sql = "SELECT visibility, created FROM repositories WHERE name = ?1";
        self.one(sql, [name.as_str()], |row| {
            Ok(RepositoryRecord {
                name: name.clone(),
                visibility: row.get::<_, Option<Readable>>(0)?.map(|own| own.0),
                created: row.get::<_, Millis>(1)?.0,
            })
        })
    }
}

fn settings(row: &Row<'_>) -> rusqlite::Result<NamespaceSettings> {
    Ok(NamespaceSettings {
        visibility: row.get::<_, Readable>(0)?.0,
        collect_untagged: row.get(1)?,
    })
}

impl Transaction<'_> {
    fn create_namespace(
        &mut self,
        name: &Namespace,
        settings: NamespaceSettings,
        origin: &Origin,
    ) -> Result<CreateOutcome, Failure> {
        if self.namespace_place(name)?.namespace.is_some() {
            return Ok(CreateOutcome::Exists);
        }
        self.add_namespace(name, settings, origin)?;
        Ok(CreateOutcome::Created)
    }

    fn update_namespace(
        &mut self,
        name: &Namespace,
        facts: FactsVersion,
        settings: NamespaceSettings,
        origin: &Origin,
    ) -> Result<Checked<UpdateOutcome>, Failure> {
        let place = self.namespace_place(name)?;
        if place.version().namespace != facts.namespace {
            return Ok(Checked::Stale);
        }
        let Some(before) = self.namespace(name)? else {
            return Ok(Checked::Current(UpdateOutcome::Absent));
        };
        if before.settings != settings {
            self.set_settings(name, settings)?;
        }
        if before.settings.visibility != settings.visibility {
            self.index_namespace(name, settings.visibility)?;
            self.record(origin, || Event::NamespaceVisibilityChanged {
                namespace: name.clone(),
                visibility: settings.visibility,
            })?;
        }
        Ok(Checked::Current(UpdateOutcome::Updated))
    }

    fn set_settings(
        &mut self,
        name: &Namespace,
        settings: NamespaceSettings,
    ) -> Result<(), Failure> {
        let sql = "UPDATE namespaces SET public = ?2, collect_untagged = ?3, version = ?4
            WHERE name = ?1";
        let NamespaceSettings {
            visibility,
            collect_untagged,
        } = settings;
        let version = self.next_version();
        let params = (
            name.as_str(),
            Readable(visibility),
            collect_untagged,
            version,
        );
        self.run(sql, params)?;
        Ok(())
    }

    /// Has what inherits from a namespace be as public as that is.
    fn index_namespace(&self, name: &Namespace, visibility: Visibility) -> Result<(), Failure> {
        let sql = "UPDATE repositories SET public = ?2
            WHERE namespace = ?1 AND visibility IS NULL";
        self.run(sql, (name.as_str(), Readable(visibility)))?;
        Ok(())
    }

    fn create_repository(
        &mut self,
        scope: &Scope,
        own: Option<Visibility>,
        create: CreateRule,
        origin: &Origin,
    ) -> Result<Checked<CreateOutcome>, Failure> {
        let Some(place) = self.current(scope)? else {
            return Ok(Checked::Stale);
        };
        let outcome = if place.repository.is_some() {
            CreateOutcome::Exists
        } else if place.namespace.is_none() && create.namespace.is_none() {
            CreateOutcome::NamespaceAbsent
        } else {
            self.add_repository(&scope.repository, &place, own, create.namespace, origin)?;
            CreateOutcome::Created
        };
        Ok(Checked::Current(outcome))
    }

    fn set_visibility(
        &mut self,
        scope: &Scope,
        own: Option<Visibility>,
        origin: &Origin,
    ) -> Result<Checked<UpdateOutcome>, Failure> {
        let Some(place) = self.current(scope)? else {
            return Ok(Checked::Stale);
        };
        let Place {
            namespace: Some(namespace),
            repository: Some(repository),
        } = place
        else {
            return Ok(Checked::Current(UpdateOutcome::Absent));
        };
        if repository.visibility != own {
            let public = Readable(own.unwrap_or(namespace.visibility));
            let params = (
                repository.id,
                own.map(Readable),
                public,
                self.next_version(),
            );
            let sql = "UPDATE repositories SET visibility = ?2, public = ?3, version = ?4
                WHERE id = ?1";
            self.run(sql, params)?;
            self.record(origin, || Event::RepositoryVisibilityChanged {
                repository: scope.repository.clone(),
                visibility: own,
            })?;
        }
        Ok(Checked::Current(UpdateOutcome::Updated))
    }
}

#[async_trait]
impl Repositories for SqliteMetadata {
    async fn facts(&self, repository: &RepositoryName) -> Result<Facts, MetadataError> {
        let place = match self.readers.place(repository) {
            Some(place) => place,
            None => self.read(|view| view.place(repository))?,
        };
        Ok(place.facts(self.time.now()))
    }

    async fn namespace_facts(&self, namespace: &Namespace) -> Result<Facts, MetadataError> {
        let place = self.read(|view| view.namespace_place(namespace))?;
        Ok(place.facts(self.time.now()))
    }

    async fn namespace(&self, name: &Namespace) -> Result<Option<NamespaceRecord>, MetadataError> {
        self.read(|view| view.namespace(name))
    }

    async fn create_namespace(
        &self,
        command: CreateNamespace<'_>,
    ) -> Result<CreateOutcome, MetadataError> {
        let (name, settings) = (command.name.clone(), command.settings);
        let origin = Origin::from(command.origin);
        self.write(move |transaction| transaction.create_namespace(&name, settings, &origin))
            .await
    }

    async fn update_namespace(
        &self,
        name: &Namespace,
        facts: FactsVersion,
        settings: NamespaceSettings,
        origin: backend::Origin<'_>,
    ) -> Result<Checked<UpdateOutcome>, MetadataError> {
        let (name, origin) = (name.clone(), Origin::from(origin));
        self.write(move |transaction| transaction.update_namespace(&name, facts, settings, &origin))
            .await
    }

    async fn repository(
        &self,
        name: &RepositoryName,
    ) -> Result<Option<RepositoryRecord>, MetadataError> {
        self.read(|view| view.repository(name))
    }

    async fn create_repository(
        &self,
        scope: backend::Scope<'_>,
        visibility: Option<Visibility>,
        create: CreateRule,
        origin: backend::Origin<'_>,
    ) -> Result<Checked<CreateOutcome>, MetadataError> {
        let (scope, origin) = (Scope::from(scope), Origin::from(origin));
        self.write(move |transaction| {
            transaction.create_repository(&scope, visibility, create, &origin)
        })
        .await
    }

    async fn set_repository_visibility(
        &self,
        scope: backend::Scope<'_>,
        visibility: Option<Visibility>,
        origin: backend::Origin<'_>,
    ) -> Result<Checked<UpdateOutcome>, MetadataError> {
        let (scope, origin) = (Scope::from(scope), Origin::from(origin));
        self.write(move |transaction| transaction.set_visibility(&scope, visibility, &origin))
            .await
    }

    async fn repositories(
        &self,
        page: ListRepositories<'_>,
    ) -> Result<Vec<RepositoryName>, MetadataError> {
        self.read(|view| view.page(Names::All, page.visible, page.after, page.limit))
    }
}
