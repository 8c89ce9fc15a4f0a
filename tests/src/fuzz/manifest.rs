//! Manifests.

use bytes::Bytes;
use registry_core::{Descriptor, Manifest, ManifestKind, ManifestLimits, MediaType};
use serde_json::Value;

/// What a request may say that the body is.
const CONTENT_TYPES: [Option<MediaType>; 6] = [
    None,
    Some(MediaType::OCI_MANIFEST),
    Some(MediaType::OCI_INDEX),
    Some(MediaType::DOCKER_MANIFEST),
    Some(MediaType::DOCKER_MANIFEST_LIST),
    Some(MediaType::OCTET_STREAM),
];

/// Limits that small inputs can reach.
const NARROW: ManifestLimits = ManifestLimits {
    max_bytes: 4_000,
    max_descriptors: 2,
    max_depth: 4,
    max_annotation_bytes: 40,
};

/// Parses the bytes as a manifest, under every content type.
///
/// # Panics
/// When a promise of [`Manifest`] does not hold for them.
pub fn manifest(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    for content_type in &CONTENT_TYPES {
        let wide = Manifest::parse(content_type.as_ref(), bytes.clone());
        let narrow = Manifest::parse_with(&NARROW, content_type.as_ref(), bytes.clone());
        match &wide {
            Ok(manifest) => holds(manifest, data),
            Err(error) => super::is_presentable(error),
        }
        match &narrow {
            Ok(manifest) => keeps_narrow(manifest, wide.is_ok()),
            Err(error) => super::is_presentable(error),
        }
    }
}

fn holds(manifest: &Manifest, data: &[u8]) {
    let media_type = manifest.media_type();
    assert_eq!(manifest.bytes(), data);
    assert!(media_type.is_application() && !media_type.is_schema_1());
    assert!(
        manifest
            .artifact_type()
            .is_none_or(|it| it.len() <= MediaType::MAX_LENGTH)
    );
    if media_type.is_manifest() {
        let index = manifest.kind() == ManifestKind::Index;
        assert_eq!(media_type.is_index(), index);
        assert_eq!(manifest.config().is_some(), !index);
        assert!(if index {
            manifest.layers().is_empty()
        } else {
            manifest.manifests().is_empty()
        });
    }
    reads_as_others_do(manifest, data);
    is_stable(manifest);
}

fn keeps_narrow(manifest: &Manifest, wide: bool) {
    assert!(wide, "what keeps the narrow limits keeps the wide ones");
    let lists = manifest
        .blobs()
        .chain(manifest.manifests())
        .chain(manifest.subject());
    assert!(lists.count() <= NARROW.max_descriptors);
    assert!(manifest.bytes().len() <= NARROW.max_bytes);
}

/// A reader that takes all of the JSON sees the same references: hazard 7 begins where one does not.
fn reads_as_others_do(manifest: &Manifest, data: &[u8]) {
    // Numbers too large for a double are valid in fields that the registry ignores.
    let Ok(json) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    same_list(manifest.layers(), &json["layers"]);
    same_list(manifest.manifests(), &json["manifests"]);
    assert_eq!(manifest.config().is_some(), !json["config"].is_null());
    assert_eq!(manifest.subject().is_some(), !json["subject"].is_null());
    manifest
        .config()
        .iter()
        .for_each(|it| same(it, &json["config"]));
    manifest
        .subject()
        .iter()
        .for_each(|it| same(it, &json["subject"]));
}

fn same_list(descriptors: &[Descriptor], json: &Value) {
    let list = json.as_array().map_or(&[][..], Vec::as_slice);
    assert_eq!(descriptors.len(), list.len());
    descriptors
        .iter()
        .zip(list)
        .for_each(|(it, json)| same(it, json));
}

fn same(descriptor: &Descriptor, json: &Value) {
    assert_eq!(json["digest"], descriptor.digest.as_str());
    assert_eq!(json["size"], descriptor.size);
    assert!(i64::try_from(descriptor.size).is_ok());
}

/// What was served as its type is read the same when it is pushed again, e.g. to a mirror.
fn is_stable(manifest: &Manifest) {
    let again = Manifest::parse(Some(manifest.media_type()), manifest.bytes().clone())
        .expect("it parses as what it is served as");
    assert_eq!(again.kind(), manifest.kind());
    assert!(again.blobs().eq(manifest.blobs()));
    assert_eq!(again.manifests(), manifest.manifests());
    assert_eq!(again.subject(), manifest.subject());
    assert_eq!(again.annotations(), manifest.annotations());
}
