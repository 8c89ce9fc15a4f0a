//! The few things that random requests are about.

use bytes::Bytes;
use registry_core::{Digest, RepositoryName, Tag};

use crate::contract::{
    blob_store::fixture::Sample,
    metadata::fixture::{name, tag},
};

/// A repository, a blob and so on, by its place in the lists.
pub(super) type Index = usize;

pub(super) const REPOSITORIES: [&str; 2] = ["team/app", "base/os"];

pub(super) const TAGS: [&str; 2] = ["v1", "v2"];

pub(super) const BLOBS: usize = 4;

/// Two blobs that begin alike, for more than half of the first.
pub(super) const ALIKE: [Index; 2] = [2, 3];

/// What the manifests consist of: blobs, children, and a subject.
pub(super) const MANIFESTS: [Shape; 4] = [
    Shape {
        blobs: &[0, 2],
        children: &[],
        subject: None,
    },
    Shape {
        blobs: &[0, 1, 3],
        children: &[],
        subject: None,
    },
    Shape {
        blobs: &[],
        children: &[0],
        subject: None,
    },
    Shape {
        blobs: &[1],
        children: &[],
        subject: Some(0),
    },
];

pub(super) struct Shape {
    pub(super) blobs: &'static [Index],
    pub(super) children: &'static [Index],
    pub(super) subject: Option<Index>,
}

/// Content of every kind that a store distinguishes.
pub(super) struct Stage {
    blobs: [Bytes; BLOBS],
    manifests: Vec<Bytes>,
}

impl Stage {
    /// Blobs of which one stands in the row, one is less than a part of the store, and two are more.
    /// Those begin alike, so that one upload may become either.
    pub(super) fn new(part: u64) -> Self {
        let blob = |seed, length| Sample::new(seed, length).whole();
        let alike = blob(2, part - part / 4);
        let ends = [(3, part / 4 + 1), (4, part + 100)].map(|(seed, length)| blob(seed, length));
        let [short, long] = ends.map(|end| Bytes::from([&alike[..], &end].concat()));
        let mut stage = Self {
            blobs: [blob(0, 10), blob(1, INLINE as u64 + 1), short, long],
            manifests: Vec::new(),
        };
        for shape in &MANIFESTS {
            let manifest = stage.write(shape);
            stage.manifests.push(manifest);
        }
        stage
    }

    pub(super) fn blob(&self, index: Index) -> &Bytes {
        &self.blobs[index]
    }

    pub(super) fn blob_digest(&self, index: Index) -> Digest {
        Digest::sha256(&self.blobs[index])
    }

    pub(super) fn manifest(&self, index: Index) -> &Bytes {
        &self.manifests[index]
    }

    pub(super) fn manifest_digest(&self, index: Index) -> Digest {
        Digest::sha256(&self.manifests[index])
    }

    pub(super) fn manifest_of(&self, digest: &Digest) -> Option<Index> {
        (0..MANIFESTS.len()).find(|index| self.manifest_digest(*index) == *digest)
    }

    pub(super) fn blob_of(&self, digest: &Digest) -> Option<Index> {
        (0..BLOBS).find(|index| self.blob_digest(*index) == *digest)
    }

    fn write(&self, shape: &Shape) -> Bytes {
        let blobs = shape.blobs.iter().map(|blob| {
            let (digest, size) = (self.blob_digest(*blob), self.blobs[*blob].len());
            descriptor("application/octet-stream", &digest, size)
        });
        let blobs: Vec<_> = blobs.collect();
        let child = |index: &Index| {
            let (digest, size) = (self.manifest_digest(*index), self.manifests[*index].len());
            descriptor(IMAGE, &digest, size)
        };
        let children: Vec<_> = shape.children.iter().map(child).collect();
        let subject = shape
            .subject
            .iter()
            .map(child)
            .map(|subject| format!(r#","subject":{subject}"#));
        let subject: String = subject.collect();
        Bytes::from(match blobs.split_first() {
            Some((config, layers)) => format!(
                r#"{{"schemaVersion":2,"mediaType":"{IMAGE}","config":{config},"layers":[{}]{subject}}}"#,
                layers.join(",")
            ),
            None => format!(
                r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{}]{subject}}}"#,
                children.join(",")
            ),
        })
    }
}

/// The engines keep blobs up to this length in the row.
pub(super) const INLINE: usize = 64;

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn descriptor(media_type: &str, digest: &Digest, size: usize) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}}}"#)
}

pub(super) fn repository(index: Index) -> RepositoryName {
    name(REPOSITORIES[index])
}

pub(super) fn tag_at(index: Index) -> Tag {
    tag(TAGS[index])
}
