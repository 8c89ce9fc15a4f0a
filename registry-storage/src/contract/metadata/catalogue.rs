//! Clauses of [`Repositories`](registry_core::backend::Repositories), 3 to 5: listing repositories.

use std::collections::BTreeSet;

use registry_core::{
    Namespace, Visibility, VisibleSet,
    backend::{ListRepositories, Metadata},
};

use super::{
    MetadataHarness,
    fixture::{ALICE, PRIVATE, PUBLIC, Repo, current, name, namespace},
    repositories::ODD_NAMES,
};
use crate::contract::cost::assert_costs_alike;

/// Texts that are no names, to begin a page after.
const ODD_CURSORS: [&str; 12] = [
    "",
    " ",
    "A",
    "a",
    "a/",
    "a-b",
    "a/b/",
    "a0",
    "b%",
    "b_",
    "a\0b",
    "\u{10ffff}",
];

/// Names go in the byte order of the whole name, whatever a namespace or a collation would say.
pub async fn repositories_03_names_go_in_byte_order(harness: &dyn MetadataHarness) {
    for text in ODD_NAMES.iter().rev() {
        Repo::create(harness.metadata(), text).await;
    }
    let found = listed(&*harness.second(), None, usize::MAX, None).await;
    assert!(ODD_NAMES.is_sorted(), "the suite's own names");
    assert_eq!(found, ODD_NAMES);
}

