//! The clauses of [`Pulls`](registry_core::backend::Pulls).

use futures_util::future::join_all;
use registry_core::{RepositoryName, backend::PullCount};

use super::{
    MetadataHarness,
    fixture::{Repo, SampleManifest, name, tag},
};

/// Counts of several processes add up, by tag and for the whole repository, also where a batch names
/// one thing twice.
pub async fn pulls_01_counts_add_up(harness: &dyn MetadataHarness) {
    let repo = tagged_repo(harness).await;
    let views = [repo.clone(), repo.seen_by(harness.second())];
    assert_eq!(counts(&repo).await, (0, 0, 0));
    views[0].metadata.add_pulls(&[]).await.expect("add_pulls");
    let batch = [
        count(&repo.name, Some("v1"), 1),
        count(&repo.name, None, 10),
        count(&repo.name, Some("v1"), 2),
        count(&repo.name, Some("v2"), 100),
        count(&repo.name, None, 20),
    ];
    for (times, view) in (1..).zip(&views) {
        view.metadata.add_pulls(&batch).await.expect("add_pulls");
        for view in &views {
            let expected = (3 * times, 100 * times, 133 * times);
            assert_eq!(counts(view).await, expected);
        }
    }
}

/// Counts added at once are all there.
pub async fn pulls_01_counts_added_at_once_are_all_there(harness: &dyn MetadataHarness) {
    let repo = tagged_repo(harness).await;
    let views = [harness.metadata(), harness.second()];
    let additions = (0..16).map(async |number: usize| {
        let mut batch = [
            count(&repo.name, Some("v1"), 1),
            count(&repo.name, Some("v2"), 1),
        ];
        // The order of rows in a batch must not make two of them wait for each other.
        batch.rotate_left(number / 2 % 2);
        let added = views[number % 2].add_pulls(&batch).await;
        added.expect("add_pulls beside another");
    });
    join_all(additions).await;
    assert_eq!(counts(&repo).await, (16, 16, 32));
}

/// Counts of what does not exist are dropped, and those beside them are not.
pub async fn pulls_02_counts_of_nothing_are_dropped(harness: &dyn MetadataHarness) {
    let repo = tagged_repo(harness).await;
    let absent = name("team/absent");
    let batch = [
        count(&absent, None, 5),
        count(&absent, Some("v1"), 5),
        count(&repo.name, Some("v1"), 1),
        count(&name("absent/app"), None, 5),
    ];
    repo.metadata.add_pulls(&batch).await.expect("add_pulls");
    assert_eq!(counts(&repo).await.0, 1);
    for text in ["team/absent", "absent/app"] {
        let absent = Repo::new(harness.second(), text);
        assert_eq!(counts(&absent).await, (0, 0, 0), "{text}");
        assert!(!absent.exists().await, "a count made {text}");
        let made = Repo::create(harness.metadata(), text).await;
        assert_eq!(counts(&made).await, (0, 0, 0), "{text}, made later");
    }
    let unknown = [count(&repo.name, Some("v9"), 7)];
    repo.metadata.add_pulls(&unknown).await.expect("add_pulls");
    let pulls = repo.metadata.pulls(&repo.name, Some(&tag("v9"))).await;
    assert_eq!(pulls.expect("pulls"), 0, "a tag that does not exist");
}

/// A tag's count ends with the tag, however it went, and stays while the tag moves.
pub async fn pulls_02_a_count_ends_with_its_tag(harness: &dyn MetadataHarness) {
    let repo = tagged_repo(harness).await;
    let [old, new] = ["manifest", "new"].map(SampleManifest::new);
    let batch = [
        count(&repo.name, Some("v1"), 3),
        count(&repo.name, Some("v2"), 5),
    ];
    repo.metadata.add_pulls(&batch).await.expect("add_pulls");
    repo.push(&new, &["v2"]).await;
    assert_eq!(counts(&repo).await, (3, 5, 8), "after a tag moved");
    repo.delete_tag("v1").await;
    assert_eq!(counts(&repo).await.0, 0, "after the tag was deleted");
    repo.push(&old, &["v1"]).await;
    assert_eq!(counts(&repo).await.0, 0, "of a new tag of that name");
    repo.delete_manifest(&new.digest).await;
    repo.push(&new, &["v2"]).await;
    let (_, second, whole) = counts(&repo.seen_by(harness.second())).await;
    assert_eq!(second, 0, "of a tag whose manifest was deleted");
    assert_eq!(whole, 8, "a repository's pulls are all there ever were");
}

async fn tagged_repo(harness: &dyn MetadataHarness) -> Repo {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    repo.push(&SampleManifest::new("manifest"), &["v1", "v2"])
        .await;
    repo
}

fn count(repository: &RepositoryName, text: Option<&str>, pulls: u64) -> PullCount {
    PullCount {
        repository: repository.clone(),
        tag: text.map(tag),
        pulls,
    }
}

/// The pulls of the tags v1 and v2, and of the whole repository.
async fn counts(repo: &Repo) -> (u64, u64, u64) {
    let of = async |text: Option<&str>| {
        let tag = text.map(tag);
        let pulls = repo.metadata.pulls(&repo.name, tag.as_ref()).await;
        pulls.expect("pulls")
    };
    (of(Some("v1")).await, of(Some("v2")).await, of(None).await)
}
