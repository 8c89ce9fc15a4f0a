//! What one client was told, and what it asked for and was not told.
//!
//! A repository has one client, and a client has one request at a time. So what must be there is known
//! exactly but for that one request, and every repository can be compared in full. Clients share content,
//! so that repositories meet in what lies below them.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use super::{content::Manifest, moment::Moment};

/// How many deleted manifests are looked for. Blobs are few, and looked for all.
const REMEMBERED: usize = 30;

/// What is known of one repository.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// Its name.
    pub name: String,
    /// Blobs that were acknowledged and not deleted, with the moment before which their last answer or
    /// reference was asked for.
    pub blobs: BTreeMap<u64, Moment>,
    /// Manifests that were acknowledged and not deleted.
    pub manifests: BTreeMap<String, Manifest>,
    /// Tags, and the digests they point to.
    pub tags: BTreeMap<String, String>,
    /// Upload sessions that go on.
    pub sessions: Vec<Session>,
    /// The request that was sent and not answered, and the moment before it was.
    pub pending: Option<(Pending, Moment)>,
    /// Manifests whose deletion was acknowledged.
    pub deleted_manifests: VecDeque<String>,
    /// Whether what a deleted manifest referred to is kept for a grace from then on. Several servers promise
    /// it only from the last answer about it: one may have condemned it just before the manifest was there.
    pub kept_from_deletion: bool,
}

/// An upload that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its path.
    pub path: String,
    /// The blob that is to come of it.
    pub number: u64,
    /// So many bytes were acknowledged.
    pub acknowledged: u64,
    /// No more than so many can be there.
    pub sent: u64,
    /// A server may still be keeping what it was sent before, while another one is asked.
    pub disturbed: bool,
}

/// A request that changes something.
#[derive(Clone, Debug)]
pub enum Pending {
    /// A blob in one go, or mounted.
    Blob(u64),
    /// The last of a session.
    Finish(Session),
    /// The end of a session.
    Cancel(Session),
    /// A manifest, by tag or by digest.
    Manifest(Box<Manifest>, Option<String>),
    /// A tag's deletion.
    DeleteTag(String),
    /// A manifest's deletion.
    DeleteManifest(String),
    /// A blob's deletion.
    DeleteBlob(u64),
}

impl Ledger {
    /// Of a repository in which there is nothing yet.
    #[must_use]
    pub fn new(name: String) -> Self {
        Self {
            name,
            blobs: BTreeMap::new(),
            manifests: BTreeMap::new(),
            tags: BTreeMap::new(),
            sessions: Vec::new(),
            pending: None,
            deleted_manifests: VecDeque::new(),
            kept_from_deletion: true,
        }
    }

    /// A blob was acknowledged by an answer to what was asked at this moment.
    pub fn blob_stored(&mut self, number: u64, asked: Moment) {
        self.blobs.insert(number, asked);
    }

    /// A manifest was acknowledged.
    pub fn manifest_stored(&mut self, manifest: Manifest, tag: Option<String>, asked: Moment) {
        for number in &manifest.blobs {
            self.blobs.insert(*number, asked);
        }
        self.deleted_manifests
            .retain(|deleted| *deleted != manifest.digest);
        if let Some(tag) = tag {
            self.tags.insert(tag, manifest.digest.clone());
        }
        self.manifests.insert(manifest.digest.clone(), manifest);
    }

    /// A manifest's deletion was acknowledged.
    pub fn manifest_deleted(&mut self, digest: &str, asked: Moment) {
        if let Some(manifest) = self.manifests.remove(digest)
            && self.kept_from_deletion
        {
            for number in manifest.blobs {
                self.blobs.insert(number, asked);
            }
        }
        self.tags.retain(|_, target| target != digest);
        self.deleted_manifests.retain(|known| known != digest);
        self.deleted_manifests.push_back(digest.to_owned());
        if self.deleted_manifests.len() > REMEMBERED {
            self.deleted_manifests.pop_front();
        }
    }

    /// A blob's deletion was acknowledged.
    pub fn blob_deleted(&mut self, number: u64) {
        self.blobs.remove(&number);
    }

    /// Whether a manifest refers to the blob.
    #[must_use]
    pub fn is_referenced(&self, number: u64) -> bool {
        let mut manifests = self.manifests.values();
        manifests.any(|manifest| manifest.blobs.contains(&number))
    }

    /// Whether the blob may have been collected by now.
    #[must_use]
    pub fn may_be_collected(&self, number: u64, grace: Duration) -> bool {
        let leased = self
            .blobs
            .get(&number)
            .is_some_and(|asked| asked.age() < grace);
        !leased && !self.is_referenced(number)
    }

    /// Whether an index lists the manifest.
    #[must_use]
    pub fn is_child(&self, digest: &str) -> bool {
        let mut manifests = self.manifests.values();
        manifests.any(|manifest| manifest.children.iter().any(|child| child == digest))
    }

    /// All blobs that manifests keep.
    #[must_use]
    pub fn kept(&self) -> BTreeSet<u64> {
        let manifests = self.manifests.values();
        manifests
            .flat_map(|manifest| manifest.blobs.iter().copied())
            .collect()
    }
}
