//! Pushing manifests.

use bytes::Bytes;
use registry_core::{
    Descriptor, Digest, MediaType, RepositoryName, Tag,
    backend::{
        PutManifest, PutManifestOutcome, ReferenceRow, ReferenceTarget, TagCondition, TagMove,
    },
};

use super::{
    Client,
    name::{EVERYTHING, NOBODY, digest_of, manifest_of, repository_of, scope},
};
use crate::explorer::{promise::Thing, store::Target};

/// A manifest to push.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manifest<'a> {
    /// Blobs that it requires.
    pub blobs: &'a [&'a str],
    /// Manifests that it requires.
    pub manifests: &'a [&'a str],
    /// Blobs that it refers to and that may be absent.
    pub foreign: &'a [&'a str],
    /// What it is about.
    pub subject: Option<&'a str>,
    /// Its tag.
    pub tag: Option<&'a str>,
}

impl Client {
    /// Pushes a manifest.
    pub async fn push_manifest(
        &self,
        repository: &str,
        digest: &str,
        manifest: Manifest<'_>,
    ) -> bool {
        let name = repository_of(repository);
        let (media_type, subject) = (image_type(), manifest.subject.map(digest_of));
        let command = PutManifest {
            scope: scope(&name),
            digest: &digest_of(digest),
            media_type: &media_type,
            bytes: Bytes::new(),
            subject: subject.as_ref(),
            descriptor: &Descriptor::new(media_type.clone(), digest_of(digest), 0),
            references: &references(&manifest),
            tags: &tags(&manifest),
            create: EVERYTHING,
            origin: NOBODY,
        };
        match self.metadata.put_manifest(command).await {
            PutManifestOutcome::Missing(missing) => {
                self.answer_missing(&name, &manifest, &missing).await;
                false
            }
            outcome => {
                let stored = outcome == PutManifestOutcome::Stored;
                self.note_if(stored, manifest_of(repository, digest)).await
            }
        }
    }

    async fn answer_missing(
        &self,
        repository: &RepositoryName,
        manifest: &Manifest<'_>,
        missing: &[Digest],
    ) {
        for digest in missing {
            let children = &mut manifest.manifests.iter();
            let target = match children.any(|name| digest_of(name) == *digest) {
                true => Target::Manifest(digest.into()),
                false => Target::Blob(digest.into()),
            };
            let repository = repository.into();
            self.answer(Thing { repository, target }, false).await;
        }
    }
}

fn references(manifest: &Manifest<'_>) -> Vec<ReferenceRow> {
    let row = |target, required| {
        move |name: &&str| ReferenceRow {
            target,
            digest: digest_of(name),
            required,
        }
    };
    let blobs = manifest.blobs.iter().map(row(ReferenceTarget::Blob, true));
    let foreign = manifest
        .foreign
        .iter()
        .map(row(ReferenceTarget::Blob, false));
    let manifests = manifest
        .manifests
        .iter()
        .map(row(ReferenceTarget::Manifest, true));
    blobs.chain(foreign).chain(manifests).collect()
}

fn tags(manifest: &Manifest<'_>) -> Vec<TagMove> {
    let tag = manifest.tag.map(|tag| TagMove {
        tag: Tag::parse(tag).expect("a letter is a tag"),
        condition: TagCondition::Any,
    });
    tag.into_iter().collect()
}

fn image_type() -> MediaType {
    MediaType::parse("application/vnd.oci.image.manifest.v1+json").expect("it is one")
}
