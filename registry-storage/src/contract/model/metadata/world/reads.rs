//! What a reader is told.

use super::{Answer, World};
use crate::contract::model::metadata::{
    action::Read,
    stage::{Index, MANIFESTS, REPOSITORIES},
};

impl World {
    /// What a read answers with facts that are current. Reading what is pending tells it.
    pub(in super::super) fn read(&mut self, client: Index, read: &Read) -> Answer {
        match *read {
            Read::Namespace(at) => Answer::Namespace(self.places.namespace(at)),
            Read::Repository(at) => Answer::Repository(self.places.repository(at)),
            Read::Blob(at, blob) => Answer::Blob(self.blob(at, blob)),
            Read::Manifest(at, manifest) => Answer::Manifest(self.manifest(at, manifest)),
            Read::Tagged(at, tag) => {
                let manifest = self.tagged(at, tag);
                Answer::Manifest(manifest.and_then(|manifest| self.manifest(at, manifest)))
            }
            Read::Tags(at) => {
                let tags = self.repositories.get(&at).into_iter();
                Answer::Places(tags.flat_map(|found| found.tags.keys().copied()).collect())
            }
            Read::Referrers(at, subject) => {
                let about = (0..MANIFESTS.len()).filter(|manifest| {
                    MANIFESTS[*manifest].subject == Some(subject)
                        && self.has_manifest(at, *manifest)
                });
                Answer::Places(about.collect())
            }
            Read::Holders(blob) => {
                let holders = (0..REPOSITORIES.len()).filter(|at| self.has_blob(*at, blob));
                Answer::Places(holders.collect())
            }
            Read::Repositories => {
                let shown = (0..REPOSITORIES.len()).filter(|at| {
                    let exists = self.places.repository(*at).is_some();
                    exists && (*at == 1 || self.places.is_public(*at))
                });
                Answer::Places(shown.collect())
            }
            Read::Upload(at, id) => Answer::Upload(self.upload(at, id).cloned()),
            Read::Pending => {
                self.told.iter_mut().for_each(|told| told.to[client] = true);
                Answer::Events(self.told.iter().map(|told| told.event.clone()).collect())
            }
            Read::Doomed => Answer::Keys(self.doomed.iter().cloned().collect()),
            Read::Pulls(at, tag) => Answer::Count(self.pulls(at, tag)),
        }
    }

    fn blob(&self, at: Index, blob: Index) -> Option<(Option<String>, bool)> {
        let pass = self.repositories.get(&at)?.blobs.get(&blob)?;
        let content = self.sound(blob)?;
        Some((content.key.clone(), pass.is_some()))
    }

    fn manifest(&self, at: Index, manifest: Index) -> Option<(Index, bool)> {
        let found = self.repositories.get(&at)?.manifests.get(&manifest)?;
        Some((manifest, found.pass.is_some()))
    }

    fn pulls(&self, at: Index, tag: Option<Index>) -> u64 {
        let Some(repository) = self.repositories.get(&at) else {
            return 0;
        };
        match tag {
            Some(tag) => repository.tag_pulls.get(&tag).copied().unwrap_or_default(),
            None => repository.pulls,
        }
    }
}
