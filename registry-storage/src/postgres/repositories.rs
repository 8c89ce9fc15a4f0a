//! Namespaces and repositories, and the catalogue.

use async_trait::async_trait;
use registry_core::{
    Event, Namespace, RepositoryName, Visibility,
    backend::{
        Checked, CreateNamespace, CreateOutcome, CreateRule, Facts, FactsVersion, ListRepositories,
        MetadataError, NamespaceRecord, NamespaceSettings, Origin, Repositories, RepositoryRecord,
        Scope, UpdateOutcome,
    },
};
use tokio_postgres::Row;

use super::{
    PostgresMetadata,
    error::Failure,
    facts::{PLACE, Place},
    names::Names,
    transaction::{End, Transaction},
    value::{bits, is_public, moment, visibility},
};
use crate::canonical::namespace_of;

const NAMESPACE: &str = "SELECT public, collect_untagged, created FROM namespaces WHERE name = $1";

const REPOSITORY: &str = "SELECT visibility, created FROM repositories WHERE name = $1";

fn namespace_record(name: &Namespace, row: &Row) -> Result<NamespaceRecord, Failure> {
    Ok(NamespaceRecord {
        name: name.clone(),
        settings: settings(row)?,
        created: moment(row, 2)?,
    })
}

fn settings(row: &Row) -> Result<NamespaceSettings, Failure> {
    Ok(NamespaceSettings {
        visibility: visibility(row.try_get(0)?),
        collect_untagged: row.try_get(1)?,
    })
}

fn repository_record(name: &RepositoryName, row: &Row) -> Result<RepositoryRecord, Failure> {
    Ok(RepositoryRecord {
        name: name.clone(),
        visibility: row.try_get::<_, Option<bool>>(0)?.map(visibility),
        created: moment(row, 1)?,
    })
}

impl Transaction<'_> {
    async fn update_namespace(
        &self,
        name: &Namespace,
        facts: FactsVersion,
        settings: NamespaceSettings,
        origin: Origin<'_>,
    ) -> Result<End<Checked<UpdateOutcome>>, Failure> {
        let Some((version, before)) = self.lock_namespace(name).await? else {
            return Ok(End::RollBack(match facts.namespace {
                0 => Checked::Current(UpdateOutcome::Absent),
                _ => Checked::Stale,
            }));
        };
        if version != facts.namespace {
            return Ok(End::RollBack(Checked::Stale));
        }
        if before != settings {
            self.set_settings(name, settings).await?;
        }
        if before.visibility != settings.visibility {
            self.index_namespace(name, settings.visibility).await?;
            let changed = || Event::NamespaceVisibilityChanged {
                namespace: name.clone(),
                visibility: settings.visibility,
            };
            self.record(origin, changed).await?;
        }
        Ok(End::Commit(Checked::Current(UpdateOutcome::Updated)))
    }

    async fn lock_namespace(
        &self,
        name: &Namespace,
    ) -> Result<Option<(u64, NamespaceSettings)>, Failure> {
        let sql = "SELECT public, collect_untagged, version FROM namespaces
            WHERE name = $1 FOR UPDATE";
        let row = self.one(sql, &[name.as_str().into()]).await?;
        row.map(|row| Ok((bits(&row, 2)?, settings(&row)?)))
            .transpose()
    }

    async fn set_settings(
        &self,
        name: &Namespace,
        settings: NamespaceSettings,
    ) -> Result<(), Failure> {
        let sql = "UPDATE namespaces
            SET public = $2, collect_untagged = $3, version = nextval('versions') WHERE name = $1";
        let params = [
            name.as_str().into(),
            is_public(settings.visibility).into(),
            settings.collect_untagged.into(),
        ];
        self.run(sql, &params).await?;
        Ok(())
    }

    /// Has what inherits from a namespace be as public as that is.
    async fn index_namespace(&self, name: &Namespace, to: Visibility) -> Result<(), Failure> {
        let sql = "UPDATE repositories SET public = $2
            WHERE namespace = $1 AND visibility IS NULL";
        self.run(sql, &[name.as_str().into(), is_public(to).into()])
            .await?;
        Ok(())
    }

    async fn create_repository(
        &self,
        scope: Scope<'_>,
        own: Option<Visibility>,
        create: CreateRule,
        origin: Origin<'_>,
    ) -> Result<End<Checked<CreateOutcome>>, Failure> {
        let Some(place) = self.current(scope).await? else {
            return Ok(End::RollBack(Checked::Stale));
        };
        if place.repository.is_some() {
            return Ok(End::RollBack(Checked::Current(CreateOutcome::Exists)));
        }
        if place.namespace.is_none() && create.namespace.is_none() {
            return Ok(End::RollBack(Checked::Current(
                CreateOutcome::NamespaceAbsent,
            )));
        }
        let name = scope.repository;
        let added = self
            .add_repository(name, &place, own, create.namespace, origin)
            .await?;
        Ok(match added {
            Some(_) => End::Commit(Checked::Current(CreateOutcome::Created)),
            None => End::RollBack(Checked::Stale),
        })
    }

    async fn set_visibility(
        &self,
        scope: Scope<'_>,
        own: Option<Visibility>,
        origin: Origin<'_>,
    ) -> Result<End<Checked<UpdateOutcome>>, Failure> {
        let Some(place) = self.locked(scope).await? else {
            return Ok(End::RollBack(Checked::Stale));
        };
        let (Some(namespace), Some(repository)) = (place.namespace, place.repository) else {
            return Ok(End::RollBack(Checked::Current(UpdateOutcome::Absent)));
        };
        if repository.visibility != own {
            let sql = "UPDATE repositories
                SET visibility = $2, public = $3, version = nextval('versions') WHERE id = $1";
            let public = is_public(own.unwrap_or(namespace.visibility));
            let params = [
                repository.id.into(),
                own.map(is_public).into(),
                public.into(),
            ];
            self.run(sql, &params).await?;
            let changed = || Event::RepositoryVisibilityChanged {
                repository: scope.repository.clone(),
                visibility: own,
            };
            self.record(origin, changed).await?;
        }
        Ok(End::Commit(Checked::Current(UpdateOutcome::Updated)))
    }

    /// Where a scope leads, if nothing has changed since its decision; nothing changes it until the end.
    async fn locked(&self, scope: Scope<'_>) -> Result<Option<Place>, Failure> {
        let name = scope.repository;
        let sql = "SELECT 1 FROM namespaces WHERE name = $1 FOR SHARE";
        self.run(sql, &[namespace_of(name).into()]).await?;
        let sql = "SELECT 1 FROM repositories WHERE name = $1 FOR UPDATE";
        self.run(sql, &[name.as_str().into()]).await?;
        self.current(scope).await
    }
}

