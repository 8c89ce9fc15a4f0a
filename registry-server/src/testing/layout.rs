//! Loading an OCI image layout directory.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use registry_core::{Descriptor, Digest, Manifest, MediaType, Reference};
use serde::Deserialize;

use super::image::Preloader;

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

/// Where tools keep a tag in a layout's index.
const TAG: &str = "org.opencontainers.image.ref.name";

/// Pushes everything that the layout's index names; answers the digests of its manifests. Content
/// that the layout does not hold is left out.
pub(super) async fn load(preloader: &Preloader<'_>, directory: &Path) -> Vec<Digest> {
    let index = read(&directory.join("index.json"));
    let index: Index = serde_json::from_slice(&index)
        .unwrap_or_else(|error| panic!("{}/index.json: {error}", directory.display()));
    let mut loaded = Loader {
        preloader,
        directory,
        seen: BTreeSet::new(),
    };
    for entry in &index.manifests {
        loaded.manifest(entry).await;
        if let Some(tag) = entry.annotations.get(TAG).and_then(|name| tag(name)) {
            loaded.put(&tag, &entry.media_type, &entry.digest).await;
        }
    }
    index
        .manifests
        .into_iter()
        .map(|entry| entry.digest)
        .collect()
}

struct Loader<'a> {
    preloader: &'a Preloader<'a>,
    directory: &'a Path,
    seen: BTreeSet<Digest>,
}

impl Loader<'_> {
    /// Pushes a manifest with all below it, children first.
    async fn manifest(&mut self, entry: &Descriptor) {
        // Each manifest waits twice: first for its children, then for itself.
        let mut waiting = vec![(entry.clone(), false)];
        while let Some((entry, ready)) = waiting.pop() {
            let path = self.path(&entry.digest);
            if self.seen.contains(&entry.digest) || !path.exists() {
                continue;
            }
            if ready {
                let reference = Reference::Digest(entry.digest.clone());
                self.put(&reference, &entry.media_type, &entry.digest).await;
                self.seen.insert(entry.digest);
                continue;
            }
            let manifest = Manifest::parse(Some(&entry.media_type), read(&path))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            self.blobs(&manifest).await;
            waiting.push((entry, true));
            waiting.extend(
                manifest
                    .manifests()
                    .iter()
                    .map(|child| (child.clone(), false)),
            );
        }
    }

    async fn blobs(&mut self, manifest: &Manifest) {
        for blob in manifest.blobs() {
            let path = self.path(&blob.digest);
            if path.exists() && self.seen.insert(blob.digest.clone()) {
                self.preloader.raw_blob(&blob.digest, read(&path)).await;
            }
        }
    }

    async fn put(&self, reference: &Reference, media_type: &MediaType, digest: &Digest) {
        self.preloader
            .raw_manifest(reference, media_type, read(&self.path(digest)))
            .await;
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.directory
            .join("blobs")
            .join(digest.algorithm())
            .join(digest.encoded())
    }
}

/// A layout's name of an entry may be a whole reference; its tag stands after the last colon.
fn tag(name: &str) -> Option<Reference> {
    let tag = name.rsplit_once(':').map_or(name, |(_, tag)| tag);
    Reference::parse(tag).ok()
}

fn read(path: &Path) -> Bytes {
    fs::read(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .into()
}
