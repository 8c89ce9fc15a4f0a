//! Media types.

mod error;
mod grammar;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use self::error::ParseMediaTypeError;
use crate::text::text_type;

/// A media type without parameters, e.g. `application/vnd.oci.image.manifest.v1+json`.
///
/// - It is `type/subtype`, both of the characters of RFC 6838, at most 255 bytes together.
/// - Parameters (`; charset=utf-8`) are dropped when it is parsed.
/// - Case is kept, and equality is that of the text: what was pushed is served as it was pushed.
///
/// ```
/// use registry_core::MediaType;
///
/// let media_type = MediaType::parse("application/vnd.oci.image.index.v1+json; charset=utf-8")?;
/// assert_eq!(media_type, MediaType::OCI_INDEX);
/// assert!(media_type.is_index() && media_type.is_manifest());
/// assert!(MediaType::parse("not a type").is_err());
/// # Ok::<(), registry_core::ParseMediaTypeError>(())
/// ```
#[derive(Clone)]
pub struct MediaType(Text);

/// The types that are named here are constants and need no allocation.
#[derive(Clone)]
enum Text {
    Constant(&'static str),
    Shared(Arc<str>),
}

text_type!(MediaType, ParseMediaTypeError, "a media type");

/// Every constant, so that parsing one of them needs no allocation.
static CONSTANTS: [MediaType; 14] = [
    MediaType::OCI_MANIFEST,
    MediaType::OCI_INDEX,
    MediaType::OCI_CONFIG,
    MediaType::OCI_EMPTY,
    MediaType::OCI_LAYER,
    MediaType::OCI_LAYER_GZIP,
    MediaType::OCI_LAYER_ZSTD,
    MediaType::DOCKER_MANIFEST,
    MediaType::DOCKER_MANIFEST_LIST,
    MediaType::DOCKER_CONFIG,
    MediaType::DOCKER_LAYER_GZIP,
    MediaType::DOCKER_MANIFEST_V1,
    MediaType::DOCKER_MANIFEST_V1_SIGNED,
    MediaType::OCTET_STREAM,
];

impl MediaType {
    /// The longest media type, in bytes.
    pub const MAX_LENGTH: usize = 255;

    /// An OCI image manifest.
    pub const OCI_MANIFEST: Self = constant("application/vnd.oci.image.manifest.v1+json");
    /// An OCI image index.
    pub const OCI_INDEX: Self = constant("application/vnd.oci.image.index.v1+json");
    /// The configuration of an OCI image.
    pub const OCI_CONFIG: Self = constant("application/vnd.oci.image.config.v1+json");
    /// The empty JSON object that stands where a descriptor is required and there is no content.
    pub const OCI_EMPTY: Self = constant("application/vnd.oci.empty.v1+json");
    /// An OCI layer.
    pub const OCI_LAYER: Self = constant("application/vnd.oci.image.layer.v1.tar");
    /// An OCI layer compressed by gzip.
    pub const OCI_LAYER_GZIP: Self = constant("application/vnd.oci.image.layer.v1.tar+gzip");
    /// An OCI layer compressed by zstd.
    pub const OCI_LAYER_ZSTD: Self = constant("application/vnd.oci.image.layer.v1.tar+zstd");
    /// A Docker image manifest, schema 2.
    pub const DOCKER_MANIFEST: Self =
        constant("application/vnd.docker.distribution.manifest.v2+json");
    /// A Docker manifest list.
    pub const DOCKER_MANIFEST_LIST: Self =
        constant("application/vnd.docker.distribution.manifest.list.v2+json");
    /// The configuration of a Docker image.
    pub const DOCKER_CONFIG: Self = constant("application/vnd.docker.container.image.v1+json");
    /// A Docker layer.
    pub const DOCKER_LAYER_GZIP: Self =
        constant("application/vnd.docker.image.rootfs.diff.tar.gzip");
    /// A Docker image manifest of the old schema 1, which is refused.
    pub const DOCKER_MANIFEST_V1: Self =
        constant("application/vnd.docker.distribution.manifest.v1+json");
    /// A signed Docker image manifest of the old schema 1, which is refused.
    pub const DOCKER_MANIFEST_V1_SIGNED: Self =
        constant("application/vnd.docker.distribution.manifest.v1+prettyjws");
    /// Bytes of which nothing is known.
    pub const OCTET_STREAM: Self = constant("application/octet-stream");

    /// Parses a media type and drops its parameters.
    ///
    /// # Errors
    /// Says what is not a media type and at which byte.
    pub fn parse(text: &str) -> Result<Self, ParseMediaTypeError> {
        let essence = text.split(';').next().unwrap_or_default();
        let trimmed = essence.trim_ascii_start();
        let start = essence.len() - trimmed.len();
        let essence = trimmed.trim_ascii_end();
        if let Some((offset, fault)) = grammar::fault(essence) {
            return Err(ParseMediaTypeError::new(start + offset, fault));
        }
        let constant = CONSTANTS.iter().find(|c| c.as_str() == essence);
        Ok(constant
            .cloned()
            .unwrap_or_else(|| Self(Text::Shared(essence.into()))))
    }

    /// The text, without parameters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Constant(text) => text,
            Text::Shared(text) => text,
        }
    }

    /// Whether it is `application/*`.
    #[must_use]
    pub fn is_application(&self) -> bool {
        self.as_str()
            .split_once('/')
            .is_some_and(|(kind, _)| kind.eq_ignore_ascii_case("application"))
    }

    /// Whether it is one of the four known manifests: OCI or Docker, image or index.
    #[must_use]
    pub fn is_manifest(&self) -> bool {
        self.is_image() || self.is_index()
    }

    /// Whether it is an OCI or Docker image manifest.
    #[must_use]
    pub fn is_image(&self) -> bool {
        *self == Self::OCI_MANIFEST || *self == Self::DOCKER_MANIFEST
    }

    /// Whether it is an OCI index or a Docker manifest list.
    #[must_use]
    pub fn is_index(&self) -> bool {
        *self == Self::OCI_INDEX || *self == Self::DOCKER_MANIFEST_LIST
    }

    /// Whether it is a Docker manifest of schema 1.
    #[must_use]
    pub fn is_schema_1(&self) -> bool {
        *self == Self::DOCKER_MANIFEST_V1 || *self == Self::DOCKER_MANIFEST_V1_SIGNED
    }

    /// Whether it is a layer that clients fetch from elsewhere, so that the registry need not hold it:
    /// OCI's non-distributable layers and Docker's foreign layers, compressed or not.
    #[must_use]
    pub fn is_nondistributable(&self) -> bool {
        const OCI: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar";
        const DOCKER: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar";
        let text = self.as_str();
        let suffix = |prefix, a, b| {
            text.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest == a || rest == b)
        };
        suffix(OCI, "+gzip", "+zstd") || suffix(DOCKER, ".gzip", ".zstd")
    }
}

const fn constant(text: &'static str) -> MediaType {
    MediaType(Text::Constant(text))
}

impl PartialEq for MediaType {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for MediaType {}

impl PartialOrd for MediaType {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for MediaType {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for MediaType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}
