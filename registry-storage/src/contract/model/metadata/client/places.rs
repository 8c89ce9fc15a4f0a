//! Namespaces and repositories.

use registry_core::{
    Visibility,
    backend::{CreateNamespace, CreateRule, NamespaceSettings},
};

use super::{Answered, Client, checked};
use crate::contract::{
    metadata::fixture::ALICE,
    model::metadata::{
        action::{Creates, Settings, Write},
        stage,
        world::Answer,
    },
};

impl Client {
    pub(super) async fn write_place(&self, write: &Write) -> Answered {
        let metadata = &self.metadata;
        match *write {
            Write::CreateNamespace(at, settings) => {
                let command = CreateNamespace {
                    name: &stage::repository(at).namespace(),
                    settings: settings.into(),
                    origin: ALICE,
                };
                metadata.create_namespace(command).await.map(Answer::Create)
            }
            Write::UpdateNamespace(at, settings) => {
                let name = stage::repository(at).namespace();
                let facts = self.version(at);
                let updated = metadata.update_namespace(&name, facts, settings.into(), ALICE);
                checked(updated.await, Answer::Update)
            }
            Write::CreateRepository(at, own, creates) => {
                let name = stage::repository(at);
                let rule = CreateRule {
                    repository: true,
                    ..creates.into()
                };
                let scope = self.scope(at, &name);
                let created = metadata.create_repository(scope, visibility(own), rule, ALICE);
                checked(created.await, Answer::Create)
            }
            Write::SetVisibility(at, own) => {
                let name = stage::repository(at);
                let scope = self.scope(at, &name);
                let set = metadata.set_repository_visibility(scope, visibility(own), ALICE);
                checked(set.await, Answer::Update)
            }
            _ => Ok(Answer::Done),
        }
    }
}

fn visibility(own: Option<bool>) -> Option<Visibility> {
    own.map(|public| match public {
        true => Visibility::Public,
        false => Visibility::Private,
    })
}

impl From<Settings> for NamespaceSettings {
    fn from(settings: Settings) -> Self {
        Self {
            visibility: match settings.public {
                true => Visibility::Public,
                false => Visibility::Private,
            },
            collect_untagged: settings.collects,
        }
    }
}

impl From<NamespaceSettings> for Settings {
    fn from(settings: NamespaceSettings) -> Self {
        Self {
            public: settings.visibility == Visibility::Public,
            collects: settings.collect_untagged,
        }
    }
}

impl From<Creates> for CreateRule {
    fn from(creates: Creates) -> Self {
        Self {
            namespace: creates.namespace.map(Into::into),
            repository: creates.repository,
        }
    }
}
