//! The collector beside transactions that are held open at the worst moment.

use futures_util::future::join;
use registry_core::{
    Digest,
    backend::{
        Collection, DeleteBlobOutcome, MountBlobOutcome, PutBlobOutcome, PutManifestOutcome,
        Removed,
    },
};
use registry_storage::contract::run;

use super::place::{GRACE, Place};

/// A place with a blob that nothing refers to.
async fn with_dead_blob() -> Place {
    let place = Place::new().await;
    place.put_blob("team/app", "layer", "objects/1").await;
    place
}

const LINK: &str = "SELECT 1 FROM links WHERE digest LIKE 'sha256:%'";

/// One of them may have read before the mark, and answer at its end: the grace begins when all have ended.
#[test]
fn hazard_07_removal_waits_for_transactions_older_than_the_seal() {
    run(async {
        let place = with_dead_blob().await;
        let older = place.connect().await;
        let begin = "BEGIN; SELECT pg_current_xact_id()";
        older.batch_execute(begin).await.unwrap();
        place.seal_a_pass().await;
        for _ in 0..2 {
            assert_eq!(place.remove().await, Removed::default());
            place.advance(GRACE * 2).await;
        }
        older.batch_execute("COMMIT").await.unwrap();
        place.settle().await;
        assert!(
            place.has_blob("team/app", "layer").await,
            "the grace begins now"
        );
        place.advance(GRACE).await;
        assert_eq!(place.remove().await.blobs, 1);
        assert!(!place.has_blob("team/app", "layer").await);
    });
}

/// A pass that was closed, and not fenced because its collector died, is fenced by the next.
#[test]
fn a_seal_that_was_cut_short_is_finished_by_the_next() {
    run(async {
        let place = with_dead_blob().await;
        place.metadata.condemn(1000).await.unwrap();
        let close = "UPDATE collector SET pass = pass + 1; INSERT INTO passes (pass) VALUES (1)";
        place.run(close).await;
        place.settle().await;
        place.advance(GRACE).await;
        assert_eq!(place.remove().await, Removed::default(), "it has no fence");
        place.seal_a_pass().await;
        place.settle().await;
        place.advance(GRACE).await;
        assert_eq!(place.remove().await.blobs, 1);
    });
}

/// Ids begin anew where a database is put back into another server.
#[test]
fn a_fence_of_another_server_is_set_anew() {
    run(async {
        let place = with_dead_blob().await;
        place.seal_a_pass().await;
        place.run("UPDATE passes SET fence = '4000000000000'").await;
        place.settle().await;
        place.advance(GRACE).await;
        assert_eq!(
            place.remove().await,
            Removed::default(),
            "that id is yet to come"
        );
        place.seal_a_pass().await;
        place.settle().await;
        place.advance(GRACE).await;
        assert_eq!(place.remove().await.blobs, 1);
    });
}

/// A content that nothing links, and another repository to link it.
async fn with_unlinked_content() -> Place {
    let place = with_dead_blob().await;
    place.push("team/other", "image", None, Some("v1")).await;
    place.delete_blob("team/app", "layer").await;
    place
}

/// A put has cleared the mark, and has not committed the link, when the content could be removed.
#[test]
fn hazard_42_a_put_that_meets_a_mark_keeps_the_content() {
    run(async {
        let place = with_unlinked_content().await;
        place.seal_a_pass().await;
        place.settle().await;
        place.advance(GRACE).await;
        let put = place.put_blob("team/other", "layer", "objects/2");
        let removal = async || assert_eq!(place.remove().await, Removed::default());
        let put = place.while_held_up("changes", put, removal).await;
        assert_eq!(put, PutBlobOutcome::Deduplicated);
        assert!(place.has_blob("team/other", "layer").await);
    });
}

/// A put has found no mark, and has not committed the link, when the content is marked, and for as long as
/// the grace and longer: whether it has written anything before or not.
#[test]
fn hazard_42_a_put_that_met_no_mark_is_waited_for() {
    run(async {
        for table in ["links", "changes"] {
            let place = with_unlinked_content().await;
            let put = place.put_blob("team/other", "layer", "objects/2");
            let removal = async || {
                place.seal_a_pass().await;
                for _ in 0..20 {
                    assert_eq!(place.remove().await, Removed::default());
                    place.advance(GRACE * 2).await;
                }
            };
            let put = place.while_held_up(table, put, removal).await;
            assert_eq!(put, PutBlobOutcome::Deduplicated);
            place.settle().await;
            place.advance(GRACE).await;
            assert_eq!(place.remove().await, Removed::default());
            assert!(place.has_blob("team/other", "layer").await);
        }
    });
}

