//! Which manifests of a repository refer to what, seen from what they refer to.

use std::collections::{BTreeSet, HashMap};

use registry_core::{
    Digest,
    backend::{ReferenceRow, ReferenceTarget},
};

/// The references of a repository by their targets.
#[derive(Debug, Default)]
pub(in super::super) struct References {
    blobs: HashMap<Digest, Referring>,
    manifests: HashMap<Digest, Referring>,
}

/// The manifests that refer to one thing.
#[derive(Debug, Default)]
struct Referring {
    requiring: BTreeSet<Digest>,
    other: BTreeSet<Digest>,
}

impl References {
    pub(super) fn add(&mut self, by: &Digest, rows: &[ReferenceRow]) {
        for row in rows {
            let to = self.of_kind_mut(row.target).entry(row.digest.clone());
            to.or_default().of_strength(row.required).insert(by.clone());
        }
    }

    pub(super) fn remove(&mut self, by: &Digest, rows: &[ReferenceRow]) {
        for row in rows {
            let targets = self.of_kind_mut(row.target);
            let Some(referring) = targets.get_mut(&row.digest) else {
                continue;
            };
            referring.of_strength(row.required).remove(by);
            if referring.requiring.is_empty() && referring.other.is_empty() {
                targets.remove(&row.digest);
            }
        }
    }

    /// Whether any manifest refers to it.
    pub(in super::super) fn any(&self, target: ReferenceTarget, digest: &Digest) -> bool {
        self.of_kind(target).contains_key(digest)
    }

    /// A manifest that requires it.
    pub(super) fn requiring(&self, target: ReferenceTarget, digest: &Digest) -> Option<&Digest> {
        self.of_kind(target).get(digest)?.requiring.first()
    }

    fn of_kind(&self, target: ReferenceTarget) -> &HashMap<Digest, Referring> {
        match target {
            ReferenceTarget::Blob => &self.blobs,
            ReferenceTarget::Manifest => &self.manifests,
        }
    }

    fn of_kind_mut(&mut self, target: ReferenceTarget) -> &mut HashMap<Digest, Referring> {
        match target {
            ReferenceTarget::Blob => &mut self.blobs,
            ReferenceTarget::Manifest => &mut self.manifests,
        }
    }
}

impl Referring {
    fn of_strength(&mut self, required: bool) -> &mut BTreeSet<Digest> {
        match required {
            true => &mut self.requiring,
            false => &mut self.other,
        }
    }
}
