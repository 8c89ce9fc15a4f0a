//! Facts, their versions, and what a push may bring into being.

use registry_core::{
    Event, Namespace, RepositoryName, Timestamp, Visibility,
    backend::{
        CreateRule, Facts, FactsVersion, NamespaceFacts, NamespaceSettings, RepositoryFacts,
    },
};
use rusqlite::Row;

use super::{
    error::Failure,
    owned::{Origin, Scope},
    seen::Rows,
    transaction::Transaction,
    value::{Bits, Millis, Readable},
    view::View,
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

impl Place {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let namespace = NamespaceRow {
            visibility: row.get::<_, Readable>(0)?.0,
            version: row.get::<_, Bits>(1)?.0,
        };
        Ok(Self {
            namespace: Some(namespace),
            repository: RepositoryRow::read(row)?,
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

impl RepositoryRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Option<Self>> {
        let Some(id) = row.get(2)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            id,
            visibility: row.get::<_, Option<Readable>>(3)?.map(|own| own.0),
            version: row.get::<_, Bits>(4)?.0,
        }))
    }
}

impl View<'_> {
    pub(super) fn place(&self, name: &RepositoryName) -> Result<Place, Failure> {
        let seen = self.seen.map(|seen| &seen.places);
        let place = Rows::get(seen, || name.clone(), || self.find_place(name))?;
        Ok(place.unwrap_or_default())
    }

    fn find_place(&self, name: &RepositoryName) -> Result<Option<Place>, Failure> {
        // A repository has its namespace, so nothing is missed where there is none.
        let sql = "SELECT n.public, n.version, r.id, r.visibility, r.version
            FROM namespaces n LEFT JOIN repositories r ON r.name = ?2
            WHERE n.name = ?1";
        self.one(sql, (namespace_of(name), name.as_str()), Place::read)
    }

    pub(super) fn namespace_place(&self, name: &Namespace) -> Result<Place, Failure> {
        let sql = "SELECT public, version, NULL, NULL, NULL FROM namespaces WHERE name = ?1";
        let place = self.one(sql, [name.as_str()], Place::read)?;
        Ok(place.unwrap_or_default())
    }

    /// The id of a repository.
    pub(super) fn repository_id(&self, name: &RepositoryName) -> Result<Option<i64>, Failure> {
        let sql = "SELECT id FROM repositories WHERE name = ?1";
        self.one(sql, [name.as_str()], |row| row.get(0))
    }

    /// Where a scope leads, if nothing has changed since its decision.
    pub(super) fn current(&self, scope: &Scope) -> Result<Option<Place>, Failure> {
        let place = self.place(&scope.repository)?;
        Ok((place.version() == scope.facts).then_some(place))
    }
}

impl Transaction<'_> {
    /// The id of a repository that [`Place::admits`] agreed to, made where it was not there.
    pub(super) fn make(
        &mut self,
        name: &RepositoryName,
        place: &Place,
        create: CreateRule,
        origin: &Origin,
    ) -> Result<i64, Failure> {
        match place.id() {
            Some(id) => Ok(id),
            None => self.add_repository(name, place, None, create.namespace, origin),
        }
    }

    /// Adds a repository that is not there, and its namespace where that is not there either.
    pub(super) fn add_repository(
        &mut self,
        name: &RepositoryName,
        place: &Place,
        own: Option<Visibility>,
        settings: Option<NamespaceSettings>,
        origin: &Origin,
    ) -> Result<i64, Failure> {
        let inherited = match &place.namespace {
            Some(row) => row.visibility,
            None => {
                let settings = settings.unwrap_or_default();
                self.add_namespace(&name.namespace(), settings, origin)?;
                settings.visibility
            }
        };
        let sql = "INSERT INTO repositories
            (name, namespace, bare, visibility, public, version, created)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let params = (
            name.as_str(),
            namespace_of(name),
            is_bare(name),
            own.map(Readable),
            Readable(own.unwrap_or(inherited)),
            self.next_version(),
            Millis(self.now),
        );
        let id = self.insert(sql, params)?;
        let repository = name.clone();
        self.record(origin, || Event::RepositoryCreated { repository })?;
        Ok(id)
    }

    /// Adds a namespace that is not there.
    pub(super) fn add_namespace(
        &mut self,
        name: &Namespace,
        settings: NamespaceSettings,
        origin: &Origin,
    ) -> Result<(), Failure> {
        let sql = "INSERT INTO namespaces (name, public, collect_untagged, version, created)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let params = (
            name.as_str(),
            Readable(settings.visibility),
            settings.collect_untagged,
            self.next_version(),
            Millis(self.now),
        );
        self.run(sql, params)?;
        self.record(origin, || Event::NamespaceCreated {
            namespace: name.clone(),
            visibility: settings.visibility,
        })
    }
}
