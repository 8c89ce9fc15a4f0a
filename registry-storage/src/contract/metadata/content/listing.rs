//! Clauses of guarantee 6: tags and referrers in byte order, page by page.

use registry_core::{Descriptor, Digest, Tag, VisibleSet, backend::ReferrersPage};

use crate::contract::{
    cost::assert_costs_alike,
    metadata::{
        MetadataHarness,
        fixture::{PRIVATE, Repo, SampleBlob, SampleManifest, name, repo_in, tags, texts},
    },
};

/// Tags in byte order; a collation would order them otherwise, or take some for the same.
const TAGS: [&str; 16] = [
    "0", "1.0", "1.0-rc", "1.0.1", "10", "9", "A", "B", "V1", "_", "__", "a", "a-b", "a.b", "a_b",
    "v1",
];

/// Texts that are no tags, to begin a page after.
const ODD_CURSORS: [&str; 10] = ["", " ", "-", "1", "Z", "a", "a%", "a/", "a\0", "\u{10ffff}"];

/// Tags go in byte order, in pages of any length, strictly after a cursor that may be any text.
pub async fn content_06_tags_go_in_byte_order(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let reader = repo.seen_by(harness.second());
    let mut reversed = TAGS;
    reversed.reverse();
    repo.push(&SampleManifest::new("manifest"), &reversed).await;
    assert!(TAGS.is_sorted(), "the suite's own tags");
    assert_eq!(reader.tags().await, TAGS);
    for limit in [1, 2, 5, TAGS.len(), 1000] {
        let mut all: Vec<Tag> = Vec::new();
        loop {
            let page = reader.tags_page(all.last().map(Tag::as_str), limit).await;
            assert!(page.len() <= limit, "{} tags, at most {limit}", page.len());
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        assert_eq!(texts(&all), TAGS, "at most {limit} at once");
    }
    assert_eq!(reader.tags_page(None, 0).await, [], "at most 0");
    for after in ODD_CURSORS.into_iter().chain(TAGS) {
        let page = reader.tags_page(Some(after), usize::MAX).await;
        let expected = TAGS.into_iter().filter(|text| *text > after);
        assert_eq!(
            texts(&page),
            expected.collect::<Vec<_>>(),
            "after {after:?}"
        );
    }
}

/// The tags of a repository that is absent, or has none, are none.
pub async fn content_06_an_empty_repository_lists_nothing(harness: &dyn MetadataHarness) {
    let absent = Repo::new(harness.metadata(), "team/absent");
    let empty = Repo::create(harness.metadata(), "team/empty").await;
    for repo in [absent, empty] {
        assert_eq!(repo.tags().await, <[&str; 0]>::default());
        assert_eq!(repo.referrers(&Digest::sha256(b"subject")).await, []);
    }
}

/// Tags that come and go between pages, the cursor among them, neither hide nor repeat another.
pub async fn content_06_a_deleted_cursor_does_no_harm(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = repo.seen_by(harness.second());
    let manifest = SampleManifest::new("manifest");
    repo.push(&manifest, &TAGS).await;
    let mut found: Vec<String> = Vec::new();
    loop {
        let after = found.last().map(String::as_str);
        let page = repo.tags_page(after, 2).await;
        let Some(last) = page.last() else {
            break;
        };
        found.extend(texts(&page).into_iter().map(str::to_owned));
        other.delete_tag(last.as_str()).await;
        // One that the listing has passed already.
        other.push(&manifest, &["0"]).await;
    }
    assert_eq!(found, TAGS);
}

/// Every tag of a cursor that was deleted with its manifest, at any place of the list.
pub async fn content_06_any_tag_may_go_while_it_is_a_cursor(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let kept = SampleManifest::new("kept");
    let gone = SampleManifest::new("gone");
    for cursor in TAGS {
        repo.push(&kept, &TAGS).await;
        repo.push(&gone, &[cursor]).await;
        repo.delete_manifest(&gone.digest).await;
        let page = repo.tags_page(Some(cursor), usize::MAX).await;
        let expected = TAGS.into_iter().filter(|text| *text > cursor);
        assert_eq!(texts(&page), expected.collect::<Vec<_>>(), "after {cursor}");
    }
}

/// Referrers go in the byte order of their digests, in pages of any length, strictly after a cursor
/// that may be any text, with and without a filter.
pub async fn content_06_referrers_go_in_byte_order(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let subject = Digest::sha256(b"subject");
    let mut made = Vec::new();
    for number in 0..9 {
        let text = format!("referrer {number}");
        let referrer = match number % 3 {
            0 => SampleManifest::sha512(&text),
            1 => SampleManifest::new(&text).artifact("application/x"),
            _ => SampleManifest::new(&text).artifact("application/y"),
        };
        let referrer = referrer.about(&subject);
        repo.push(&referrer, &[]).await;
        made.push(referrer.descriptor);
    }
    made.sort_by(|a, b| a.digest.as_str().cmp(b.digest.as_str()));
    for artifact_type in [None, Some("application/x"), Some("application/z")] {
        let expected: Vec<_> = made
            .iter()
            .filter(|made| {
                artifact_type.is_none() || made.artifact_type.as_deref() == artifact_type
            })
            .cloned()
            .collect();
        for limit in [1, 2, 4, 9, usize::MAX] {
            let pages = referrer_pages(&repo, &subject, artifact_type, limit).await;
            assert_eq!(
                pages, expected,
                "{artifact_type:?}, at most {limit} at once"
            );
        }
        let own = made.iter().map(|descriptor| descriptor.digest.as_str());
        for after in ODD_CURSORS
            .into_iter()
            .chain(["sha256:", "sha3"])
            .chain(own)
        {
            let page = ReferrersPage {
                subject: &subject,
                artifact_type,
                after: Some(after),
                limit: 3,
            };
            let found = repo.referrers_page(page).await;
            let rest = expected.iter().filter(|next| next.digest.as_str() > after);
            let rest: Vec<_> = rest.take(3).cloned().collect();
            assert_eq!(found, rest, "{artifact_type:?} after {after:?}");
        }
    }
}

/// A referrer that was deleted while it was the cursor hides no other.
pub async fn content_06_a_deleted_referrer_is_a_cursor_still(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let subject = Digest::sha256(b"subject");
    for number in 0..6 {
        let referrer = SampleManifest::new(&format!("referrer {number}")).about(&subject);
        repo.push(&referrer, &[]).await;
    }
    let all = repo.referrers(&subject).await;
    assert_eq!(all.len(), 6);
    for (index, digest) in all.iter().enumerate() {
        repo.delete_manifest(digest).await;
        let page = ReferrersPage {
            subject: &subject,
            artifact_type: None,
            after: Some(digest.as_str()),
            limit: usize::MAX,
        };
        let rest = repo.referrers_page(page).await;
        let rest = rest.iter().map(|descriptor| &descriptor.digest);
        assert!(rest.eq(&all[index + 1..]), "after {digest}, deleted");
    }
}

/// Repositories that hold a blob go in byte order, in pages, and only those that may be seen.
pub async fn content_06_holders_go_in_byte_order(harness: &dyn MetadataHarness) {
    let names = ["a-b/c", "a/b", "a/b-c", "a/b/c", "b/c", "b/d"];
    let blob = SampleBlob::object("layer", "objects/1");
    for text in names.iter().rev() {
        Repo::create(harness.metadata(), text)
            .await
            .put_blob(&blob)
            .await;
    }
    repo_in(harness.metadata(), PRIVATE, "c/without").await;
    let second = harness.second();
    let visible = VisibleSet {
        namespaces: [name("b/c").namespace()].into(),
        prefixes: ["a/b/".to_owned()].into(),
        ..VisibleSet::default()
    };
    let seen = ["a/b/c", "b/c", "b/d"];
    for (visible, expected) in [(None, &names[..]), (Some(&visible), &seen[..])] {
        for limit in [0, 1, 2, usize::MAX] {
            for after in [None, Some(""), Some("a/b"), Some("a/b-d"), Some("z")] {
                let holders = second.holders(&blob.digest, visible, after, limit).await;
                let holders = holders.expect("holders");
                let found: Vec<_> = holders.iter().map(AsRef::<str>::as_ref).collect();
                let rest = expected.iter().filter(|text| Some(**text) > after);
                let rest: Vec<_> = rest.copied().take(limit).collect();
                assert_eq!(found, rest, "after {after:?}, at most {limit}");
            }
        }
    }
    let repo = Repo::new(harness.metadata(), "a/b/c");
    repo.delete_blob(&blob.digest).await;
    let holders = second.holders(&blob.digest, Some(&visible), None, 10).await;
    assert_eq!(holders.expect("holders"), ["b/c", "b/d"].map(name));
}

/// A page of tags costs no more among many than among few.
pub async fn content_06_a_page_of_tags_costs_its_length(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let manifest = SampleManifest::new("manifest");
    let grow = async |from: usize, to: usize| {
        let texts: Vec<_> = (from..to).map(|number| format!("n{number}")).collect();
        for chunk in texts.chunks(50) {
            let texts: Vec<_> = chunk.iter().map(String::as_str).collect();
            repo.put_manifest(&manifest, &tags(&texts)).await;
        }
    };
    let page = async || {
        let found = repo.tags_page(Some("n1"), 10).await;
        assert_eq!(found.len(), 10);
    };
    assert_costs_alike(page, grow).await;
}

/// All pages of referrers, put together.
async fn referrer_pages(
    repo: &Repo,
    subject: &Digest,
    artifact_type: Option<&str>,
    limit: usize,
) -> Vec<Descriptor> {
    let mut all: Vec<Descriptor> = Vec::new();
    loop {
        let page = ReferrersPage {
            subject,
            artifact_type,
            after: all.last().map(|last| last.digest.as_str()),
            limit,
        };
        let found = repo.referrers_page(page).await;
        assert!(
            found.len() <= limit,
            "{} referrers, at most {limit}",
            found.len()
        );
        if found.is_empty() {
            return all;
        }
        all.extend(found);
    }
}
