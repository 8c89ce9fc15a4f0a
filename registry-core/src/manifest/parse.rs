//! From bytes to a manifest.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::body::{Body, value};
use super::error::{ManifestFault, ParseManifestError};
use super::field::{self, Budget};
use super::{Manifest, ManifestKind, ManifestLimits, depth};
use crate::MediaType;

type Parsed<T> = Result<T, ParseManifestError>;

pub(super) fn parse(
    limits: &ManifestLimits,
    content_type: Option<&MediaType>,
    bytes: Bytes,
) -> Parsed<Manifest> {
    if content_type.is_some_and(MediaType::is_schema_1) {
        return Err(ManifestFault::Schema1.into());
    }
    let body = Body::of(text(limits, &bytes)?)?;
    let version = schema_version(&body)?;
    let media_type = media_type(content_type, &body)?;
    if media_type.is_manifest() {
        check_known(&media_type, version, &body)?;
    } else {
        check_shape(&media_type, &body)?;
    }
    manifest(limits, media_type, &body, bytes.clone())
}

/// The text of a manifest that keeps to the limits.
fn text<'a>(limits: &ManifestLimits, bytes: &'a Bytes) -> Parsed<&'a str> {
    if bytes.len() > limits.max_bytes {
        let (size, limit) = (bytes.len(), limits.max_bytes);
        return Err(ManifestFault::TooLarge { size, limit }.into());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| ManifestFault::NotUtf8 {
        offset: error.valid_up_to(),
    })?;
    if depth::exceeds(text, limits.max_depth) {
        let limit = limits.max_depth;
        return Err(ManifestFault::TooDeep { limit }.into());
    }
    Ok(text)
}

/// Whether there is a `schemaVersion`, which can then only be 2.
fn schema_version(body: &Body<'_>) -> Parsed<bool> {
    match field::plain::<i64>("schemaVersion", body.schema_version)? {
        None => Ok(false),
        Some(2) => Ok(true),
        Some(1) => Err(ManifestFault::Schema1.into()),
        Some(other) => Err(fault(
            "schemaVersion",
            &format!("it must be 2, not {other}"),
        )),
    }
}

/// What the request says, else what the body says, else what the body looks like.
fn media_type(content_type: Option<&MediaType>, body: &Body<'_>) -> Parsed<MediaType> {
    let stated = field::plain::<MediaType>("mediaType", body.media_type)?;
    let media_type = match (content_type, stated) {
        (Some(content_type), Some(stated)) if *content_type != stated => {
            return Err(ManifestFault::TypesDiffer {
                content_type: content_type.clone(),
                body: stated,
            }
            .into());
        }
        (Some(content_type), _) => content_type.clone(),
        (None, Some(stated)) => stated,
        (None, None) => infer(body).ok_or(ManifestFault::NoType)?,
    };
    if media_type.is_schema_1() {
        return Err(ManifestFault::Schema1.into());
    }
    if !media_type.is_application() {
        return Err(ManifestFault::NotApplication(media_type).into());
    }
    Ok(media_type)
}

fn infer(body: &Body<'_>) -> Option<MediaType> {
    if body.manifests.is_some() {
        Some(MediaType::OCI_INDEX)
    } else if body.config.is_some() && body.layers.is_some() {
        Some(MediaType::OCI_MANIFEST)
    } else {
        None
    }
}

/// A known type has the fields of its kind, and none of the other (CVE-2021-41190).
fn check_known(media_type: &MediaType, version: bool, body: &Body<'_>) -> Parsed<()> {
    let config = ("config", body.config);
    let layers = ("layers", body.layers);
    let manifests = ("manifests", body.manifests);
    let (own, foreign): (&[_], &[_]) = if media_type.is_index() {
        (&[manifests], &[config, layers])
    } else {
        (&[config, layers], &[manifests])
    };
    if let Some((field, _)) = foreign.iter().find(|(_, it)| value(*it).is_some()) {
        let media_type = media_type.clone();
        return Err(ManifestFault::Ambiguous { media_type, field }.into());
    }
    require(media_type, "schemaVersion", version)?;
    own.iter()
        .try_for_each(|(field, it)| require(media_type, field, it.is_some()))
}

fn require(media_type: &MediaType, field: &'static str, there: bool) -> Parsed<()> {
    if there {
        return Ok(());
    }
    let media_type = media_type.clone();
    Err(ManifestFault::Missing { media_type, field }.into())
}

/// A type that is not known must still refer to something in a way that the registry can follow.
fn check_shape(media_type: &MediaType, body: &Body<'_>) -> Parsed<()> {
    let references = [
        body.config,
        body.layers,
        body.blobs,
        body.manifests,
        body.subject,
    ];
    if references.iter().all(Option::is_none) {
        return Err(ManifestFault::NotShaped(media_type.clone()).into());
    }
    Ok(())
}

/// Reads the fields that the type has; in a known type `blobs` is a field like any unknown one.
fn manifest(
    limits: &ManifestLimits,
    media_type: MediaType,
    body: &Body<'_>,
    bytes: Bytes,
) -> Parsed<Manifest> {
    let budget = &mut Budget::new(limits.max_descriptors);
    let blobs = body.blobs.filter(|_| !media_type.is_manifest());
    let config = field::descriptor("config", body.config, budget)?;
    if config.is_none() && media_type.is_image() {
        return Err(fault("config", "it must be a descriptor, not null"));
    }
    let subject = field::descriptor("subject", body.subject, budget)?;
    let annotation_limit = match &subject {
        Some(_) => limits.max_annotation_bytes,
        None => usize::MAX,
    };
    Ok(Manifest {
        kind: kind(&media_type, body),
        artifact_type: artifact_type(body.artifact_type)?,
        config,
        layers: field::descriptors("layers", body.layers, budget)?,
        blobs: field::descriptors("blobs", blobs, budget)?,
        manifests: field::descriptors("manifests", body.manifests, budget)?,
        annotations: annotations(annotation_limit, body.annotations)?,
        subject,
        media_type,
        bytes,
    })
}

/// A type that is not known is an index if it has a list of manifests.
fn kind(media_type: &MediaType, body: &Body<'_>) -> ManifestKind {
    if media_type.is_index() || value(body.manifests).is_some() {
        ManifestKind::Index
    } else {
        ManifestKind::Image
    }
}

/// The artifact type, as free as clients are with it, but no longer than a media type.
fn artifact_type(field: Option<&RawValue>) -> Parsed<Option<String>> {
    let artifact_type: Option<String> = field::plain("artifactType", field)?;
    let artifact_type = artifact_type.filter(|it| !it.is_empty());
    match artifact_type {
        Some(it) if it.len() > MediaType::MAX_LENGTH => Err(fault(
            "artifactType",
            &format!("it has more than {} bytes", MediaType::MAX_LENGTH),
        )),
        it => Ok(it),
    }
}

fn annotations(limit: usize, field: Option<&RawValue>) -> Parsed<BTreeMap<String, String>> {
    let annotations: BTreeMap<String, String> =
        field::plain("annotations", field)?.unwrap_or_default();
    let size: usize = annotations.iter().map(|(k, v)| k.len() + v.len()).sum();
    if size > limit {
        return Err(fault(
            "annotations",
            &format!("they have {size} bytes; at most {limit} are taken beside a subject"),
        ));
    }
    Ok(annotations)
}

fn fault(field: &str, reason: &str) -> ParseManifestError {
    ManifestFault::field(field, reason).into()
}
