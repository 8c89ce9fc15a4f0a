//! What an operator sees where something is amiss.

use registry_core::backend::{PullCount, Pulls};
use registry_storage::contract::run;

use super::place::Place;

#[test]
fn passes_that_wait_for_an_old_transaction_are_told() {
    run(async {
        let place = Place::new().await;
        let other = place.connect().await;
        let old = "BEGIN; SELECT pg_current_xact_id()";
        other.batch_execute(old).await.unwrap();
        for passes in 1..=2 {
            place.seal_a_pass().await;
            place.remove().await;
            assert_eq!(place.metadata.figures().unsettled, passes);
        }
        other.batch_execute("ROLLBACK").await.unwrap();
        place.settle().await;
        assert_eq!(place.metadata.figures().unsettled, 0);
    });
}

#[test]
fn pulls_that_could_not_be_folded_are_told_and_not_lost() {
    run(async {
        let place = Place::new().await;
        place.push("team/app", "image", None, Some("v1")).await;
        let count = PullCount {
            repository: "team/app".parse().unwrap(),
            tag: None,
            pulls: 1,
        };
        let counts = vec![count.clone(); 100];
        place.run("ALTER TABLE pulls RENAME TO away").await;
        place.metadata.add_pulls(&counts).await.unwrap();
        assert_eq!(place.metadata.figures().folds_failed, 1);
        place.run("ALTER TABLE away RENAME TO pulls").await;
        place.metadata.add_pulls(&counts).await.unwrap();
        assert_eq!(place.metadata.figures().folds_failed, 1);
        let pulls = place.metadata.pulls(&count.repository, None).await;
        assert_eq!(pulls.unwrap(), 200);
    });
}
