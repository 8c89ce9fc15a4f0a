//! Databases that older versions left behind, with what was in them.

use std::sync::Arc;

use registry_core::{
    Digest, Reference, RepositoryName, SystemClock,
    backend::{
        BlobContent, Checked, Content, Inspection, ReferrersPage, Repositories, Scope, Uploads,
    },
};
use registry_storage::{Durability, sqlite::SqliteMetadata};
use rusqlite::Connection;

use super::fixture::{Client, Place};

/// A database of each schema that there was.
const OLDER: [&str; 1] = [include_str!("older/001.sql")];

fn opened(place: &Place, sql: &str) -> SqliteMetadata {
    let connection = Connection::open(place.database()).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
    SqliteMetadata::open(place.database(), Arc::new(SystemClock), Durability::Strict).unwrap()
}

fn current<T>(answer: Result<Checked<T>, registry_core::backend::MetadataError>) -> T {
    match answer.unwrap() {
        Checked::Current(answer) => answer,
        Checked::Stale => panic!("nobody changed anything"),
    }
}

#[test]
fn what_was_in_a_database_of_every_older_schema_is_there() {
    for sql in OLDER {
        let place = Place::new();
        let metadata = opened(&place, sql);
        futures_executor::block_on(holds_all(&metadata));
    }
}

async fn holds_all(metadata: &SqliteMetadata) {
    let client = Client::new(metadata, "team/app");
    let tags = client.tags().await;
    let tags: Vec<_> = tags.iter().map(|tag| tag.as_str()).collect();
    assert_eq!(tags, ["latest", "v1"]);
    let manifest = client.tagged("v1").await.unwrap();
    assert_eq!(Digest::sha256(&manifest.bytes), manifest.digest);

    let name = RepositoryName::parse("team/app").unwrap();
    let facts = metadata.facts(&name).await.unwrap().version;
    let scope = Scope {
        repository: &name,
        facts,
    };
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

    let small = Digest::sha256(b"a small layer");
    let small = current(metadata.blob(scope, &small).await).unwrap();
    assert_eq!(small.content, BlobContent::Inline("a small layer".into()));
    let large = Digest::sha256("a large layer ".repeat(4000).as_bytes());
    let large_here = current(metadata.blob(scope, &large).await).unwrap();
    assert_eq!(large_here.size, 56_000);
    let holders = metadata.holders(&large, None, None, 10).await.unwrap();
    let holders: Vec<_> = holders.iter().map(RepositoryName::as_str).collect();
    assert_eq!(holders, ["library/alone", "team/app"]);
    let aside = metadata.quarantined(None, 10).await.unwrap();
    assert_eq!(aside.len(), 1);
    assert_eq!(
        (aside[0].digest.algorithm(), aside[0].size),
        ("sha512", 63_000)
    );
    let writes = metadata
        .expire(std::time::Duration::ZERO, 10)
        .await
        .unwrap();
    assert_eq!(writes.len(), 1, "the upload under way");
}