/// A mount likewise, of what is removed from where it is mounted from.
#[test]
fn hazard_42_a_mount_that_met_no_mark_is_waited_for() {
    run(async {
        let place = with_dead_blob().await;
        place.push("team/other", "image", None, Some("v1")).await;
        let mount = place.mount("team/app", "team/other", "layer");
        let removal = async || {
            for _ in 0..3 {
                place.seal_a_pass().await;
                place.advance(GRACE * 2).await;
                assert_eq!(place.remove().await, Removed::default());
            }
        };
        let mounted = place.while_held_up("changes", mount, removal).await;
        assert_eq!(mounted, MountBlobOutcome::Mounted { size: 5 });
        place.settle().await;
        place.advance(GRACE).await;
        assert_eq!(place.remove().await.blobs, 1, "the source's link");
        assert!(place.has_blob("team/other", "layer").await);
    });
}

/// A deletion waits for a push that refers to the blob, and then finds what it requires.
#[test]
fn a_deletion_beside_a_push_that_refers_to_it_is_refused() {
    run(async {
        let place = with_dead_blob().await;
        let push = place.push("team/app", "image", Some("layer"), Some("v1"));
        let delete = async {
            // The push has its lock.
            place.waiting(1).await;
            place.delete_blob("team/app", "layer").await
        };
        let (pushed, deleted) = place
            .while_held_up("changes", join(push, delete), async || {
                place.waiting(2).await
            })
            .await;
        assert_eq!(pushed, PutManifestOutcome::Stored);
        let by = Digest::sha256(b"image");
        assert_eq!(deleted, DeleteBlobOutcome::Required { by });
    });
}

/// What another has locked is passed over, and removed another time.
#[test]
fn no_step_waits_for_a_row_that_is_locked() {
    run(async {
        let place = with_dead_blob().await;
        let other = place.connect().await;
        let lock = format!("BEGIN; {LINK} FOR UPDATE");
        other.batch_execute(&lock).await.unwrap();
        let condemned = place.metadata.condemn(1000).await.unwrap();
        assert_eq!((condemned.rows(), condemned.more), (0, false));
        other.batch_execute("COMMIT").await.unwrap();
        place.seal_a_pass().await;
        place.settle().await;
        place.advance(GRACE).await;
        let hold = format!("BEGIN; {LINK} FOR KEY SHARE");
        other.batch_execute(&hold).await.unwrap();
        assert_eq!(place.remove().await, Removed::default());
        other.batch_execute("COMMIT").await.unwrap();
        assert_eq!(place.remove().await.blobs, 1);
    });
}

/// A step that takes its time, before it has found what is dead, is in the way of nobody.
#[test]
fn no_push_waits_for_the_walk() {
    run(async {
        let place = with_dead_blob().await;
        let collector = place.connect().await;
        let step = "BEGIN; SELECT pg_current_xact_id(); UPDATE collector SET pass = pass;
            UPDATE passes SET settled = settled";
        collector.batch_execute(step).await.unwrap();
        let put = place.put_blob("team/app", "other", "objects/2").await;
        assert_eq!(put, PutBlobOutcome::Stored);
        let pushed = place
            .push("team/app", "image", Some("layer"), Some("v1"))
            .await;
        assert_eq!(pushed, PutManifestOutcome::Stored);
        let deleted = place.delete_blob("team/app", "other").await;
        assert_eq!(deleted, DeleteBlobOutcome::Deleted);
        collector.batch_execute("COMMIT").await.unwrap();
    });
}

/// Nothing that repositories share is locked by those who rely on it: everybody may have the same layer.
#[test]
fn hazard_35_a_popular_layer_is_no_point_of_contention() {
    run(async {
        let place = with_dead_blob().await;
        let other = place.connect().await;
        let lock = "BEGIN; SELECT 1 FROM contents FOR UPDATE;
            SELECT 1 FROM repositories WHERE name = 'team/app' FOR UPDATE;
            SELECT 1 FROM links FOR UPDATE";
        other.batch_execute(lock).await.unwrap();
        let mounted = place.mount("team/app", "other/app", "layer").await;
        assert_eq!(mounted, MountBlobOutcome::Mounted { size: 5 });
        let put = place.put_blob("third/app", "layer", "objects/2").await;
        assert_eq!(put, PutBlobOutcome::Deduplicated);
        let pushed = place
            .push("third/app", "image", Some("layer"), Some("v1"))
            .await;
        assert_eq!(pushed, PutManifestOutcome::Stored);
        other.batch_execute("COMMIT").await.unwrap();
    });
}

/// Passes that are over are not kept.
#[test]
fn a_pass_that_marks_nothing_any_more_is_forgotten() {
    run(async {
        let place = with_dead_blob().await;
        for _ in 0..4 {
            place.seal_a_pass().await;
            place.settle().await;
            place.advance(GRACE).await;
            place.remove().await;
        }
        let passes = place.number("SELECT count(*) FROM passes").await;
        assert!(passes <= 2, "{passes} passes are kept");
        assert_eq!(place.number("SELECT count(*) FROM contents").await, 0);
        let doomed = "SELECT count(*) FROM objects WHERE state = 'doomed'";
        assert_eq!(place.number(doomed).await, 1);
    });
}
