//! The two files that make a directory a layout.

use std::path::Path;

use registry_core::{Descriptor, MediaType};
use serde::{Deserialize, Serialize};

use super::members::Members;
use crate::{Error, Result};

pub(super) const LAYOUT: &str = "oci-layout";
pub(super) const INDEX: &str = "index.json";
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// Where docker and containerd write the whole name of an image, with its registry.
pub(super) const HOSTED_NAME: &str = "io.containerd.image.name";
pub(super) const VERSION: &str = "1.0.0";

/// A hundred thousand images and more.
const MAX_INDEX: u64 = 64 << 20;
const MAX_LAYOUT: u64 = 4 << 10;

/// `oci-layout`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Layout {
    pub(super) image_layout_version: String,
}

/// `index.json`, as far as it is read and written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    pub(super) schema_version: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<MediaType>,
    pub(super) manifests: Vec<Descriptor>,
}

impl Index {
    /// The index of a layout; `None` where there is no layout.
    pub(super) async fn read(members: &Members) -> Result<Option<Self>> {
        let Some(layout) = members.read(LAYOUT, MAX_LAYOUT).await? else {
            return Ok(None);
        };
        let path = members.path(LAYOUT);
        let layout: Layout = parse(&path, &layout)?;
        if layout.image_layout_version != VERSION {
            return Err(Error::content(format!(
                "{} says version {:?}; {VERSION} is known",
                path.display(),
                layout.image_layout_version
            )));
        }
        let path = members.path(INDEX);
        match members.read(INDEX, MAX_INDEX).await? {
            Some(index) => Ok(Some(parse(&path, &index)?)),
            None => Err(Error::content(format!("{} is missing", path.display()))),
        }
    }

    /// What stands in `index.json`.
    pub(super) fn print(&self) -> Result<Vec<u8>> {
        print(self)
    }
}

impl Layout {
    /// What stands in `oci-layout`.
    pub(super) fn print() -> Result<Vec<u8>> {
        print(&Self {
            image_layout_version: VERSION.to_owned(),
        })
    }
}

fn print(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::content(error.to_string()))
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, bytes: &'a [u8]) -> Result<T> {
    let wrong = |error| Error::content(format!("{}: {error}", path.display()));
    serde_json::from_slice(bytes).map_err(wrong)
}
