//! Everything that is kept, and what all commands need of it.

use std::collections::{BTreeMap, HashMap};

use registry_core::{
    Digest, Namespace, RepositoryName, Tag, Timestamp, Visibility,
    backend::{Identity, NamespaceSettings},
};

use super::{
    changes::ChangeLog,
    content::{
        blob::{Content, Link},
        manifest::Manifest,
        references::References,
        referrers::Referrers,
        tag::TagRow,
    },
    key::Key,
    names::Names,
    objects::ObjectKeys,
    rows::{Row, RowName, Rows},
    uploads::Sessions,
};
use crate::leases::LeaseTable;

/// What a [`MemoryMetadata`](super::MemoryMetadata) keeps.
#[derive(Default)]
pub(super) struct State {
    /// The latest time seen.
    pub(super) now: Timestamp,
    pub(super) identity: Option<Identity>,
    /// The last version given to a namespace or repository.
    pub(super) version: u64,
    pub(super) namespaces: HashMap<Namespace, NamespaceRow>,
    pub(super) repositories: HashMap<RepositoryName, Repository>,
    /// The names of all repositories, and of those that everybody may read.
    pub(super) names: Names,
    pub(super) public: Names,
    /// Contents by digest, whichever repositories link them.
    pub(super) contents: HashMap<Digest, Content>,
    pub(super) objects: ObjectKeys,
    pub(super) rows: Rows,
    pub(super) sessions: Sessions,
    pub(super) changes: ChangeLog,
    pub(super) scrub_note: Option<String>,
    pub(super) leases: LeaseTable,
}

pub(super) struct NamespaceRow {
    pub(super) settings: NamespaceSettings,
    pub(super) created: Timestamp,
    pub(super) version: u64,
}

pub(super) struct Repository {
    /// The namespace it lives in, so that a look-up does not have to make its name.
    pub(super) namespace: Namespace,
    pub(super) visibility: Option<Visibility>,
    pub(super) created: Timestamp,
    pub(super) version: u64,
    pub(super) pulls: u64,
    pub(super) blobs: HashMap<Digest, Link>,
    pub(super) manifests: HashMap<Digest, Manifest>,
    pub(super) tags: BTreeMap<Key<Tag>, TagRow>,
    /// Which manifests refer to which of the blobs and manifests here.
    pub(super) references: References,
    /// Which manifests have which subject.
    pub(super) referrers: HashMap<Digest, Referrers>,
}

impl State {
    /// Takes the time in. It never goes backwards, whatever the clock does.
    pub(super) fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// A version never given before.
    pub(super) fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    /// Does something to a row's place among the rows, if there is such a row.
    pub(super) fn with_row<T>(
        &mut self,
        name: &RowName,
        act: impl FnOnce(&mut Rows, &mut Row) -> T,
    ) -> Option<T> {
        let repositories = &mut self.repositories;
        let row = match name {
            RowName::Blob(name, digest) => {
                let repository = repositories.get_mut(name)?;
                &mut repository.blobs.get_mut(digest)?.row
            }
            RowName::Manifest(name, digest) => {
                let repository = repositories.get_mut(name)?;
                &mut repository.manifests.get_mut(digest)?.row
            }
            RowName::Content(digest) => &mut self.contents.get_mut(digest)?.row,
        };
        Some(act(&mut self.rows, row))
    }
}

impl Repository {
    pub(super) fn new(
        namespace: Namespace,
        visibility: Option<Visibility>,
        created: Timestamp,
        version: u64,
    ) -> Self {
        Self {
            namespace,
            visibility,
            created,
            version,
            pulls: 0,
            blobs: HashMap::new(),
            manifests: HashMap::new(),
            tags: BTreeMap::new(),
            references: References::default(),
            referrers: HashMap::new(),
        }
    }
}
