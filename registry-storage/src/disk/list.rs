//! Keys in byte order, page by page.
//!
//! A directory gives its entries in no order, so a page reads one through and keeps the first names
//! behind the cursor, as many as the page still wants. Objects are spread over directories, which are
//! walked in order, so a page reads no more of them than it takes from.

use std::{
    collections::BinaryHeap,
    fs::{self, DirEntry},
    path::Path,
};

use registry_core::backend::{ObjectKey, ObjectKind, StoreError};

use super::{
    error::failed,
    key::{BLOBS, Place, Unique, place},
    root::Root,
};

/// A page of keys. This blocks.
pub(super) fn list(
    root: &Root,
    kind: ObjectKind,
    after: Option<&ObjectKey>,
    limit: usize,
) -> Result<Vec<ObjectKey>, StoreError> {
    let after = after.map_or("", ObjectKey::as_str);
    match kind {
        ObjectKind::Committed => objects(root, after, limit),
        ObjectKind::Unfinished => uploads(root, after, limit),
    }
}

fn uploads(root: &Root, after: &str, limit: usize) -> Result<Vec<ObjectKey>, StoreError> {
    first(&root.uploads(), limit, |entry| {
        let name = entry.file_name();
        let unique = written(root, name.to_str()?)?;
        let key = unique.upload_key();
        (key.as_str() > after).then_some(key)
    })
}

/// The write that a file belongs to, unless another file speaks for it: should nothing be left of a
/// write but the record of its resumes, that is to be deleted, too.
fn written(root: &Root, name: &str) -> Option<Unique> {
    let Some(resumed) = name.strip_suffix(".resumes") else {
        return Unique::parse(name);
    };
    let unique = Unique::parse(resumed)?;
    let alone = !fs::exists(root.upload(&unique)).unwrap_or(true);
    alone.then_some(unique)
}

fn objects(root: &Root, after: &str, limit: usize) -> Result<Vec<ObjectKey>, StoreError> {
    let mut found = Vec::new();
    for algorithm in directories(&root.blobs(), BLOBS, after)? {
        let path = root.blobs().join(last(&algorithm));
        for shard in directories(&path, &algorithm, after)? {
            let path = path.join(last(&shard));
            let left = limit - found.len();
            found.extend(first(&path, left, |entry| {
                let key = ObjectKey::new(format!("{shard}/{}", entry.file_name().to_str()?));
                let wanted = key.as_str() > after && place(&key) == Some(Place::Object);
                wanted.then_some(key)
            })?);
            if found.len() == limit {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// Directories in a directory that can hold keys behind the cursor, in the order of those keys; as the
/// beginning of those keys.
fn directories(path: &Path, prefix: &str, after: &str) -> Result<Vec<String>, StoreError> {
    let mut found = first(path, usize::MAX, |entry| {
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let name = entry.file_name();
        let begins = format!("{prefix}/{}/", name.to_str()?);
        // All keys of a directory that ends before the cursor's stand before the cursor.
        let wanted = is_directory && (begins.as_str() > after || after.starts_with(&begins));
        wanted.then_some(begins)
    })?;
    found.iter_mut().for_each(|begins| {
        begins.pop();
    });
    Ok(found)
}

fn last(prefix: &str) -> &str {
    prefix.rsplit('/').next().unwrap_or(prefix)
}

/// The first of what a directory's entries are, in order.
fn first<T: Ord>(
    path: &Path,
    limit: usize,
    of: impl Fn(&DirEntry) -> Option<T>,
) -> Result<Vec<T>, StoreError> {
    let cannot = |error| failed("list", path, &error);
    let mut found = BinaryHeap::new();
    for entry in fs::read_dir(path).map_err(cannot)? {
        let Some(item) = of(&entry.map_err(cannot)?) else {
            continue;
        };
        found.push(item);
        if found.len() > limit {
            found.pop();
        }
    }
    Ok(found.into_sorted_vec())
}
