//! Keys in byte order, page by page, as the store lists them.
//!
//! S3, GCS and Azure list in byte order and begin where they are told; `object_store` does not promise
//! it of every store. So the order is looked at: a store that lists otherwise is refused, since pages of
//! it would miss keys.

use futures_util::StreamExt;
use object_store::path::Path;
use registry_core::backend::{ObjectKey, StoreError};

use super::{
    error::{unavailable, words},
    key::{BLOBS, is_blob},
    store::Store,
};

/// A page of the objects that are committed.
pub(super) async fn objects(
    store: &Store,
    after: Option<&ObjectKey>,
    limit: usize,
) -> Result<Vec<ObjectKey>, StoreError> {
    let after = after.map_or("", ObjectKey::as_str);
    let root = store.path(BLOBS);
    let mut found = Vec::new();
    if limit == 0 || is_behind_all(after) {
        return Ok(found);
    }
    let mut listed = match beginning(after) {
        None => store.objects.list(Some(&root)),
        Some(from) => {
            let from = store.path(from);
            store.objects.list_with_offset(Some(&root), &from)
        }
    };
    let mut last: Option<Path> = None;
    while found.len() < limit
        && let Some(object) = listed.next().await
    {
        let cannot = |error| {
            let store = &store.objects;
            unavailable(format!("cannot list {root} in {store}: {}", words(&error)))
        };
        let path = object.map_err(cannot)?.location;
        if last.as_ref().is_some_and(|last| *last >= path) {
            let store = &store.objects;
            return Err(unavailable(format!("{store} does not list in byte order")));
        }
        let key = store.key(&path).filter(is_blob);
        found.extend(key.filter(|key| key.as_str() > after));
        last = Some(path);
    }
    Ok(found)
}

/// Whether no key of an object can stand behind the cursor.
fn is_behind_all(after: &str) -> bool {
    let within = after.strip_prefix(BLOBS).map(|rest| rest.starts_with('/'));
    within != Some(true) && after > "blobs/"
}

/// As much of a cursor as a store can be asked with, which may be any text: nothing is missed behind
/// what it begins with.
fn beginning(after: &str) -> Option<&str> {
    let within = after.strip_prefix(BLOBS)?;
    let is_of_keys = |c: char| matches!(c, '0'..='9' | 'a'..='f' | '/');
    let end = within.find(|c| !is_of_keys(c)).unwrap_or(within.len());
    let end = within.find("//").unwrap_or(end).min(end);
    let begins = &after[..BLOBS.len() + end];
    begins.trim_end_matches('/').contains('/').then_some(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_any_text_begins_before_what_is_behind_it() {
        let cursors = [
            ("", None, false),
            ("a", None, false),
            ("blobs", None, false),
            ("blobs/", None, false),
            ("blobs/a5/a5f0", Some("blobs/a5/a5f0"), false),
            ("blobs/a5/a5f0\u{10ffff}", Some("blobs/a5/a5f0"), false),
            ("blobs/a5/", Some("blobs/a5/"), false),
            ("blobs//a5", None, false),
            ("blobs/a5//f0", Some("blobs/a5"), false),
            ("blobs0", None, true),
            ("c", None, true),
            ("\u{10ffff}", None, true),
        ];
        for (after, from, behind) in cursors {
            assert_eq!(is_behind_all(after), behind, "{after:?}");
            if !behind {
                assert_eq!(beginning(after), from, "{after:?}");
            }
        }
    }
}
