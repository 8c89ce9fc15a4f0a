//! Descriptors: how one content refers to another.

use std::collections::BTreeMap;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Digest, MediaType};

/// What one content says of another that it refers to: its type, digest and size, and more.
///
/// It reads and writes the JSON of the OCI image specification. Fields that it does not know are
/// ignored, and `null` is read as absent, because clients written in Go write it so.
///
/// ```
/// use registry_core::{Descriptor, MediaType};
///
/// let config = Descriptor::of(MediaType::OCI_EMPTY, b"{}");
/// assert_eq!(config.size, 2);
/// assert_eq!(config.digest.algorithm(), "sha256");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The type of the content.
    pub media_type: MediaType,
    /// The digest of the content.
    pub digest: Digest,
    /// The length of the content in bytes, at most `i64::MAX`.
    #[serde(deserialize_with = "size")]
    pub size: u64,
    /// Where else the content may be fetched.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "or_default"
    )]
    pub urls: Vec<String>,
    /// What the author noted of the content.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "or_default"
    )]
    pub annotations: BTreeMap<String, String>,
    /// The content itself in base64, where it is small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// What the content runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// What kind of artifact the content is, where it is a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

/// What an image runs on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// The processor architecture by Go's names, e.g. `amd64`.
    #[serde(default, deserialize_with = "or_default")]
    pub architecture: String,
    /// The operating system by Go's names, e.g. `linux`.
    #[serde(default, deserialize_with = "or_default")]
    pub os: String,
    /// The version of the operating system.
    #[serde(
        default,
        rename = "os.version",
        skip_serializing_if = "Option::is_none"
    )]
    pub os_version: Option<String>,
    /// What the image needs of the operating system.
    #[serde(
        default,
        rename = "os.features",
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "or_default"
    )]
    pub os_features: Vec<String>,
    /// The variant of the architecture, e.g. `v8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// What the image needs of the processor; Docker's manifest lists have it.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "or_default"
    )]
    pub features: Vec<String>,
}

impl Descriptor {
    /// A descriptor of its three required fields.
    #[must_use]
    pub fn new(media_type: MediaType, digest: Digest, size: u64) -> Self {
        Self {
            media_type,
            digest,
            size,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            data: None,
            platform: None,
            artifact_type: None,
        }
    }

    /// The descriptor of some content, with its SHA-256 digest.
    #[must_use]
    pub fn of(media_type: MediaType, content: &[u8]) -> Self {
        Self::new(media_type, Digest::sha256(content), content.len() as u64)
    }
}

/// A size that every client can hold: Go reads it as a signed 64-bit integer.
fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let size = u64::deserialize(deserializer)?;
    match i64::try_from(size) {
        Ok(_) => Ok(size),
        Err(_) => Err(D::Error::invalid_value(
            Unexpected::Unsigned(size),
            &"a size of at most 9223372036854775807 bytes",
        )),
    }
}

/// Reads `null` as the default.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    #[test]
    fn three_fields_are_enough_and_no_other_is_written() {
        let text = format!(r#"{{"mediaType":"text/plain","digest":"{DIGEST}","size":2}}"#);
        let descriptor: Descriptor = serde_json::from_str(&text).unwrap();
        assert_eq!(
            descriptor,
            Descriptor::of("text/plain".parse().unwrap(), b"{}")
        );
        assert_eq!(serde_json::to_string(&descriptor).unwrap(), text);
    }

    #[test]
    fn every_field_of_the_specification_is_read_and_written() {
        let text = format!(
            r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{DIGEST}","size":2,"#
        ) + r#""urls":["https://example.org/x"],"annotations":{"a":"b"},"data":"e30=","#
            + r#""platform":{"architecture":"arm64","os":"windows","os.version":"10.0","#
            + r#""os.features":["win32k"],"variant":"v8","features":["sse4"]},"#
            + r#""artifactType":"example/kind"}"#;
        let descriptor: Descriptor = serde_json::from_str(&text).unwrap();
        let platform = descriptor.platform.as_ref().unwrap();
        assert_eq!(platform.os_version.as_deref(), Some("10.0"));
        assert_eq!(serde_json::to_string(&descriptor).unwrap(), text);
    }

    #[test]
    fn null_is_absent_and_what_is_not_known_is_ignored() {
        let text = format!(
            r#"{{"mediaType":"text/plain","digest":"{DIGEST}","size":2,"urls":null,"annotations":null,"#
        ) + r#""platform":{"os":null,"features":null},"data":null,"new":{}}"#;
        let descriptor: Descriptor = serde_json::from_str(&text).unwrap();
        assert_eq!(descriptor.platform, Some(Platform::default()));
        assert!(descriptor.urls.is_empty() && descriptor.data.is_none());
    }

    #[test]
    fn a_size_fits_what_clients_hold() {
        let read = |size: &str| {
            let text = format!(r#"{{"mediaType":"a/b","digest":"{DIGEST}","size":{size}}}"#);
            serde_json::from_str::<Descriptor>(&text)
                .map(|it| it.size)
                .ok()
        };
        assert_eq!(read("9223372036854775807"), Some(i64::MAX as u64));
        for size in ["9223372036854775808", "-1", "1.0", "1e3", "\"1\"", "null"] {
            assert_eq!(read(size), None, "{size}");
        }
    }
}
