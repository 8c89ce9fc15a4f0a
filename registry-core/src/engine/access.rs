//! From a caller and a name to a permission.

use std::sync::Arc;

use super::{Administer, Delete, Error, Inner, Pull, Push, Result};
use crate::{
    backend::{Facts, FactsVersion, Origin, Scope},
    caller::Caller,
    clock::Timestamp,
    name::RepositoryName,
    policy::{Action, Decision, Resource},
};

/// A repository somebody turned to, before any permission.
#[must_use = "ask for an action"]
pub struct Opening {
    inner: Arc<Inner>,
    caller: Caller,
    asked: RepositoryName,
}

/// Who does what where: enough to ask the policy, again and again.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) inner: Arc<Inner>,
    pub(super) caller: Caller,
    /// The canonical name.
    pub(super) name: RepositoryName,
    /// The name that was asked for, which answers repeat.
    asked: RepositoryName,
    action: Action,
}

/// What the policy agreed to, and the facts it rested on.
#[derive(Clone, Copy)]
pub(super) struct Permit {
    facts: FactsVersion,
    /// The backend's time when the facts were read.
    pub(super) now: Timestamp,
    /// Whether the repository exists.
    pub(super) exists: bool,
    /// Whether only new tags may be set.
    pub(super) create_only: bool,
}

/// Facts that keep changing under a command are changed by somebody on purpose; it is not worth
/// waiting for them for ever.
const MAX_DECISIONS: usize = 8;

impl Opening {
    pub(super) fn new(inner: Arc<Inner>, caller: Caller, asked: RepositoryName) -> Self {
        Self {
            inner,
            caller,
            asked,
        }
    }

    /// To read.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for an anonymous caller, [`Error::RepositoryUnknown`] for others who may
    /// not read, whether it exists or not.
    pub async fn pull(self) -> Result<Pull> {
        let (access, permit) = self.decide(Action::Pull).await?;
        Ok(Pull::new(access, permit))
    }

    /// To write.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for an anonymous caller, [`Error::Denied`] for others who may not.
    pub async fn push(self) -> Result<Push> {
        let (access, permit) = self.decide_to_make(Action::Push).await?;
        Ok(Push::new(access, permit))
    }

    /// To delete.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub async fn delete(self) -> Result<Delete> {
        let (access, permit) = self.decide(Action::Delete).await?;
        Ok(Delete::new(access, permit))
    }

    /// To create it and change its settings.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub async fn administer(self) -> Result<Administer> {
        let (access, permit) = self.decide_to_make(Action::Administer).await?;
        Ok(Administer::new(access, permit))
    }

    /// What does not exist yet must have a name by the rules to be made.
    async fn decide_to_make(self, action: Action) -> Result<(Access, Permit)> {
        let (access, permit) = self.decide(action).await?;
        if !permit.exists {
            access.inner.settings.naming.check(&access.name)?;
        }
        Ok((access, permit))
    }

    async fn decide(self, action: Action) -> Result<(Access, Permit)> {
        let Self {
            inner,
            caller,
            asked,
        } = self;
        let name = inner.canonical(&asked);
        let access = Access {
            inner,
            caller,
            name,
            asked,
            action,
        };
        let permit = access.decide().await?;
        Ok((access, permit))
    }
}

impl Access {
    /// The same caller, for reading another repository.
    pub(super) fn reading(&self, name: RepositoryName) -> Self {
        let asked = name.clone();
        Self {
            name,
            asked,
            action: Action::Pull,
            ..self.clone()
        }
    }

    pub(super) async fn decide(&self) -> Result<Permit> {
        let facts = self.inner.metadata.facts(&self.name).await?;
        let resource = Resource::Repository {
            name: &self.name,
            facts: &facts,
        };
        let decision = self
            .inner
            .policy
            .decide(&self.caller, resource, self.action)
            .await;
        let create_only = match decision {
            Decision::Allow => false,
            Decision::AllowCreate if self.action == Action::Push => true,
            refused => return Err(self.refusal(refused)),
        };
        Ok(Permit::new(&facts, create_only))
    }

    /// Asks again after a command found other facts than those of the last decision.
    pub(super) async fn decide_again(&self, decisions: &mut usize) -> Result<Permit> {
        *decisions += 1;
        if *decisions > MAX_DECISIONS {
            return Err(Error::Unavailable(
                "its settings keep changing: try again".to_owned(),
            ));
        }
        self.decide().await
    }

    pub(super) fn scope(&self, permit: Permit) -> Scope<'_> {
        Scope {
            repository: &self.name,
            facts: permit.facts,
        }
    }

    pub(super) fn origin(&self) -> Origin<'_> {
        self.inner.origin(&self.caller)
    }

    pub(super) fn unknown(&self) -> Error {
        Error::RepositoryUnknown(self.asked.clone())
    }

    /// What the caller is told: nothing that tells whether the repository exists.
    fn refusal(&self, decision: Decision) -> Error {
        match (decision, self.action) {
            (Decision::OutOfScope, action) => Error::InsufficientScope(action),
            _ if self.caller.is_anonymous() => Error::Unauthorized,
            (_, Action::Pull) => self.unknown(),
            _ => Error::Denied(format!("you may not do this to {}", self.asked)),
        }
    }
}

impl Permit {
    fn new(facts: &Facts, create_only: bool) -> Self {
        let Facts {
            version,
            now,
            ref repository,
            ..
        } = *facts;
        Self {
            facts: version,
            now,
            exists: repository.is_some(),
            create_only,
        }
    }
}

/// Runs a metadata command under the facts of a permit; where they are stale, decides again.
macro_rules! under_facts {
    ($access:expr, $permit:ident => $command:expr) => {{
        let mut decisions = 0;
        loop {
            match $command.await? {
                $crate::backend::Checked::Current(outcome) => break outcome,
                $crate::backend::Checked::Stale => {
                    $permit = $access.decide_again(&mut decisions).await?;
                }
            }
        }
    }};
}
pub(super) use under_facts;
