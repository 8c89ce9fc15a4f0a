//! Pulls are folded, and none is lost or counted twice.

use futures_util::future::join_all;
use registry_core::{
    RepositoryName,
    backend::{PullCount, Pulls},
};
use registry_storage::contract::run;

use super::place::Place;

#[test]
fn pulls_are_folded_and_none_is_lost() {
    run(async {
        let place = Place::new().await;
        let name: RepositoryName = "team/app".parse().unwrap();
        for tag in ["v1", "v2"] {
            place.push("team/app", "image", None, Some(tag)).await;
        }
        let count = |tag: Option<&str>| PullCount {
            repository: name.clone(),
            tag: tag.map(|tag| tag.parse().unwrap()),
            pulls: 1,
        };
        let batch: Vec<_> = [Some("v1"), Some("v2"), None]
            .iter()
            .cycle()
            .take(90)
            .map(|tag| count(*tag))
            .collect();
        let added = join_all((0..30).map(|_| place.metadata.add_pulls(&batch))).await;
        added.into_iter().for_each(Result::unwrap);
        place.metadata.add_pulls(&batch).await.unwrap();
        let waiting = place.number("SELECT count(*) FROM appended_pulls").await;
        assert!(waiting < 100, "{waiting} are not folded");
        assert_eq!(place.number("SELECT count(*) FROM pulls").await, 3);
        let v1 = "v1".parse().unwrap();
        let of = async |tag| place.metadata.pulls(&name, tag).await.unwrap();
        assert_eq!((of(Some(&v1)).await, of(None).await), (31 * 30, 31 * 90));
    });
}

/// A count that comes after its tag went is the repository's alone, though there is a tag of the name again.
#[test]
fn a_count_that_comes_late_is_of_no_later_tag() {
    run(async {
        let place = Place::new().await;
        let name: RepositoryName = "team/app".parse().unwrap();
        place.push("team/app", "image", None, Some("v1")).await;
        let append = "INSERT INTO appended_pulls (repository, tag, tag_id, pulls)
            SELECT repository, tag, id, 7 FROM tags, generate_series(1, 100)";
        place.run(append).await;
        place.run("DELETE FROM tags").await;
        place.push("team/app", "image", None, Some("v1")).await;
        let v1 = "v1".parse().unwrap();
        for _ in 0..2 {
            let of = async |tag| place.metadata.pulls(&name, tag).await.unwrap();
            assert_eq!((of(Some(&v1)).await, of(None).await), (0, 700));
            place.metadata.add_pulls(&[]).await.unwrap();
        }
        assert_eq!(place.number("SELECT count(*) FROM pulls").await, 1);
    });
}
