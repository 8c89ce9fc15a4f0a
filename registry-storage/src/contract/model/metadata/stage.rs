//! The few things that random commands are about: few, so that commands meet.

use registry_core::{
    Digest, RepositoryName, Tag, VisibleSet,
    backend::{BlobContent, ReferenceTarget},
};

use crate::contract::metadata::fixture::{SampleBlob, SampleManifest, name, tag};

/// A repository, a blob and so on, by its place in the lists below.
pub(super) type Index = usize;

/// Two of one namespace, one of another.
pub(super) const REPOSITORIES: [&str; 3] = ["one/app", "one/base", "two/app"];

pub(super) const BLOBS: [&str; 3] = ["blob 0", "blob 1", "blob 2"];

pub(super) const TAGS: [&str; 2] = ["v1", "v2"];

pub(super) const SESSIONS: [&str; 2] = ["session-1", "session-2"];

/// The manifests. A reference is to a blob or to a manifest, required or not.
pub(super) const MANIFESTS: [Shape; 5] = [
    Shape {
        references: &[(ReferenceTarget::Blob, 0, true)],
        subject: None,
    },
    Shape {
        references: &[
            (ReferenceTarget::Blob, 1, true),
            (ReferenceTarget::Blob, 2, false),
        ],
        subject: None,
    },
    Shape {
        references: &[
            (ReferenceTarget::Manifest, 0, true),
            (ReferenceTarget::Manifest, 1, false),
        ],
        subject: None,
    },
    Shape {
        references: &[(ReferenceTarget::Blob, 2, true)],
        subject: Some(2),
    },
    Shape {
        references: &[],
        subject: Some(0),
    },
];

/// What a manifest refers to.
pub(super) struct Shape {
    pub(super) references: &'static [(ReferenceTarget, Index, bool)],
    pub(super) subject: Option<Index>,
}

pub(super) fn repository(index: Index) -> RepositoryName {
    name(REPOSITORIES[index])
}

/// The namespace of a repository, by its first repository.
pub(super) fn namespace(repository: Index) -> Index {
    match repository {
        0 | 1 => 0,
        _ => 2,
    }
}

pub(super) fn blob(index: Index) -> Digest {
    SampleBlob::inline(BLOBS[index]).digest
}

/// A blob with that content, inline where none is given.
pub(super) fn sample_blob(index: Index, key: Option<&str>) -> SampleBlob {
    match key {
        Some(key) => SampleBlob::object(BLOBS[index], key),
        None => SampleBlob::inline(BLOBS[index]),
    }
}

/// The key of a content, none where it stands in the row.
pub(super) fn key_of(content: &BlobContent) -> Option<String> {
    match content {
        BlobContent::Inline(_) => None,
        BlobContent::Object(key) => Some(key.to_string()),
    }
}

pub(super) fn manifest(index: Index) -> Digest {
    Digest::sha256(text(index).as_bytes())
}

pub(super) fn sample_manifest(index: Index) -> SampleManifest {
    let shape = &MANIFESTS[index];
    let mut sample = SampleManifest::new(&text(index));
    for (target, index, required) in shape.references {
        sample = sample.referring(*target, &digest(*target, *index), *required);
    }
    match shape.subject {
        Some(subject) => sample.about(&manifest(subject)),
        None => sample,
    }
}

/// The digest of a blob or manifest.
pub(super) fn digest(target: ReferenceTarget, index: Index) -> Digest {
    match target {
        ReferenceTarget::Blob => blob(index),
        ReferenceTarget::Manifest => manifest(index),
    }
}

/// Which manifest has the digest.
pub(super) fn manifest_of(digest: &Digest) -> Index {
    let place = (0..MANIFESTS.len()).find(|index| manifest(*index) == *digest);
    place.expect("the digest of a manifest that was pushed")
}

pub(super) fn tag_at(index: Index) -> Tag {
    tag(TAGS[index])
}

/// What a caller may see who sees what is public, and the second repository.
pub(super) fn visible() -> VisibleSet {
    VisibleSet {
        public: true,
        prefixes: [REPOSITORIES[1].to_owned()].into(),
        ..VisibleSet::default()
    }
}

fn text(index: Index) -> String {
    format!("manifest {index}")
}
