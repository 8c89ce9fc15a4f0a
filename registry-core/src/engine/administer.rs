//! Namespaces and repositories as things of their own.

use super::{
    Error, Registry, Result,
    access::{Access, Permit, under_facts},
};
use crate::{
    backend::{
        Checked, CreateNamespace, CreateOutcome, Facts, NamespaceRecord, NamespaceSettings,
        RepositoryRecord, UpdateOutcome,
    },
    caller::Caller,
    change::Visibility,
    name::Namespace,
    policy::{Action, Decision, Resource},
};

/// A repository whose settings may be changed.
pub struct Administer {
    access: Access,
    permit: Permit,
}

impl Administer {
    pub(super) fn new(access: Access, permit: Permit) -> Self {
        Self { access, permit }
    }

    /// Creates the repository, with a visibility of its own or its namespace's. One that exists is
    /// left as it is.
    ///
    /// # Errors
    /// [`Error::NamespaceUnknown`] where its namespace does not exist and may not be made on the way.
    pub async fn create(&self, visibility: Option<Visibility>) -> Result<CreateOutcome> {
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &access.inner.metadata;
        let create = access.inner.settings.create;
        let outcome = under_facts!(access, permit => metadata.create_repository(
            access.scope(permit), visibility, create, access.origin()));
        match outcome {
            CreateOutcome::NamespaceAbsent => Err(Error::NamespaceUnknown(access.name.namespace())),
            outcome => {
                access.inner.changed.ring();
                Ok(outcome)
            }
        }
    }

    /// Sets the repository's own visibility, or gives it up for its namespace's.
    ///
    /// # Errors
    /// [`Error::RepositoryUnknown`] where there is none.
    pub async fn set_visibility(&self, visibility: Option<Visibility>) -> Result<()> {
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &access.inner.metadata;
        let outcome = under_facts!(access, permit =>
            metadata.set_repository_visibility(access.scope(permit), visibility, access.origin()));
        match outcome {
            UpdateOutcome::Updated => {
                access.inner.changed.ring();
                Ok(())
            }
            UpdateOutcome::Absent => Err(access.unknown()),
        }
    }

    /// The repository as kept.
    ///
    /// # Errors
    /// [`Error::RepositoryUnknown`] where there is none.
    pub async fn record(&self) -> Result<RepositoryRecord> {
        let record = self
            .access
            .inner
            .metadata
            .repository(&self.access.name)
            .await?;
        record.ok_or_else(|| self.access.unknown())
    }
}

impl Registry {
    /// Creates a namespace; one that exists is left as it is.
    ///
    /// # Errors
    /// [`Error::NameInvalid`] by the registry's rules, [`Error::Denied`] where the caller may not.
    pub async fn create_namespace(
        &self,
        caller: &Caller,
        name: &Namespace,
        settings: NamespaceSettings,
    ) -> Result<CreateOutcome> {
        self.inner.settings.naming.check_namespace(name)?;
        self.administer_namespace(caller, name).await?;
        let command = CreateNamespace {
            name,
            settings,
            origin: self.inner.origin(caller),
        };
        let outcome = self.inner.metadata.create_namespace(command).await?;
        self.inner.changed.ring();
        Ok(outcome)
    }

    /// A namespace as kept, for whoever may administer it.
    ///
    /// # Errors
    /// [`Error::NamespaceUnknown`] where there is none.
    pub async fn namespace(&self, caller: &Caller, name: &Namespace) -> Result<NamespaceRecord> {
        self.administer_namespace(caller, name).await?;
        let record = self.inner.metadata.namespace(name).await?;
        record.ok_or_else(|| Error::NamespaceUnknown(name.clone()))
    }

    /// Changes a namespace's settings; its repositories follow where they set nothing of their own.
    ///
    /// # Errors
    /// [`Error::NamespaceUnknown`] where there is none.
    pub async fn update_namespace(
        &self,
        caller: &Caller,
        name: &Namespace,
        settings: NamespaceSettings,
    ) -> Result<()> {
        for _ in 0..8 {
            let facts = self.administer_namespace(caller, name).await?;
            let origin = self.inner.origin(caller);
            let metadata = &self.inner.metadata;
            match metadata
                .update_namespace(name, facts.version, settings, origin)
                .await?
            {
                Checked::Stale => {}
                Checked::Current(UpdateOutcome::Updated) => {
                    self.inner.changed.ring();
                    return Ok(());
                }
                Checked::Current(UpdateOutcome::Absent) => {
                    return Err(Error::NamespaceUnknown(name.clone()));
                }
            }
        }
        Err(Error::Unavailable(
            "its settings keep changing: try again".to_owned(),
        ))
    }

    async fn administer_namespace(&self, caller: &Caller, name: &Namespace) -> Result<Facts> {
        let facts = self.inner.metadata.namespace_facts(name).await?;
        let resource = Resource::Namespace {
            name,
            facts: &facts,
        };
        match self
            .inner
            .policy
            .decide(caller, resource, Action::Administer)
            .await
        {
            Decision::Allow => Ok(facts),
            Decision::OutOfScope => Err(Error::InsufficientScope(Action::Administer)),
            _ if caller.is_anonymous() => Err(Error::Unauthorized),
            _ => Err(Error::Denied(format!("you may not do this to {name}"))),
        }
    }
}
