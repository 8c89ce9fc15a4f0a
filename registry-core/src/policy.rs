//! What a caller may do.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;

use crate::{
    backend::Facts,
    caller::Caller,
    name::{Namespace, RepositoryName},
};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Read content, tags and referrers.
    Pull,
    /// Write content and tags.
    Push,
    /// Remove content and tags.
    Delete,
    /// Create the place itself and change its settings.
    Administer,
}

/// What it is asked of.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// A namespace, which need not exist.
    Namespace {
        /// Its name.
        name: &'a Namespace,
        /// What is known of it.
        facts: &'a Facts,
    },
    /// A repository, which need not exist.
    Repository {
        /// Its canonical name.
        name: &'a RepositoryName,
        /// What is known of it and of its namespace.
        facts: &'a Facts,
    },
}

impl Resource<'_> {
    /// Whether everybody may read it.
    pub fn is_public(&self) -> bool {
        let (Self::Namespace { facts, .. } | Self::Repository { facts, .. }) = self;
        facts.is_public()
    }
}

/// A policy's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Allow,
    /// For a push: new tags only; a tag that exists stays where it is.
    AllowCreate,
    /// No.
    Deny,
    /// The caller might, but the token they hold was not asked for this.
    OutOfScope,
}

/// Decides. Facts it rests on travel with the decision as versions: where they change, the engine
/// asks again, so a decision is never cached past them.
#[async_trait]
pub trait Policy: Send + Sync {
    /// May the caller do that to this?
    async fn decide(&self, caller: &Caller, resource: Resource<'_>, action: Action) -> Decision;

    /// Everything the caller may do that to, as ranges that an index can answer. It must agree with
    /// [`decide`](Self::decide).
    async fn visible(&self, caller: &Caller, action: Action) -> Visible;
}

#[async_trait]
impl<P: Policy + ?Sized> Policy for Arc<P> {
    async fn decide(&self, caller: &Caller, resource: Resource<'_>, action: Action) -> Decision {
        (**self).decide(caller, resource, action).await
    }

    async fn visible(&self, caller: &Caller, action: Action) -> Visible {
        (**self).visible(caller, action).await
    }
}

/// What of a listing a caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visible {
    /// All of it.
    All,
    /// None of it.
    Nothing,
    /// Some of it, by index ranges.
    Some(VisibleSet),
    /// Only [`Policy::decide`] knows: a page then scans a bounded number of rows and may be short.
    Opaque,
}

/// A union of index ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisibleSet {
    /// Every public repository.
    pub public: bool,
    /// Every repository of these namespaces.
    pub namespaces: BTreeSet<Namespace>,
    /// Every repository whose canonical name begins so.
    pub prefixes: BTreeSet<String>,
}

/// Everybody may do everything: for tests, and for a registry behind a door of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllowAll;

#[async_trait]
impl Policy for AllowAll {
    async fn decide(&self, _: &Caller, _: Resource<'_>, _: Action) -> Decision {
        Decision::Allow
    }

    async fn visible(&self, _: &Caller, _: Action) -> Visible {
        Visible::All
    }
}
