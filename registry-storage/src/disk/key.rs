//! Keys, which are paths below the store's directory, and nothing else that is a path.
//!
//! A key is taken apart and held against the grammar before a file is looked for, and what is not a
//! key of this store is absent without a look. Joining and then checking where the path ended was the
//! alternative; it has to know every way a path can be written.

#[cfg(feature = "directory")]
use std::{fs, io, path::Path};

use registry_core::{Digest, backend::ObjectKey};

pub(super) use crate::unique::Unique;

/// The directory of unfinished writes.
pub(super) const UPLOADS: &str = "uploads";

/// The directory of committed objects.
pub(super) const BLOBS: &str = "blobs";

/// What a key names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Upload(Unique),
    Object,
}

impl Unique {
    /// The key of the unfinished write.
    pub(super) fn upload_key(&self) -> ObjectKey {
        ObjectKey::new(format!("{UPLOADS}/{}", self.as_str()))
    }

    /// The key of the committed object.
    pub(super) fn object_key(&self, digest: &Digest) -> ObjectKey {
        let (algorithm, encoded) = (digest.algorithm(), digest.encoded());
        let shard = shard(encoded);
        let unique = self.as_str();
        ObjectKey::new(format!("{BLOBS}/{algorithm}/{shard}/{encoded}-{unique}"))
    }
}

/// What the key names, if it can be one of this store's. Then it is also the path of the file, below
/// the store's directory.
pub(super) fn place(key: &ObjectKey) -> Option<Place> {
    match key.as_str().split_once('/')? {
        (UPLOADS, unique) => Unique::parse(unique).map(Place::Upload),
        (BLOBS, object) => is_object(object).then_some(Place::Object),
        _ => None,
    }
}

/// The keys of all objects that have a digest in their name, in a store's directory.
#[cfg(feature = "directory")]
pub(crate) fn keys_of(directory: &Path, digest: &Digest) -> io::Result<Vec<ObjectKey>> {
    let (algorithm, encoded) = (digest.algorithm(), digest.encoded());
    let within = format!("{BLOBS}/{algorithm}/{}", shard(encoded));
    let entries = match fs::read_dir(directory.join(&within)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut keys = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let name = name.to_str().filter(|name| {
            let unique = name
                .strip_prefix(encoded)
                .and_then(|rest| rest.strip_prefix('-'));
            unique.and_then(Unique::parse).is_some()
        });
        keys.extend(name.map(|name| ObjectKey::new(format!("{within}/{name}"))));
    }
    keys.sort();
    Ok(keys)
}

/// The directory, below its algorithm's, that holds what begins like this.
fn shard(encoded: &str) -> &str {
    encoded.get(..2).unwrap_or(encoded)
}

/// Whether this is `<algorithm>/<shard>/<encoded>-<unique>`.
fn is_object(text: &str) -> bool {
    let parts = || {
        let (algorithm, rest) = text.split_once('/')?;
        let (directory, name) = rest.split_once('/')?;
        let (encoded, unique) = name.rsplit_once('-')?;
        Unique::parse(unique)?;
        let digest = Digest::parse(&format!("{algorithm}:{encoded}")).ok()?;
        Some(shard(digest.encoded()) == directory)
    };
    parts().unwrap_or(false)
}
