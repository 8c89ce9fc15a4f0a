//! The two files that make a directory a layout.

use std::path::{Path, PathBuf};

use registry_core::{Descriptor, Digest, MediaType};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, files::read};

pub(super) const LAYOUT: &str = "oci-layout";
pub(super) const INDEX: &str = "index.json";
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";
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
    pub(super) async fn read(root: &Path) -> Result<Option<Self>> {
        let Some(layout) = read(root.join(LAYOUT), MAX_LAYOUT).await? else {
            return Ok(None);
        };
        let layout: Layout = parse(&root.join(LAYOUT), &layout)?;
        if layout.image_layout_version != VERSION {
            return Err(Error::content(format!(
                "{} is a layout of version {:?}; {VERSION} is known",
                root.display(),
                layout.image_layout_version
            )));
        }
        let path = root.join(INDEX);
        match read(path.clone(), MAX_INDEX).await? {
            Some(index) => Ok(Some(parse(&path, &index)?)),
            None => Err(Error::content(format!("{} is missing", path.display()))),
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, bytes: &'a [u8]) -> Result<T> {
    let wrong = |error| Error::content(format!("{}: {error}", path.display()));
    serde_json::from_slice(bytes).map_err(wrong)
}

/// Where the content of a digest is. The digest is of an algorithm that is known.
pub(super) fn blob(root: &Path, digest: &Digest) -> PathBuf {
    root.join("blobs")
        .join(digest.algorithm())
        .join(digest.encoded())
}