#[async_trait]
impl Repositories for PostgresMetadata {
    async fn facts(&self, repository: &RepositoryName) -> Result<Facts, MetadataError> {
        self.facts_of(namespace_of(repository), repository.as_str())
            .await
    }

    async fn namespace_facts(&self, namespace: &Namespace) -> Result<Facts, MetadataError> {
        self.facts_of(namespace.as_str(), "").await
    }

    async fn namespace(&self, name: &Namespace) -> Result<Option<NamespaceRecord>, MetadataError> {
        let row = self.one(NAMESPACE, &[name.as_str().into()]).await?;
        let record = row.map(|row| namespace_record(name, &row)).transpose();
        Ok(record?)
    }

    async fn create_namespace(
        &self,
        command: CreateNamespace<'_>,
    ) -> Result<CreateOutcome, MetadataError> {
        self.transact(|transaction| {
            Box::pin(async move {
                let CreateNamespace {
                    name,
                    settings,
                    origin,
                } = command;
                Ok(
                    match transaction.add_namespace(name, settings, origin).await? {
                        true => End::Commit(CreateOutcome::Created),
                        false => End::RollBack(CreateOutcome::Exists),
                    },
                )
            })
        })
        .await
    }

    async fn update_namespace(
        &self,
        name: &Namespace,
        facts: FactsVersion,
        settings: NamespaceSettings,
        origin: Origin<'_>,
    ) -> Result<Checked<UpdateOutcome>, MetadataError> {
        self.transact(|transaction| {
            Box::pin(transaction.update_namespace(name, facts, settings, origin))
        })
        .await
    }

    async fn repository(
        &self,
        name: &RepositoryName,
    ) -> Result<Option<RepositoryRecord>, MetadataError> {
        let row = self.one(REPOSITORY, &[name.as_str().into()]).await?;
        let record = row.map(|row| repository_record(name, &row)).transpose();
        Ok(record?)
    }

    async fn create_repository(
        &self,
        scope: Scope<'_>,
        visibility: Option<Visibility>,
        create: CreateRule,
        origin: Origin<'_>,
    ) -> Result<Checked<CreateOutcome>, MetadataError> {
        self.transact(|transaction| {
            Box::pin(transaction.create_repository(scope, visibility, create, origin))
        })
        .await
    }

    async fn set_repository_visibility(
        &self,
        scope: Scope<'_>,
        visibility: Option<Visibility>,
        origin: Origin<'_>,
    ) -> Result<Checked<UpdateOutcome>, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.set_visibility(scope, visibility, origin)))
            .await
    }

    async fn repositories(
        &self,
        page: ListRepositories<'_>,
    ) -> Result<Vec<RepositoryName>, MetadataError> {
        self.page(Names::All, page.visible, page.after, page.limit)
            .await
    }
}

impl PostgresMetadata {
    async fn facts_of(&self, namespace: &str, repository: &str) -> Result<Facts, MetadataError> {
        let row = self
            .one(PLACE, &[namespace.into(), repository.into()])
            .await?;
        let row = row.ok_or_else(|| Failure::Unreadable("no answer about a place".to_owned()))?;
        let place = Place::read(&row)?;
        Ok(place.facts(moment(&row, 5)?))
    }
}
