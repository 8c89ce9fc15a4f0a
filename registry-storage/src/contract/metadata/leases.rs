//! The clauses of [`Leases`](registry_core::backend::Leases).

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use registry_core::backend::{Lease, Metadata};

use super::MetadataHarness;

const LONG: Duration = Duration::from_hours(10);

/// More than a clause takes, and less than [`LONG`].
const HALF: Duration = Duration::from_hours(6);

/// What one has nobody else has, in whichever process; other work is free.
pub async fn leases_01_one_has_it_and_others_do_not(harness: &dyn MetadataHarness) {
    let [one, other] = [harness.metadata(), harness.second()];
    assert!(take(&one, "collection", "a").await);
    for view in [&one, &other] {
        assert!(!take(view, "collection", "b").await);
    }
    assert!(take(&other, "scrub", "b").await, "other work");
    assert!(!take(&one, "scrub", "a").await);
}

/// Of those who take it at once one has it.
pub async fn leases_01_of_several_at_once_one_has_it(harness: &dyn MetadataHarness) {
    let views = [harness.metadata(), harness.second()];
    for work in ["first", "second", "third"] {
        let names: Vec<_> = (0..8).map(|number| format!("holder {number}")).collect();
        let taken = names.iter().enumerate();
        let taken = taken.map(|(number, name)| take(&views[number % 2], work, name));
        let taken = join_all(taken).await;
        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "{work}");
    }
}

/// Who has it takes it again, and has it for the whole time then.
pub async fn leases_02_taking_it_again_renews_it(harness: &dyn MetadataHarness) {
    let [one, other] = [harness.metadata(), harness.second()];
    for _ in 0..3 {
        assert!(take(&one, "collection", "a").await);
        harness.advance(HALF).await;
        assert!(!take(&other, "collection", "b").await);
    }
}

/// A lease that is not renewed passes on, and who had it is refused.
pub async fn leases_03_what_is_not_renewed_passes_on(harness: &dyn MetadataHarness) {
    let [one, other] = [harness.metadata(), harness.second()];
    assert!(take(&one, "collection", "a").await);
    harness.advance(LONG).await;
    assert!(take(&other, "collection", "b").await);
    assert!(!take(&one, "collection", "a").await);
    end(&one, "collection", "a", Duration::ZERO).await;
    assert!(!take(&one, "collection", "a").await, "it is another's");
}

/// Who ends it says when anybody may have it again.
pub async fn leases_04_its_holder_ends_it(harness: &dyn MetadataHarness) {
    let [one, other] = [harness.metadata(), harness.second()];
    assert!(take(&one, "collection", "a").await);
    end(&other, "collection", "b", Duration::ZERO).await;
    assert!(!take(&other, "collection", "b").await, "b never had it");
    end(&one, "collection", "a", Duration::ZERO).await;
    assert!(take(&other, "collection", "b").await);
    end(&other, "collection", "b", HALF).await;
    end(&other, "collection", "b", Duration::ZERO).await;
    for (view, holder) in [(&one, "a"), (&other, "b")] {
        assert!(!take(view, "collection", holder).await, "{holder}: a pause");
    }
    harness.advance(HALF).await;
    assert!(take(&one, "collection", "a").await);
}

async fn take(metadata: &Arc<dyn Metadata>, work: &str, holder: &str) -> bool {
    let taken = metadata.take_lease(Lease { work, holder }, LONG).await;
    taken.expect("take_lease")
}

async fn end(metadata: &Arc<dyn Metadata>, work: &str, holder: &str, pause: Duration) {
    let ended = metadata.end_lease(Lease { work, holder }, pause).await;
    ended.expect("end_lease");
}
