//! Clauses of [`Repositories`](registry_core::backend::Repositories), 1 and 2: versions and names.

use std::collections::BTreeSet;

use registry_core::{
    Event, Namespace, Visibility,
    backend::{
        Checked, CreateNamespace, CreateOutcome, CreateRule, FactsVersion, Metadata,
        NamespaceSettings, PutBlob, PutBlobOutcome, UpdateOutcome,
    },
};

use super::{
    MetadataHarness,
    fixture::{
        ALICE, ANYTHING_NEW, COLLECTING, PRIVATE, PUBLIC, Repo, SampleBlob, current, events, name,
        namespace,
    },
};
use crate::contract::drive::{at_every_head_start, race};

/// Every change that facts show gives a version that was never there, also where a setting returns
/// to what it was.
pub async fn repositories_01_no_version_comes_back(harness: &dyn MetadataHarness) {
    let repo = Repo::new(harness.metadata(), "team/app");
    let other = repo.seen_by(harness.second());
    let mut seen = BTreeSet::new();
    let mut note = |version: FactsVersion| {
        let new = seen.insert((version.namespace, version.repository));
        assert!(new, "{version:?} again, after a change");
    };
    note(repo.facts().await.version);
    namespace(&*repo.metadata, "team", PRIVATE).await;
    note(other.facts().await.version);
    Repo::create(harness.metadata(), "team/app").await;
    note(other.facts().await.version);
    for visibility in [Visibility::Public, Visibility::Private]
        .into_iter()
        .cycle()
        .take(6)
    {
        set_visibility(&other, Some(visibility)).await;
        note(repo.facts().await.version);
        let settings = NamespaceSettings {
            visibility,
            ..PRIVATE
        };
        update(&repo, settings).await;
        note(other.facts().await.version);
    }
}

/// A version belongs to its own place: a change elsewhere leaves it alone, so that nobody's decision
/// goes stale for it.
pub async fn repositories_01_a_change_elsewhere_leaves_versions_alone(
    harness: &dyn MetadataHarness,
) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let before = repo.facts().await.version;
    let beside = Repo::create(harness.metadata(), "team/app/part").await;
    set_visibility(&beside, Some(Visibility::Public)).await;
    let other = Repo::create(harness.metadata(), "teams/app").await;
    update(&other, PUBLIC).await;
    repo.put_blob(&SampleBlob::inline("config")).await;
    assert_eq!(repo.facts().await.version, before);
}

/// An absent place has version 0 and no facts; a place that is there has another version.
pub async fn repositories_01_an_absent_place_has_version_0(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::new(harness.metadata(), "team/app");
    let facts = repo.facts().await;
    assert_eq!(facts.version, FactsVersion::default());
    assert_eq!((facts.namespace, facts.repository), (None, None));

    namespace(&*metadata, "team", PUBLIC).await;
    let facts = repo.facts().await;
    assert_ne!(facts.version.namespace, 0, "the version of a namespace");
    assert_eq!(facts.version.repository, 0);
    assert!(facts.is_public() && facts.repository.is_none());

    Repo::create(harness.metadata(), "team/app").await;
    let facts = repo.facts().await;
    assert_ne!(facts.version.repository, 0, "the version of a repository");
    assert_eq!(facts.repository.expect("the repository").visibility, None);
}

/// The facts of a namespace are those that its repositories show of it.
pub async fn repositories_01_a_namespace_has_one_version(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let name = repo.name.namespace();
    for settings in [PUBLIC, PRIVATE] {
        update(&repo, settings).await;
        let own = harness.second().namespace_facts(&name).await;
        let own = own.expect("namespace_facts");
        let shown = repo.facts().await;
        assert_eq!(own.version.namespace, shown.version.namespace);
        assert_eq!(own.namespace, shown.namespace);
        assert_eq!((own.version.repository, own.repository), (0, None));
    }
}

/// A namespace is made once and then keeps its settings; its record says what it was made with.
pub async fn repositories_02_a_namespace_is_made_once(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    let name = Namespace::parse("team").expect("a namespace");
    assert_eq!(metadata.namespace(&name).await.expect("namespace"), None);
    let made = create(&*metadata, &name, COLLECTING).await;
    assert_eq!(made, CreateOutcome::Created);
    let again = create(&*second, &name, PUBLIC).await;
    assert_eq!(again, CreateOutcome::Exists);
    let record = second.namespace(&name).await.expect("namespace");
    let record = record.expect("the namespace just made");
    assert_eq!((record.name, record.settings), (name, COLLECTING));
    let told = events(&*second).await;
    assert_eq!(told.len(), 1, "a namespace was made once: {told:?}");
}

