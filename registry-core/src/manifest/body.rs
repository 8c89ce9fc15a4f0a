//! The fields of a manifest that the registry reads, not read yet.
//!
//! What a field must look like depends on the manifest's type, which may stand behind it in the text.
//! So the object is taken apart first, without a copy, and its fields are read when the type is known.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::error::{ManifestFault, ParseManifestError};

/// The text of each field; one that occurs twice is an error. `null` is a field that is there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(borrow, default, deserialize_with = "there")]
    pub(super) schema_version: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    pub(super) media_type: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    pub(super) artifact_type: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    pub(super) config: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    pub(super) layers: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    pub(super) blobs: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    pub(super) manifests: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    pub(super) subject: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    pub(super) annotations: Option<&'a RawValue>,
}

impl<'a> Body<'a> {
    /// Takes a JSON object apart.
    pub(super) fn of(text: &'a str) -> Result<Self, ParseManifestError> {
        // A derived struct would take an array too.
        if !text.trim_ascii_start().starts_with('{') {
            return Err(ManifestFault::NotObject.into());
        }
        serde_json::from_str(text).map_err(|error| ManifestFault::json(&error.to_string()).into())
    }
}

/// The text of a field's value, unless it is absent or `null`.
pub(super) fn value(field: Option<&RawValue>) -> Option<&str> {
    field.map(RawValue::get).filter(|text| *text != "null")
}

fn there<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}
