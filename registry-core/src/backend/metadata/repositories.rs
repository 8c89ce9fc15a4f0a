//! Namespaces and repositories.

use async_trait::async_trait;

use super::access::{Checked, Facts, FactsVersion, MetadataError, Origin, Scope};
use crate::{
    change::Visibility,
    clock::Timestamp,
    name::{Namespace, RepositoryName},
    policy::VisibleSet,
};

/// What a namespace is set to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NamespaceSettings {
    /// Who may read what is in it, unless a repository says otherwise.
    pub visibility: Visibility,
    /// Whether manifests that nothing keeps but their push are collected.
    pub collect_untagged: bool,
}

/// Makes a namespace.
#[derive(Clone, Copy, Debug)]
pub struct CreateNamespace<'a> {
    /// Its name.
    pub name: &'a Namespace,
    /// Its settings.
    pub settings: NamespaceSettings,
    /// Who does it.
    pub origin: Origin<'a>,
}

/// A namespace as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceRecord {
    /// Its name.
    pub name: Namespace,
    /// Its settings.
    pub settings: NamespaceSettings,
    /// When it was made.
    pub created: Timestamp,
}

/// A repository as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRecord {
    /// Its name.
    pub name: RepositoryName,
    /// Its own visibility; none where it inherits.
    pub visibility: Option<Visibility>,
    /// When it was made.
    pub created: Timestamp,
}

/// What came of making something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It is there now.
    Created,
    /// It was there already, and is as it was.
    Exists,
    /// Its namespace does not exist.
    NamespaceAbsent,
}

/// What came of changing something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// It is so now; also when it was so before.
    Updated,
    /// It does not exist.
    Absent,
}

/// What a push may bring into being besides its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreateRule {
    /// The namespace, with these settings.
    pub namespace: Option<NamespaceSettings>,
    /// The repository.
    pub repository: bool,
}

/// A page of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct ListRepositories<'a> {
    /// Names strictly after this text, in byte order; it need not be the name of anything.
    pub after: Option<&'a str>,
    /// At most so many.
    pub limit: usize,
    /// Only these; all where none is given.
    pub visible: Option<&'a VisibleSet>,
}

/// Namespaces and repositories.
///
/// 1. *Versions.* Any change to a namespace or repository that [`Facts`] show gives it a version it
///    never had before; a place deleted and made again never repeats one.
/// 2. *One namespace per name, one repository per name.* Two that are made at once are made once.
/// 3. *Listing by key.* `repositories` gives names in byte order, strictly after `after`, at most
///    `limit`; a name deleted meanwhile does no harm as a cursor; none that was there throughout is
///    missed.
/// 4. *Only what may be seen.* With a set, a repository is listed exactly if it is in it: public by its
///    own or its inherited visibility (where the set says so), in a namespace or under a prefix of it.
/// 5. *A page costs its length.* The cost of a page grows with what it shows and with the size of the
///    set, not with what there is beside.
#[async_trait]
pub trait Repositories: Send + Sync {
    /// What is known of a repository and its namespace now.
    async fn facts(&self, repository: &RepositoryName) -> Result<Facts, MetadataError>;

    /// What is known of a namespace now; its `repository` part is empty.
    async fn namespace_facts(&self, namespace: &Namespace) -> Result<Facts, MetadataError>;

    /// A namespace as kept.
    async fn namespace(&self, name: &Namespace) -> Result<Option<NamespaceRecord>, MetadataError>;

    /// Makes a namespace.
    async fn create_namespace(
        &self,
        command: CreateNamespace<'_>,
    ) -> Result<CreateOutcome, MetadataError>;

    /// Changes a namespace's settings, if `facts` is still its version.
    async fn update_namespace(
        &self,
        name: &Namespace,
        facts: FactsVersion,
        settings: NamespaceSettings,
        origin: Origin<'_>,
    ) -> Result<Checked<UpdateOutcome>, MetadataError>;

    /// A repository as kept.
    async fn repository(
        &self,
        name: &RepositoryName,
    ) -> Result<Option<RepositoryRecord>, MetadataError>;

    /// Makes a repository and, where the rule says so, its namespace.
    async fn create_repository(
        &self,
        scope: Scope<'_>,
        visibility: Option<Visibility>,
        create: CreateRule,
        origin: Origin<'_>,
    ) -> Result<Checked<CreateOutcome>, MetadataError>;

    /// Sets or gives up a repository's own visibility.
    async fn set_repository_visibility(
        &self,
        scope: Scope<'_>,
        visibility: Option<Visibility>,
        origin: Origin<'_>,
    ) -> Result<Checked<UpdateOutcome>, MetadataError>;

    /// A page of names.
    async fn repositories(
        &self,
        page: ListRepositories<'_>,
    ) -> Result<Vec<RepositoryName>, MetadataError>;
}
