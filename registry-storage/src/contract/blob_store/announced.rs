//! Clauses of guarantee 13: what is said of the bytes to come.

use registry_core::backend::{StoreError, StoreErrorKind};

use super::{
    BlobStoreHarness,
    fixture::{Sample, append, assert_whole, part},
};

/// Fewer bytes come than were announced, or more, and the object is what came.
pub async fn b13_an_announcement_binds_nobody(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    for (number, announced) in [(70, 2 * part(&*store)), (71, 1), (72, 0)] {
        let sample = Sample::new(number, part(&*store) + 7);
        let mut write = store.begin().await.expect("begin");
        write.announce(announced).await.expect("announce");
        append(&mut *write, sample, 0..sample.length).await;
        let key = write.commit(&sample.digest()).await.expect("commit");
        assert_whole(&*harness.second(), &key, sample).await;
    }
}

/// Where more is announced than there is room for, the write is as it was: it goes on, and so does one that
/// resumes from its checkpoint.
pub async fn b13_what_is_refused_leaves_the_write_as_it_was(harness: &dyn BlobStoreHarness) {
    let store = harness.store();
    let sample = Sample::new(73, 2 * part(&*store));
    let cut = part(&*store);
    let mut write = store.begin().await.expect("begin");
    append(&mut *write, sample, 0..cut).await;
    let from = write.checkpoint().await.expect("checkpoint");
    for _ in 0..2 {
        refused(write.announce(u64::MAX).await);
        write = store.resume(&from).await.expect("resume");
    }
    refused(write.announce(u64::MAX).await);
    append(&mut *write, sample, cut..sample.length).await;
    let key = write.commit(&sample.digest()).await.expect("commit");
    assert_whole(&*harness.second(), &key, sample).await;
}

/// Panics where an announcement was refused for another reason than its length.
fn refused(announced: Result<(), StoreError>) {
    use StoreErrorKind::{Full, TooLarge};
    if let Err(error) = announced {
        assert!(matches!(error.kind, Full | TooLarge { .. }), "{error}");
    }
}
