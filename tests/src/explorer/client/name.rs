//! Names, and what commands carry that has no part in collection.

use registry_core::{
    Digest, RepositoryName,
    backend::{CreateRule, FactsVersion, Origin, Scope},
};

use crate::explorer::{id::Id, promise::Thing, store::Target};

pub(super) const EVERYTHING: CreateRule = CreateRule {
    namespace: None,
    repository: true,
};

pub(super) const NOBODY: Origin<'static> = Origin {
    actor: None,
    record: false,
};

pub(super) fn repository_of(name: &str) -> RepositoryName {
    RepositoryName::parse(name).expect("a letter is a name")
}

pub(super) fn digest_of(name: &str) -> Digest {
    Id::of(name).digest()
}

pub(super) fn blob_of(repository: &str, digest: &str) -> Thing {
    thing_of(repository, Target::Blob(Id::of(digest)))
}

pub(super) fn manifest_of(repository: &str, digest: &str) -> Thing {
    thing_of(repository, Target::Manifest(Id::of(digest)))
}

fn thing_of(repository: &str, target: Target) -> Thing {
    Thing {
        repository: Id::of(repository),
        target,
    }
}

pub(super) fn scope(repository: &RepositoryName) -> Scope<'_> {
    Scope {
        repository,
        facts: FactsVersion::default(),
    }
}
