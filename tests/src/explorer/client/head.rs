//! HEAD: a look, and a renewal where the collector has condemned what was found.

use registry_core::{
    RepositoryName,
    backend::{ReferenceTarget, Renewal},
};

use super::{
    Client,
    name::{digest_of, repository_of, scope},
};
use crate::explorer::{id::Id, mutation::Mutation, promise::Thing, store::Target};

impl Client {
    /// HEAD of a blob.
    pub async fn head_blob(&self, repository: &str, digest: &str) -> bool {
        let (name, target) = (repository_of(repository), Target::Blob(Id::of(digest)));
        let record = self.metadata.blob(scope(&name), &digest_of(digest)).await;
        let condemned = record.map(|record| record.condemned);
        self.answer_head(&name, target, condemned).await
    }

    /// HEAD of a manifest, by digest.
    pub async fn head_manifest(&self, repository: &str, digest: &str) -> bool {
        let (name, target) = (repository_of(repository), Target::Manifest(Id::of(digest)));
        let record = self
            .metadata
            .manifest(scope(&name), &digest_of(digest))
            .await;
        let condemned = record.map(|record| record.condemned);
        self.answer_head(&name, target, condemned).await
    }

    async fn answer_head(
        &self,
        repository: &RepositoryName,
        target: Target,
        condemned: Option<bool>,
    ) -> bool {
        let exists = match condemned {
            Some(true) if !self.metadata.has(Mutation::AnswerWithoutRenewal) => {
                self.renew(repository, target).await
            }
            condemned => condemned.is_some(),
        };
        let thing = Thing {
            repository: repository.into(),
            target,
        };
        self.answer(thing, exists).await
    }

    async fn renew(&self, repository: &RepositoryName, target: Target) -> bool {
        let kind = match target {
            Target::Blob(_) => ReferenceTarget::Blob,
            Target::Manifest(_) => ReferenceTarget::Manifest,
        };
        let renewal = Renewal {
            repository,
            target: kind,
            digest: &target.digest().digest(),
        };
        self.metadata.renew(renewal).await
    }
}