/// Pages of any length make the whole; a page begins strictly after its cursor, which may be any text.
pub async fn repositories_03_pages_make_the_whole(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    for text in ODD_NAMES {
        Repo::create(harness.metadata(), text).await;
    }
    for limit in [1, 2, 7, ODD_NAMES.len(), 1000] {
        let mut all: Vec<String> = Vec::new();
        loop {
            let after = all.last().map(String::as_str);
            let page = listed(&*metadata, after, limit, None).await;
            assert!(page.len() <= limit, "{} names, at most {limit}", page.len());
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        assert_eq!(all, ODD_NAMES, "at most {limit} at once");
    }
    assert_eq!(
        listed(&*metadata, None, 0, None).await,
        <[&str; 0]>::default()
    );
    for after in ODD_CURSORS.iter().chain(&ODD_NAMES) {
        let found = listed(&*metadata, Some(after), 1000, None).await;
        let expected: Vec<_> = ODD_NAMES.iter().filter(|name| *name > after).collect();
        assert_eq!(
            found.iter().collect::<Vec<_>>(),
            expected,
            "after {after:?}"
        );
    }
}

/// With a set, a repository is listed exactly if it is in it: each part of the set, and all together.
pub async fn repositories_04_only_what_may_be_seen_is_listed(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let places = places(harness).await;
    for set in sets() {
        let expected: Vec<_> = places
            .iter()
            .filter(|place| place.is_in(&set))
            .map(|place| place.text)
            .collect();
        let found = listed(&*metadata, None, usize::MAX, Some(&set)).await;
        assert_eq!(found, expected, "{set:?}");
        for limit in [1, 3] {
            for after in ODD_CURSORS.into_iter().chain(expected.clone()) {
                let rest = expected.iter().filter(|text| **text > after);
                let rest: Vec<_> = rest.take(limit).collect();
                let page = listed(&*metadata, Some(after), limit, Some(&set)).await;
                let page: Vec<_> = page.iter().map(String::as_str).collect();
                assert!(page.iter().eq(rest), "{page:?} after {after:?}, {set:?}");
            }
        }
    }
}

/// A repository that is hidden or shown is listed accordingly at once.
pub async fn repositories_04_a_change_of_visibility_shows_at_once(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    namespace(&*metadata, "team", PUBLIC).await;
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let public = VisibleSet {
        public: true,
        ..VisibleSet::default()
    };
    let shown = async || !listed(&*second, None, 10, Some(&public)).await.is_empty();
    assert!(shown().await, "inherited from a public namespace");
    for (visibility, expected) in [
        (Some(Visibility::Private), false),
        (Some(Visibility::Public), true),
        (None, true),
    ] {
        set_visibility(&repo, visibility).await;
        assert_eq!(shown().await, expected, "set to {visibility:?}");
    }
    let name = repo.name.namespace();
    let version = repo.facts().await.version;
    let updated = metadata
        .update_namespace(&name, version, PRIVATE, ALICE)
        .await;
    current(updated.expect("update_namespace"));
    assert!(!shown().await, "inherited from a private namespace");
}

/// A page for a caller who sees three repositories costs no more among many than among few.
pub async fn repositories_05_a_page_costs_its_length(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let set = VisibleSet {
        public: true,
        namespaces: BTreeSet::from([Namespace::parse("mine").expect("a namespace")]),
        prefixes: BTreeSet::from(["n5/shared".to_owned()]),
    };
    for text in ["mine/app", "n5/shared", "n9/open"] {
        Repo::create(harness.metadata(), text).await;
    }
    let open = Repo::new(harness.metadata(), "n9/open");
    set_visibility(&open, Some(Visibility::Public)).await;
    let page = async || {
        let found = listed(&*metadata, None, 10, Some(&set)).await;
        assert_eq!(found, ["mine/app", "n5/shared", "n9/open"]);
    };
    let grow = async |from: usize, to: usize| {
        for number in from..to {
            Repo::create(harness.metadata(), &format!("n{}/r{number}", number % 10)).await;
        }
    };
    assert_costs_alike(page, grow).await;
}

/// A repository of the clauses about sets.
struct Place {
    text: &'static str,
    public: bool,
}

impl Place {
    /// The definition that a backend's ranges have to agree with.
    fn is_in(&self, set: &VisibleSet) -> bool {
        (set.public && self.public)
            || set.namespaces.contains(&name(self.text).namespace())
            || set
                .prefixes
                .iter()
                .any(|prefix| self.text.starts_with(prefix.as_str()))
    }
}

/// Repositories in byte order: public and private, by themselves and by their namespace.
async fn places(harness: &dyn MetadataHarness) -> Vec<Place> {
    namespace(&*harness.metadata(), "b", PUBLIC).await;
    namespace(&*harness.metadata(), "b_c", PUBLIC).await;
    let (public, private) = (Some(Visibility::Public), Some(Visibility::Private));
    let places = [
        ("a/b", None, false),
        ("a/b-c", public, true),
        ("a/b_c", private, false),
        ("a/b_c/d", None, false),
        ("a/bxc", None, false),
        ("ab/c", public, true),
        ("b-c/d", None, false),
        ("b/c", None, true),
        ("b/d", private, false),
        ("b/d/e", public, true),
        ("b_c/d", None, true),
        ("bxc/d", None, false),
        ("z/z", None, false),
    ];
    let mut made = Vec::new();
    for (text, visibility, public) in places {
        let repo = Repo::create(harness.metadata(), text).await;
        set_visibility(&repo, visibility).await;
        made.push(Place { text, public });
    }
    made
}

/// Sets that a backend may turn into wrong ranges: wildcards of LIKE, overlaps, prefixes that are
/// whole names, that end where no next character is, and that nothing begins with.
fn sets() -> Vec<VisibleSet> {
    let set = |public, namespaces: &[&str], prefixes: &[&str]| VisibleSet {
        public,
        namespaces: namespaces
            .iter()
            .map(|text| Namespace::parse(text).expect("a namespace"))
            .collect(),
        prefixes: prefixes.iter().map(|text| (*text).to_owned()).collect(),
    };
    vec![
        set(false, &[], &[]),
        set(true, &[], &[]),
        set(false, &["a"], &[]),
        set(false, &["b"], &[]),
        set(false, &["b_c"], &[]),
        set(false, &["absent", "z"], &[]),
        set(false, &[], &["a/b_"]),
        set(false, &[], &["a/b"]),
        set(false, &[], &["a/b/"]),
        set(false, &[], &["b"]),
        set(false, &[], &["b_c"]),
        set(false, &[], &["%", "_", "A", "a/b\\"]),
        set(false, &[], &["z/z", "z/zz", "z/z\u{10ffff}", "\u{10ffff}"]),
        set(false, &[], &[""]),
        set(false, &["a"], &["a/", "a/b_c"]),
        set(true, &["b"], &["b/d", "a/b-"]),
        set(true, &["a", "b", "z"], &["a", "b", "z"]),
    ]
}

async fn set_visibility(repo: &Repo, visibility: Option<Visibility>) {
    let scope = repo.scope().await;
    let set = repo
        .metadata
        .set_repository_visibility(scope, visibility, ALICE);
    current(set.await.expect("set_repository_visibility"));
}

async fn listed(
    metadata: &dyn Metadata,
    after: Option<&str>,
    limit: usize,
    visible: Option<&VisibleSet>,
) -> Vec<String> {
    let page = ListRepositories {
        after,
        limit,
        visible,
    };
    let names = metadata.repositories(page).await.expect("repositories");
    names.iter().map(ToString::to_string).collect()
}
