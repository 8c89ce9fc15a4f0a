//! Facts that rights rest on, and what every command carries.

use crate::{change::Visibility, clock::Timestamp, name::RepositoryName};

/// Why the backend could not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct MetadataError {
    /// What the engine does about it.
    pub kind: MetadataErrorKind,
    /// What was wrong, for the log.
    pub message: String,
}

impl MetadataError {
    /// An error of that kind.
    pub fn new(kind: MetadataErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

/// The kinds of error that are acted upon differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataErrorKind {
    /// Nothing happened; a later try may succeed.
    Unavailable,
    /// The connection broke while the answer was under way: it happened or it did not.
    Unknown,
    /// Nothing happened; there is no room.
    Full,
    /// Nothing happened: no writes are taken for now, or any more. The message says why, to clients as well.
    Closed,
}

/// What is known of a repository and of its namespace, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The namespace, where it exists.
    pub namespace: Option<NamespaceFacts>,
    /// The repository, where it exists.
    pub repository: Option<RepositoryFacts>,
    /// Names this state. A state that differs in anything here has another version, also when a
    /// place was deleted and made again.
    pub version: FactsVersion,
    /// The backend's time.
    pub now: Timestamp,
}

impl Facts {
    /// Whether everybody may read it: as the repository says, else as its namespace says.
    pub fn is_public(&self) -> bool {
        let own = self
            .repository
            .as_ref()
            .and_then(|repository| repository.visibility);
        let inherited = || {
            self.namespace
                .as_ref()
                .map(|namespace| namespace.visibility)
        };
        own.or_else(inherited) == Some(Visibility::Public)
    }
}

/// What is known of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceFacts {
    /// Who may read it.
    pub visibility: Visibility,
}

/// What is known of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// Its own setting; none where it inherits.
    pub visibility: Option<Visibility>,
}

/// The version of the facts a decision rests on. Absent places have version 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FactsVersion {
    /// The namespace's.
    pub namespace: u64,
    /// The repository's.
    pub repository: u64,
}

/// The repository a command is about, and the facts that its permission rests on.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The canonical name.
    pub repository: &'a RepositoryName,
    /// What the policy saw.
    pub facts: FactsVersion,
}

/// Who causes a change, and whether it is to be told.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The account; none for an anonymous caller and for the registry itself.
    pub actor: Option<&'a str>,
    /// Whether a change is recorded. Where nobody listens, none is.
    pub record: bool,
}

/// An answer, if the facts were still those of the scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked<T> {
    /// They were.
    Current(T),
    /// They were not, and nothing was done: decide again.
    Stale,
}
