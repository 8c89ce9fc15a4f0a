//! Clauses of guarantee 7: everything about a subject.

use std::collections::BTreeMap;

use registry_core::{
    Descriptor, Digest, MediaType, Platform,
    backend::{ReferenceTarget, ReferrersPage},
};

use crate::contract::metadata::{
    MetadataHarness,
    fixture::{Repo, SampleManifest, tags},
};

/// A manifest is listed with its subject whether that exists or not, whichever came first, and as
/// long as it is there itself.
pub async fn content_07_a_referrer_is_listed_whether_its_subject_is_there(
    harness: &dyn MetadataHarness,
) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let reader = repo.seen_by(harness.second());
    let subject = SampleManifest::new("subject");
    let referrer = SampleManifest::new("referrer").about(&subject.digest);
    let listed = async || reader.referrers(&subject.digest).await;
    repo.push(&referrer, &[]).await;
    let expected = std::slice::from_ref(&referrer.digest);
    assert_eq!(listed().await, expected, "before its subject came");
    repo.push(&subject, &["v1"]).await;
    assert_eq!(listed().await, expected, "with its subject");
    repo.push(&referrer, &["signature"]).await;
    assert_eq!(listed().await, expected, "stored again");
    repo.delete_manifest(&subject.digest).await;
    assert_eq!(listed().await, expected, "after its subject went");
    repo.delete_tag("signature").await;
    assert_eq!(listed().await, expected, "without a tag");
    repo.delete_manifest(&referrer.digest).await;
    assert_eq!(listed().await, [], "after it was deleted");
    repo.push(&referrer, &[]).await;
    assert_eq!(listed().await, expected, "stored anew");
}

/// A descriptor reads back as it was given, annotations and all.
pub async fn content_07_a_descriptor_reads_back_as_given(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let subject = Digest::sha512(b"subject");
    let mut referrer = SampleManifest::new("referrer")
        .typed(MediaType::OCI_INDEX)
        .artifact("application/vnd.example+json")
        .about(&subject);
    let annotations = [
        ("é\u{0}\n", "\u{10ffff} '\"\\%_"),
        ("", ""),
        ("a", "1"),
        ("A", "2"),
    ];
    let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
    referrer.descriptor = Descriptor {
        size: i64::MAX.unsigned_abs(),
        urls: vec!["https://example.com/a?b=c&d".to_owned()],
        annotations: BTreeMap::from(annotations),
        data: Some("e30=".to_owned()),
        platform: Some(Platform {
            architecture: "amd64".to_owned(),
            os: "linux".to_owned(),
            os_features: vec!["a".to_owned(), "b".to_owned()],
            ..Platform::default()
        }),
        ..referrer.descriptor
    };
    repo.push(&referrer, &[]).await;
    let page = ReferrersPage {
        subject: &subject,
        artifact_type: None,
        after: None,
        limit: 10,
    };
    let found = repo.seen_by(harness.second()).referrers_page(page).await;
    assert_eq!(found, [referrer.descriptor]);
}

/// The filter compares the whole artifact type, to the letter.
pub async fn content_07_a_filter_is_exact(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let subject = Digest::sha256(b"subject");
    let types = ["a/b_c", "a/bxc", "A/B_C", "a/b_c+json", "a/b%"];
    for artifact_type in types {
        let referrer = SampleManifest::new(artifact_type).artifact(artifact_type);
        repo.push(&referrer.about(&subject), &[]).await;
    }
    repo.push(&SampleManifest::new("untyped").about(&subject), &[])
        .await;
    for wanted in types.into_iter().chain(["", "a/b", "%", "a/B_c"]) {
        let page = ReferrersPage {
            subject: &subject,
            artifact_type: Some(wanted),
            after: None,
            limit: 10,
        };
        let found = repo.referrers_page(page).await;
        let found: Vec<_> = found
            .iter()
            .map(|found| found.artifact_type.as_deref())
            .collect();
        let expected = types.contains(&wanted).then_some(Some(wanted));
        assert_eq!(found, Vec::from_iter(expected), "of the type {wanted:?}");
    }
}

/// A subject is another thing than a reference, and a digest of one algorithm than one of another.
pub async fn content_07_only_a_subject_makes_a_referrer(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let subjects = [Digest::sha256(b"subject"), Digest::sha512(b"subject")];
    let index =
        SampleManifest::new("index").referring(ReferenceTarget::Manifest, &subjects[0], false);
    repo.push(&index, &["v1"]).await;
    assert_eq!(repo.referrers(&subjects[0]).await, []);
    for (number, subject) in subjects.iter().enumerate() {
        let referrer = SampleManifest::new(&format!("referrer {number}")).about(subject);
        repo.put_manifest(&referrer, &tags(&["v1"])).await;
    }
    for (number, subject) in subjects.iter().enumerate() {
        let expected = SampleManifest::new(&format!("referrer {number}")).digest;
        assert_eq!(repo.referrers(subject).await, [expected]);
    }
}
