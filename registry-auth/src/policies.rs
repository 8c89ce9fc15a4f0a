//! Rules that need no accounts.

use async_trait::async_trait;
use registry_core::{Action, Caller, Decision, Policy, Resource, Visible, VisibleSet};

/// Whoever signed in may do everything; others may pull what is public.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignedIn;

#[async_trait]
impl Policy for SignedIn {
    async fn decide(&self, caller: &Caller, resource: Resource<'_>, action: Action) -> Decision {
        let open = action == Action::Pull && resource.is_public();
        if open || !caller.is_anonymous() {
            Decision::Allow
        } else {
            Decision::Deny
        }
    }

    async fn visible(&self, caller: &Caller, action: Action) -> Visible {
        match (caller.is_anonymous(), action) {
            (false, _) => Visible::All,
            (true, Action::Pull) => Visible::Some(VisibleSet {
                public: true,
                ..VisibleSet::default()
            }),
            (true, _) => Visible::Nothing,
        }
    }
}

/// Whoever signed in may do everything; others may pull everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenToPull;

#[async_trait]
impl Policy for OpenToPull {
    async fn decide(&self, caller: &Caller, _: Resource<'_>, action: Action) -> Decision {
        match caller.is_anonymous() && action != Action::Pull {
            true => Decision::Deny,
            false => Decision::Allow,
        }
    }

    async fn visible(&self, caller: &Caller, action: Action) -> Visible {
        match caller.is_anonymous() && action != Action::Pull {
            true => Visible::Nothing,
            false => Visible::All,
        }
    }
}

/// Another policy without its rights to change anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOnly<P>(pub P);

#[async_trait]
impl<P: Policy> Policy for ReadOnly<P> {
    async fn decide(&self, caller: &Caller, resource: Resource<'_>, action: Action) -> Decision {
        match action {
            Action::Pull => self.0.decide(caller, resource, action).await,
            Action::Push | Action::Delete | Action::Administer => Decision::Deny,
        }
    }

    async fn visible(&self, caller: &Caller, action: Action) -> Visible {
        match action {
            Action::Pull => self.0.visible(caller, action).await,
            Action::Push | Action::Delete | Action::Administer => Visible::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;
    use registry_core::{
        AllowAll, RepositoryName, Visibility,
        backend::{Facts, NamespaceFacts},
    };

    use super::*;

    const ACTIONS: [Action; 4] = [
        Action::Pull,
        Action::Push,
        Action::Delete,
        Action::Administer,
    ];

    fn allowed(policy: &dyn Policy, caller: &Caller, visibility: Visibility) -> Vec<Action> {
        let facts = Facts {
            namespace: Some(NamespaceFacts { visibility }),
            ..Facts::default()
        };
        let name = RepositoryName::parse("team/app").unwrap();
        let may = |action: &Action| {
            let resource = Resource::Repository {
                name: &name,
                facts: &facts,
            };
            block_on(policy.decide(caller, resource, *action)) == Decision::Allow
        };
        ACTIONS.into_iter().filter(may).collect()
    }

    #[test]
    fn signed_in_callers_may_do_everything_and_others_pull_what_is_public() {
        let (ada, nobody) = (Caller::named("ada"), Caller::anonymous());
        assert_eq!(allowed(&SignedIn, &ada, Visibility::Private), ACTIONS);
        assert_eq!(
            allowed(&SignedIn, &nobody, Visibility::Public),
            [Action::Pull]
        );
        assert_eq!(allowed(&SignedIn, &nobody, Visibility::Private), []);
    }

    #[test]
    fn what_is_open_to_pull_is_changed_by_those_who_signed_in() {
        let (ada, nobody) = (Caller::named("ada"), Caller::anonymous());
        let allowed = |caller| allowed(&OpenToPull, caller, Visibility::Private);
        assert_eq!(allowed(&ada), ACTIONS);
        assert_eq!(allowed(&nobody), [Action::Pull]);
        let visible = |action| block_on(OpenToPull.visible(&nobody, action));
        assert_eq!(visible(Action::Pull), Visible::All);
        assert_eq!(visible(Action::Push), Visible::Nothing);
    }

    #[test]
    fn a_read_only_policy_only_pulls() {
        let ada = Caller::named("ada");
        assert_eq!(
            allowed(&ReadOnly(AllowAll), &ada, Visibility::Private),
            [Action::Pull]
        );
        let nobody = Caller::anonymous();
        assert_eq!(
            allowed(&ReadOnly(SignedIn), &nobody, Visibility::Private),
            []
        );
        assert_eq!(
            block_on(ReadOnly(AllowAll).visible(&ada, Action::Push)),
            Visible::Nothing
        );
    }
}
