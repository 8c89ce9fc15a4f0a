//! Facts, their versions, and what a push may bring into being.

use registry_core::{
    Event, Namespace, RepositoryName, Timestamp, Visibility,
    backend::{
        CreateRule, Facts, FactsVersion, NamespaceFacts, NamespaceSettings, Origin,
        RepositoryFacts, Scope,
    },
};
use tokio_postgres::Row;

use super::{
    error::Failure,
    session::Session,
    transaction::Transaction,
    value::{bits, is_public, visibility},
};
use crate::canonical::{is_bare, namespace_of};

/// A namespace and a repository, as far as they are there.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) namespace: Option<NamespaceRow>,
    pub(super) repository: Option<RepositoryRow>,
}

#[derive(Clone, Copy)]
pub(super) struct NamespaceRow {
    pub(super) visibility: Visibility,
    pub(super) version: u64,
}

#[derive(Clone, Copy)]
pub(super) struct RepositoryRow {
    pub(super) id: i64,
    pub(super) visibility: Option<Visibility>,
    pub(super) version: u64,
}

/// The columns that [`Place::read`] reads, of a join that has a row whatever is there.
pub(super) const PLACE: &str =
    "SELECT n.public, n.version, r.id, r.visibility, r.version, registry_now()
    FROM (SELECT 1) one
    LEFT JOIN namespaces n ON n.name = $1
    LEFT JOIN repositories r ON r.name = $2";

impl Place {
    pub(super) fn read(row: &Row) -> Result<Self, Failure> {
        let namespace = match row.try_get::<_, Option<bool>>(0)? {
            None => None,
            Some(public) => Some(NamespaceRow {
                visibility: visibility(public),
                version: bits(row, 1)?,
            }),
        };
        let repository = match row.try_get(2)? {
            None => None,
            Some(id) => Some(RepositoryRow {
                id,
                visibility: row.try_get::<_, Option<bool>>(3)?.map(visibility),
                version: bits(row, 4)?,
            }),
        };
        Ok(Self {
            namespace,
            repository,
        })
    }

    pub(super) fn version(&self) -> FactsVersion {
        FactsVersion {
            namespace: self.namespace.as_ref().map_or(0, |row| row.version),
            repository: self.repository.as_ref().map_or(0, |row| row.version),
        }
    }

    pub(super) fn facts(&self, now: Timestamp) -> Facts {
        let visibility = |row: &NamespaceRow| NamespaceFacts {
            visibility: row.visibility,
        };
        let own = |row: &RepositoryRow| RepositoryFacts {
            visibility: row.visibility,
        };
        Facts {
            namespace: self.namespace.as_ref().map(visibility),
            repository: self.repository.as_ref().map(own),
            version: self.version(),
            now,
        }
    }

    /// The repository's id, if it is there.
    pub(super) fn id(&self) -> Option<i64> {
        self.repository.as_ref().map(|row| row.id)
    }

    /// Whether the repository is there, or a push may make it.
    pub(super) fn admits(&self, create: CreateRule) -> bool {
        let namespace = self.namespace.is_some() || create.namespace.is_some();
        self.repository.is_some() || (create.repository && namespace)
    }
}

impl Session {
    pub(super) async fn place(&self, name: &RepositoryName) -> Result<Place, Failure> {
        let row = self
            .one(PLACE, &[namespace_of(name).into(), name.as_str().into()])
            .await?;
        row.as_ref()
            .map_or_else(|| Ok(Place::default()), Place::read)
    }

    /// Where a scope leads, if nothing has changed since its decision.
    pub(super) async fn current(&self, scope: Scope<'_>) -> Result<Option<Place>, Failure> {
        let place = self.place(scope.repository).await?;
        Ok((place.version() == scope.facts).then_some(place))
    }
}

impl Transaction<'_> {
    /// The id of a repository that [`Place::admits`] agreed to, made where it was not there. None where
    /// another has made it or its namespace meanwhile: then its facts are others.
    pub(super) async fn make(
        &self,
        name: &RepositoryName,
        place: &Place,
        create: CreateRule,
        origin: Origin<'_>,
    ) -> Result<Option<i64>, Failure> {
        match place.id() {
            Some(id) => Ok(Some(id)),
            None => {
                self.add_repository(name, place, None, create.namespace, origin)
                    .await
            }
        }
    }

    /// Adds a repository that was not there, and its namespace where that was not there either. None where
    /// another came first.
    pub(super) async fn add_repository(
        &self,
        name: &RepositoryName,
        place: &Place,
        own: Option<Visibility>,
        settings: Option<NamespaceSettings>,
        origin: Origin<'_>,
    ) -> Result<Option<i64>, Failure> {
        let inherited = match &place.namespace {
            Some(row) => self.hold_namespace(name, row.version).await?,
            None => {
                let settings = settings.unwrap_or_default();
                let added = self
                    .add_namespace(&name.namespace(), settings, origin)
                    .await?;
                added.then_some(settings.visibility)
            }
        };
        let Some(inherited) = inherited else {
            return Ok(None);
        };
        let sql = "INSERT INTO repositories
                (name, namespace, bare, visibility, public, version, created)
            VALUES ($1, $2, $3, $4, $5, nextval('versions'), registry_now())
            ON CONFLICT (name) DO NOTHING RETURNING id";
        let params = [
            name.as_str().into(),
            namespace_of(name).into(),
            is_bare(name).into(),
            own.map(is_public).into(),
            is_public(own.unwrap_or(inherited)).into(),
        ];
        let Some(row) = self.one(sql, &params).await? else {
            return Ok(None);
        };
        let repository = name.clone();
        self.record(origin, || Event::RepositoryCreated { repository })
            .await?;
        Ok(Some(row.try_get(0)?))
    }

    /// Holds a namespace as it is while a repository is made in it, which repeats whether it is public. Only
    /// who changes the namespace waits for that.
    async fn hold_namespace(
        &self,
        name: &RepositoryName,
        version: u64,
    ) -> Result<Option<Visibility>, Failure> {
        let sql = "SELECT public FROM namespaces WHERE name = $1 AND version = $2 FOR SHARE";
        let params = [namespace_of(name).into(), version.cast_signed().into()];
        let row = self.one(sql, &params).await?;
        let public = row.map(|row| row.try_get(0)).transpose()?;
        Ok(public.map(visibility))
    }

    /// Adds a namespace, and answers whether it was not there.
    pub(super) async fn add_namespace(
        &self,
        name: &Namespace,
        settings: NamespaceSettings,
        origin: Origin<'_>,
    ) -> Result<bool, Failure> {
        let sql = "INSERT INTO namespaces (name, public, collect_untagged, version, created)
            VALUES ($1, $2, $3, nextval('versions'), registry_now()) ON CONFLICT DO NOTHING";
        let params = [
            name.as_str().into(),
            is_public(settings.visibility).into(),
            settings.collect_untagged.into(),
        ];
        if self.run(sql, &params).await? == 0 {
            return Ok(false);
        }
        let created = || Event::NamespaceCreated {
            namespace: name.clone(),
            visibility: settings.visibility,
        };
        self.record(origin, created).await?;
        Ok(true)
    }
}