/// Settings change as told, where the version is current, and only there.
pub async fn repositories_02_a_namespace_takes_new_settings(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let name = repo.name.namespace();
    for settings in [PUBLIC, COLLECTING, PRIVATE, PRIVATE] {
        update(&repo, settings).await;
        let record = harness.second().namespace(&name).await.expect("namespace");
        assert_eq!(record.expect("the namespace").settings, settings);
    }
    let absent = Namespace::parse("absent").expect("a namespace");
    let version = FactsVersion::default();
    let updated = harness
        .metadata()
        .update_namespace(&absent, version, PUBLIC, ALICE)
        .await;
    assert_eq!(
        current(updated.expect("update_namespace")),
        UpdateOutcome::Absent
    );
    let record = harness.metadata().namespace(&absent).await;
    assert_eq!(
        record.expect("namespace"),
        None,
        "an update made a namespace"
    );
}

/// A repository is made once, in a namespace that is there or may be made.
pub async fn repositories_02_a_repository_is_made_once(harness: &dyn MetadataHarness) {
    let metadata = harness.metadata();
    let repo = Repo::new(harness.metadata(), "team/app");
    let only_repository = CreateRule {
        namespace: None,
        repository: true,
    };
    let public = Some(Visibility::Public);
    let create = async |visibility, rule| {
        let scope = repo.scope().await;
        let made = metadata
            .create_repository(scope, visibility, rule, ALICE)
            .await;
        current(made.expect("create_repository"))
    };
    let made = create(public, only_repository).await;
    assert_eq!(made, CreateOutcome::NamespaceAbsent);
    assert!(!repo.exists().await, "a refused command made a repository");
    assert_eq!(create(public, ANYTHING_NEW).await, CreateOutcome::Created);
    assert_eq!(create(None, ANYTHING_NEW).await, CreateOutcome::Exists);

    let record = harness.second().repository(&repo.name).await;
    let record = record.expect("repository").expect("the repository");
    assert_eq!(
        (record.name, record.visibility),
        (repo.name.clone(), public)
    );
    let own = harness.second().namespace(&repo.name.namespace()).await;
    let own = own.expect("namespace").expect("the namespace made besides");
    assert_eq!(
        own.settings, PRIVATE,
        "the settings of a namespace made besides"
    );
}

/// A repository's own visibility is set and given up; that of an absent one cannot be.
pub async fn repositories_02_a_repository_takes_its_own_visibility(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    for visibility in [Some(Visibility::Public), Some(Visibility::Private), None] {
        assert_eq!(
            set_visibility(&repo, visibility).await,
            UpdateOutcome::Updated
        );
        let record = harness.second().repository(&repo.name).await;
        let record = record.expect("repository").expect("the repository");
        assert_eq!(record.visibility, visibility);
        let facts = repo.facts().await.repository.expect("the repository");
        assert_eq!(facts.visibility, visibility);
    }
    let absent = repo.beside("team/absent");
    let set = set_visibility(&absent, Some(Visibility::Public)).await;
    assert_eq!(set, UpdateOutcome::Absent);
    assert!(!absent.exists().await, "a setting made a repository");
}

/// Of two processes that make a namespace at once, one makes it, and it has that one's settings.
pub async fn repositories_02_two_namespaces_at_once_are_one(harness: &dyn MetadataHarness) {
    let (metadata, second) = (harness.metadata(), harness.second());
    at_every_head_start(async |head_start| {
        let name = Namespace::parse(&format!("team-{head_start}")).expect("a namespace");
        let (first, other) = race(
            head_start,
            create(&*metadata, &name, PRIVATE),
            create(&*second, &name, PUBLIC),
        )
        .await;
        let record = metadata.namespace(&name).await.expect("namespace");
        let settings = record.expect("the namespace").settings;
        match (first, other) {
            (CreateOutcome::Created, CreateOutcome::Exists) => assert_eq!(settings, PRIVATE),
            (CreateOutcome::Exists, CreateOutcome::Created) => assert_eq!(settings, PUBLIC),
            outcomes => panic!("two namespaces of one name: {outcomes:?}"),
        }
    })
    .await;
}

