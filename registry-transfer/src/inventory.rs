//! What a directory's manifests say of each other.
//!
//! A directory has no index of subjects, so the manifests of a repository are read once to make one.

use std::collections::{BTreeMap, BTreeSet};

use registry_core::{Digest, Manifest};

use crate::ImageManifest;

/// Manifests by what they refer to.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    manifests: BTreeSet<Digest>,
    reached: BTreeSet<Digest>,
    referrers: BTreeMap<Digest, Vec<Digest>>,
}

impl Inventory {
    /// Takes a manifest down. One that is none is there, and refers to nothing.
    pub(crate) fn add(&mut self, manifest: &ImageManifest) {
        let ImageManifest {
            digest,
            media_type,
            bytes,
        } = manifest;
        if !self.manifests.insert(digest.clone()) {
            return;
        }
        let Ok(parsed) = Manifest::parse(media_type.as_ref(), bytes.clone()) else {
            return;
        };
        let children = parsed.manifests().iter();
        self.reached.extend(children.map(|it| it.digest.clone()));
        if let Some(subject) = parsed.subject() {
            let referrers = self.referrers.entry(subject.digest.clone()).or_default();
            referrers.push(digest.clone());
        }
    }

    /// Takes down a manifest that cannot be read, so that whoever moves it says why.
    pub(crate) fn add_unread(&mut self, digest: &Digest) {
        self.manifests.insert(digest.clone());
    }

    /// Takes down that a tag leads to a manifest.
    pub(crate) fn reach(&mut self, digest: &Digest) {
        self.reached.insert(digest.clone());
    }

    /// The manifests about that one.
    pub(crate) fn referrers(&self, subject: &Digest) -> Vec<Digest> {
        self.referrers.get(subject).cloned().unwrap_or_default()
    }

    /// The manifests that nothing here leads to.
    pub(crate) fn untagged(&self) -> Vec<Digest> {
        let about = |subject: &Digest| self.manifests.contains(subject);
        let mut led: BTreeSet<_> = self.reached.iter().collect();
        for (_, referrers) in self.referrers.iter().filter(|(subject, _)| about(subject)) {
            led.extend(referrers);
        }
        let loose = self.manifests.iter().filter(|it| !led.contains(it));
        loose.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn manifest(text: String) -> ImageManifest {
        ImageManifest {
            digest: Digest::sha256(text.as_bytes()),
            media_type: None,
            bytes: Bytes::from(text),
        }
    }

    fn referrer(subject: &Digest) -> ImageManifest {
        let descriptor = |digest: &Digest| {
            format!(
                r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":2}}"#
            )
        };
        manifest(format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{0},"layers":[],"subject":{0}}}"#,
            descriptor(subject)
        ))
    }

    #[test]
    fn what_nothing_leads_to_is_loose() {
        let mut inventory = Inventory::default();
        let tagged = manifest("{}".to_owned());
        let about = referrer(&tagged.digest);
        let about_nothing = referrer(&Digest::sha256(b"gone"));
        for manifest in [&tagged, &about, &about_nothing] {
            inventory.add(manifest);
        }
        inventory.reach(&tagged.digest);
        assert_eq!(inventory.referrers(&tagged.digest), [about.digest]);
        assert_eq!(inventory.untagged(), [about_nothing.digest]);
    }
}
