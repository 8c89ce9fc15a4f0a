//! Why bytes are not a manifest.

use crate::MediaType;

/// Bytes are not a manifest that this registry takes: the reason, and the field it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct ParseManifestError(#[from] ManifestFault);

impl ParseManifestError {
    /// Whether the manifest has too many bytes, so that a smaller one could be taken.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self.0, ManifestFault::TooLarge { .. })
    }

    /// The field that is wrong, e.g. `layers[2].digest`.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match &self.0 {
            ManifestFault::Field { field, .. } => Some(field),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ManifestFault {
    #[error("the manifest has {size} bytes; at most {limit} are taken")]
    TooLarge { size: usize, limit: usize },
    #[error("the manifest nests deeper than {limit} levels")]
    TooDeep { limit: usize },
    #[error("the manifest has more than {limit} descriptors; split it by an index")]
    TooManyDescriptors { limit: usize },
    #[error("the manifest is not UTF-8, at byte {offset}")]
    NotUtf8 { offset: usize },
    #[error("the manifest is not a JSON object")]
    NotObject,
    #[error("the manifest is not valid JSON: {reason}")]
    NotJson { reason: String },
    #[error("{field}: {reason}")]
    Field { field: String, reason: String },
    #[error(
        "Docker image manifests of schema 1 are not supported; push schema 2 or an OCI image instead"
    )]
    Schema1,
    #[error(
        "the Content-Type {content_type} and the manifest's mediaType {body} differ; they must agree"
    )]
    TypesDiffer {
        content_type: MediaType,
        body: MediaType,
    },
    #[error("a manifest must be of a type application/*, not {0}")]
    NotApplication(MediaType),
    #[error(
        "the manifest's type is not known: send a Content-Type or a mediaType, or the fields of an image or an index"
    )]
    NoType,
    #[error(
        "{media_type} may not have the field {field}: it would be an image and an index at once"
    )]
    Ambiguous {
        media_type: MediaType,
        field: &'static str,
    },
    #[error("{media_type} needs the field {field}")]
    Missing {
        media_type: MediaType,
        field: &'static str,
    },
    #[error(
        "{0} is not a manifest type of this registry, and the body refers to nothing by config, layers, blobs, manifests or subject"
    )]
    NotShaped(MediaType),
}

impl ManifestFault {
    /// A fault of one field, named as it stands in the manifest.
    pub(super) fn field(field: &str, reason: &str) -> Self {
        Self::Field {
            field: printable(field),
            reason: printable(reason),
        }
    }

    /// A fault of the JSON itself.
    pub(super) fn json(reason: &str) -> Self {
        Self::NotJson {
            reason: printable(reason),
        }
    }
}

/// A parser's words repeat what the client sent: at most 200 characters of it, none of them a control
/// character, go into an answer or a log.
fn printable(text: &str) -> String {
    let safe = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut printable: String = text.chars().take(200).map(safe).collect();
    if printable.len() < text.len() {
        printable.push_str("...");
    }
    printable
}
