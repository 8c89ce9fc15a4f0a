//! What is in the databases that older versions left behind, whatever their backend.

use std::time::Duration;

use registry_core::{
    Digest, Reference, RepositoryName,
    backend::{BlobContent, Checked, Metadata, MetadataError, ReferrersPage, Scope},
};

fn current<T>(answer: Result<Checked<T>, MetadataError>) -> T {
    match answer.unwrap() {
        Checked::Current(answer) => answer,
        Checked::Stale => panic!("nobody changed anything"),
    }
}

/// Two tags of an image with a small and a large layer, a referrer, the same blobs in another repository, and an
/// upload under way.
pub(crate) async fn holds_all(metadata: &dyn Metadata) {
    let name = RepositoryName::parse("team/app").unwrap();
    let facts = metadata.facts(&name).await.unwrap().version;
    let scope = Scope {
        repository: &name,
        facts,
    };
    let tags = current(metadata.tags(scope, None, 10).await);
    let tags: Vec<_> = tags.iter().map(|tag| tag.as_str()).collect();
    assert_eq!(tags, ["latest", "v1"]);
    let v1 = Reference::Tag("v1".parse().unwrap());
    let manifest = current(metadata.manifest(scope, &v1).await).unwrap();
    assert_eq!(Digest::sha256(&manifest.bytes), manifest.digest);
    let page = ReferrersPage {
        subject: &manifest.digest,
        artifact_type: None,
        after: None,
        limit: 10,
    };
    let referrers = current(metadata.referrers(scope, page).await);
    assert_eq!(referrers.len(), 1);
    let referrer = Reference::Digest(referrers[0].read().unwrap().digest);
    assert!(current(metadata.manifest(scope, &referrer).await).is_some());
    holds_the_blobs(metadata, scope).await;
    let writes = metadata.expire(Duration::ZERO, 10).await.unwrap();
    assert_eq!(writes.len(), 1, "the upload under way");
}

async fn holds_the_blobs(metadata: &dyn Metadata, scope: Scope<'_>) {
    let small = Digest::sha256(b"a small layer");
    let small = current(metadata.blob(scope, &small).await).unwrap();
    assert_eq!(small.content, BlobContent::Inline("a small layer".into()));
    let large = Digest::sha256("a large layer ".repeat(4000).as_bytes());
    let there = current(metadata.blob(scope, &large).await).unwrap();
    assert_eq!(there.size, 56_000);
    let holders = metadata.holders(&large, None, None, 10).await.unwrap();
    let holders: Vec<_> = holders.iter().map(RepositoryName::as_str).collect();
    assert_eq!(holders, ["library/alone", "team/app"]);
}
