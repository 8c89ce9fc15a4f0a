//! Clauses of guarantee 7: keys in order, page by page.

use registry_core::backend::{BlobStore, ObjectKey, ObjectKind};

use super::{
    BlobStoreHarness,
    fixture::{Sample, listed, stored, told, written},
};

/// Pages of any length, put together, are all keys in byte order, each once.
pub async fn b07_pages_of_any_length_make_the_whole(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let unfinished = several_unfinished(&*store, 7).await;
    let kinds = [
        (ObjectKind::Committed, several(&*store, 13).await),
        (ObjectKind::Unfinished, told(harness, unfinished)),
    ];
    for (kind, mut expected) in kinds {
        expected.sort_by(|a, b| a.as_str().as_bytes().cmp(b.as_str().as_bytes()));
        for limit in [1, 2, 5, 12, 13, 14, 1000, usize::MAX] {
            let pages = pages(&*second, kind, limit).await;
            assert_eq!(pages, expected, "{kind:?}, at most {limit} at once");
        }
        let none = store.list(kind, None, 0).await.expect("list");
        assert_eq!(none, [], "at most 0");
    }
}

/// A page begins strictly after its cursor, whether that is the key of anything or not.
pub async fn b07_a_page_begins_strictly_after_its_cursor(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let mut keys = several(&*store, 3).await;
    keys.sort();
    let after = |cursor: &ObjectKey| keys.iter().filter(|key| *key > cursor).cloned().collect();
    let made = keys.iter().map(ObjectKey::as_str);
    let longer: Vec<_> = made.clone().map(|key| format!("{key}0")).collect();
    let shorter: Vec<_> = made.map(|key| key[..1].to_owned()).collect();
    let others = [String::new(), "\u{10ffff}".to_owned()];
    let own = keys.iter().map(ToString::to_string);
    for cursor in own.chain(longer).chain(shorter).chain(others) {
        let cursor = ObjectKey::new(cursor);
        let page = store.list(ObjectKind::Committed, Some(&cursor), 10).await;
        let expected: Vec<_> = after(&cursor);
        assert_eq!(page.expect("list"), expected, "after {cursor:?}");
    }
}

/// Objects that come and go between pages, the cursor among them, neither hide nor repeat another.
pub async fn b07_what_was_there_throughout_is_listed(harness: &dyn BlobStoreHarness) {
    let (store, second) = (harness.store(), harness.second());
    let mut keys = several(&*store, 12).await;
    keys.sort();
    let (stay, mut go): (Vec<_>, Vec<_>) = (0..12).zip(keys).partition(|(place, _)| place % 3 == 1);
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let kind = ObjectKind::Committed;
        let page = store.list(kind, cursor.as_ref(), 2).await.expect("list");
        let Some(last) = page.last().cloned() else {
            break;
        };
        found.extend(page);
        for (_, key) in go.extract_if(.., |(_, key)| *key <= last) {
            second.delete(&key).await.expect("delete");
        }
        // No more than a few, or a store whose keys grow would have the listing go on for ever.
        if found.len() < 6 {
            several(&*second, 1).await;
        }
        cursor = Some(last);
    }
    assert!(found.is_sorted_by(|a, b| a < b), "out of order: {found:?}");
    for (_, key) in stay {
        assert!(found.contains(&key), "{key} was there throughout");
    }
}

/// A key is listed under its own kind alone.
pub async fn b07_kinds_are_apart(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let committed = several(&*store, 2).await;
    let unfinished = several_unfinished(&*store, 2).await;
    let found = listed(&*store, ObjectKind::Committed).await;
    assert!(!unfinished.iter().any(|key| found.contains(key)));
    assert_eq!(found.len(), committed.len(), "{found:?}");
    let found = listed(&*store, ObjectKind::Unfinished).await;
    assert!(!committed.iter().any(|key| found.contains(key)));
    let expected = told(harness, unfinished);
    assert_eq!(found.len(), expected.len(), "{found:?}");
}

/// All pages, put together.
async fn pages(store: &dyn BlobStore, kind: ObjectKind, limit: usize) -> Vec<ObjectKey> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let page = store
            .list(kind, cursor.as_ref(), limit)
            .await
            .expect("list");
        assert!(page.len() <= limit, "{} keys, at most {limit}", page.len());
        let Some(last) = page.last() else {
            return all;
        };
        cursor = Some(last.clone());
        all.extend(page);
    }
}

async fn several(store: &dyn BlobStore, count: u8) -> Vec<ObjectKey> {
    let mut keys = Vec::new();
    for seed in 0..count {
        keys.push(stored(store, Sample::new(seed, 3)).await);
    }
    keys
}

async fn several_unfinished(store: &dyn BlobStore, count: u8) -> Vec<ObjectKey> {
    let mut keys = Vec::new();
    for seed in 0..count {
        let mut write = written(store, Sample::new(seed, 3)).await;
        keys.push(write.checkpoint().await.expect("checkpoint").key);
    }
    keys
}
