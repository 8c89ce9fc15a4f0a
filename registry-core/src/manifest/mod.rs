//! Manifests: what a repository's tags and digests point at.
//!
//! A manifest is kept as the bytes that were pushed, because its digest is theirs; what the registry
//! must know of it is read once, beside them. Fields that are not known are never an error and never
//! lost. What two readers could understand differently is refused: an image that is also an index, a
//! field that occurs twice, a type that the request and the body state differently.

mod body;
mod depth;
mod error;
mod field;
mod limits;
mod parse;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::Bytes;

pub use self::error::ParseManifestError;
pub use self::limits::ManifestLimits;
use crate::{Descriptor, MediaType};

/// Whether a manifest describes content itself or lists other manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ManifestKind {
    /// It refers to blobs: an image, or any artifact shaped like one.
    Image,
    /// It lists manifests.
    Index,
}

/// A manifest: its bytes, and what the registry knows of them.
///
/// - [`bytes`](Self::bytes) are exactly those that were parsed.
/// - They are one JSON object within the [`ManifestLimits`] it was parsed with, and no field that the
///   registry reads occurs twice.
/// - The media type is `application/*` and never Docker's schema 1.
/// - A manifest of a known type has `schemaVersion` 2 and is an image or an index, never both.
///
/// ```
/// use registry_core::{Manifest, ManifestKind, MediaType};
///
/// let body = r#"{"schemaVersion": 2, "manifests": []}"#;
/// let manifest = Manifest::parse(None, body.into())?;
/// assert_eq!(*manifest.media_type(), MediaType::OCI_INDEX);
/// assert_eq!(manifest.kind(), ManifestKind::Index);
/// assert_eq!(manifest.bytes(), body);
/// # Ok::<(), registry_core::ParseManifestError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Manifest {
    bytes: Bytes,
    media_type: MediaType,
    kind: ManifestKind,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Vec<Descriptor>,
    blobs: Vec<Descriptor>,
    manifests: Vec<Descriptor>,
    subject: Option<Descriptor>,
    annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// Parses a manifest within the default limits; `content_type` is what the request says it is.
    ///
    /// The type is that of the request, else that of the body, else what the body's fields show.
    ///
    /// # Errors
    /// Says what is wrong and in which field.
    pub fn parse(
        content_type: Option<&MediaType>,
        bytes: Bytes,
    ) -> Result<Self, ParseManifestError> {
        Self::parse_with(&ManifestLimits::default(), content_type, bytes)
    }

    /// Parses a manifest within other limits.
    ///
    /// # Errors
    /// Says what is wrong and in which field.
    pub fn parse_with(
        limits: &ManifestLimits,
        content_type: Option<&MediaType>,
        bytes: Bytes,
    ) -> Result<Self, ParseManifestError> {
        parse::parse(limits, content_type, bytes)
    }

    /// The bytes as they were pushed.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What the manifest is served as.
    #[must_use]
    pub fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    /// Whether it refers to blobs or lists manifests.
    #[must_use]
    pub fn kind(&self) -> ManifestKind {
        self.kind
    }

    /// The manifest that this one is about, e.g. the image of a signature.
    #[must_use]
    pub fn subject(&self) -> Option<&Descriptor> {
        self.subject.as_ref()
    }

    /// The artifact type as the referrers API shows it: the manifest's own, else the media type of an
    /// image's config.
    #[must_use]
    pub fn artifact_type(&self) -> Option<&str> {
        let config = || match self.kind {
            ManifestKind::Image => self.config.as_ref().map(|it| it.media_type.as_str()),
            ManifestKind::Index => None,
        };
        self.artifact_type.as_deref().or_else(config)
    }

    /// What the author noted of the manifest.
    #[must_use]
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }

    /// The blobs it refers to: config, layers, and the `blobs` of an ORAS artifact manifest.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.config.iter().chain(&self.layers).chain(&self.blobs)
    }

    /// The manifests it lists; an image lists none.
    #[must_use]
    pub fn manifests(&self) -> &[Descriptor] {
        &self.manifests
    }

    /// The configuration of an image.
    #[must_use]
    pub fn config(&self) -> Option<&Descriptor> {
        self.config.as_ref()
    }

    /// The layers of an image, from the base upward.
    #[must_use]
    pub fn layers(&self) -> &[Descriptor] {
        &self.layers
    }
}