/// Two first pushes into a new repository make it once; the one that finds it made decides again.
pub async fn repositories_02_two_first_pushes_make_one_repository(harness: &dyn MetadataHarness) {
    let second = harness.second();
    at_every_head_start(async |head_start| {
        let text = format!("team-{head_start}/app");
        let repos = [
            Repo::new(harness.metadata(), &text),
            Repo::new(harness.second(), &text),
        ];
        let blobs = ["one", "two"].map(|name| SampleBlob::inline(&format!("{name} of {text}")));
        let push = async |at: usize| {
            let command = PutBlob {
                create: ANYTHING_NEW,
                ..blobs[at].put(repos[at].scope_of(FactsVersion::default()))
            };
            let outcome = repos[at].metadata.put_blob(command).await;
            outcome.expect("a push that met another")
        };
        let (first, other) = race(head_start, push(0), push(1)).await;
        let outcomes = [first, other];
        assert!(
            outcomes.contains(&Checked::Current(PutBlobOutcome::Stored)),
            "{outcomes:?}"
        );
        for (blob, outcome) in blobs.iter().zip(&outcomes) {
            let there = repos[0].has_blob(&blob.digest).await;
            assert_eq!(there, *outcome != Checked::Stale, "after {outcome:?}");
        }
        let made = Event::RepositoryCreated {
            repository: name(&text),
        };
        let told = events(&*second).await;
        let told = told.iter().filter(|event| **event == made).count();
        assert_eq!(told, 1, "how often {text} was made");
    })
    .await;
}

/// Names that look like parts of a path, or like each other, are names like any other.
pub async fn repositories_02_any_name_is_a_name(harness: &dyn MetadataHarness) {
    for text in ODD_NAMES {
        let repo = Repo::create(harness.metadata(), text).await;
        let blob = SampleBlob::inline(text);
        assert_eq!(
            repo.put_blob(&blob).await,
            PutBlobOutcome::Stored,
            "in {text}"
        );
    }
    for text in ODD_NAMES {
        let repo = Repo::new(harness.second(), text);
        let record = repo.metadata.repository(&repo.name).await;
        let record = record.expect("repository").expect("the repository");
        assert_eq!(record.name.as_str(), text);
        for other in ODD_NAMES {
            let there = repo.has_blob(&SampleBlob::inline(other).digest).await;
            assert_eq!(there, other == text, "the blob of {other} in {text}");
        }
    }
}

/// Names that other registries could not hold, and their neighbours in byte order.
pub(super) const ODD_NAMES: [&str; 22] = [
    "a-b/c",
    "a.b/c",
    "a/b",
    "a/b-c",
    "a/b.c",
    "a/b/c",
    "a/b/c/d",
    "a/b_c",
    "a/bc",
    "a0/b",
    "a__b/c",
    "ab/c",
    "blobs/blobs",
    "library/manifests",
    "library/tags/list",
    "manifests/latest",
    "sha256/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "team/blobs/sha256/ab",
    "team/blobs/uploads",
    "team/manifests/sha256",
    "team/referrers",
    "v2/catalog",
];

async fn create(
    metadata: &dyn Metadata,
    name: &Namespace,
    settings: NamespaceSettings,
) -> CreateOutcome {
    let command = CreateNamespace {
        name,
        settings,
        origin: ALICE,
    };
    let made = metadata.create_namespace(command).await;
    made.expect("create_namespace")
}

/// Gives the namespace of a repository other settings.
async fn update(repo: &Repo, settings: NamespaceSettings) {
    let name = repo.name.namespace();
    let facts = repo.metadata.namespace_facts(&name).await;
    let version = facts.expect("namespace_facts").version;
    let updated = repo
        .metadata
        .update_namespace(&name, version, settings, ALICE);
    let outcome = current(updated.await.expect("update_namespace"));
    assert_eq!(outcome, UpdateOutcome::Updated);
}

async fn set_visibility(repo: &Repo, visibility: Option<Visibility>) -> UpdateOutcome {
    let scope = repo.scope().await;
    let set = repo
        .metadata
        .set_repository_visibility(scope, visibility, ALICE);
    current(set.await.expect("set_repository_visibility"))
}
