//! Clauses of guarantee 5: what is read back is what was pushed.

use bytes::Bytes;
use registry_core::{
    Digest, MediaType, Reference,
    backend::{BlobContent, PutBlobOutcome},
};

use crate::contract::metadata::{
    MetadataHarness,
    fixture::{MINUTES, Repo, SampleBlob, SampleManifest, tag},
};

/// Bytes that a text column, a JSON column or a careless parser would not give back.
fn odd_bytes() -> Vec<Bytes> {
    let all: Vec<u8> = (0..=255).collect();
    vec![
        Bytes::new(),
        Bytes::from_static(b"\0"),
        Bytes::from_static(b"{\"a\": 1,\r\n \"a\": 2 }\n\n"),
        Bytes::from_static(b"\xef\xbb\xbf{}"),
        Bytes::from_static(b"\xff\xfe not text \x00 at all"),
        Bytes::from(all.repeat(17)),
        Bytes::from(vec![b' '; 4 << 20]),
    ]
}

/// A manifest reads back byte for byte, by digest and by tag.
pub async fn content_05_a_manifest_reads_back_byte_for_byte(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let reader = repo.seen_by(harness.second());
    for (number, bytes) in odd_bytes().into_iter().enumerate() {
        let manifest = SampleManifest {
            bytes: bytes.clone(),
            ..SampleManifest::new(&format!("manifest {number}"))
        };
        repo.push(&manifest, &["v1"]).await;
        for reference in [
            Reference::Tag(tag("v1")),
            Reference::Digest(manifest.digest.clone()),
        ] {
            let record = reader.resolve(&reference).await.expect("the manifest");
            assert_eq!(record.digest, manifest.digest);
            assert!(
                record.bytes == bytes,
                "manifest {number} is not what was pushed"
            );
        }
    }
}

/// A blob in the row reads back byte for byte, also an empty one; its length is what was said.
pub async fn content_05_an_inline_blob_reads_back_byte_for_byte(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let reader = repo.seen_by(harness.second());
    for (number, bytes) in odd_bytes().into_iter().enumerate() {
        let blob = SampleBlob {
            digest: Digest::sha256(&bytes),
            size: bytes.len() as u64,
            content: BlobContent::Inline(bytes),
        };
        assert_eq!(repo.put_blob(&blob).await, PutBlobOutcome::Stored);
        let record = reader.blob(&blob.digest).await.expect("the blob");
        assert_eq!(record.size, blob.size);
        assert!(
            record.content == blob.content,
            "blob {number} is not what was put"
        );
    }
}

/// A blob in the store keeps its key and a length beyond what 32 bits hold.
pub async fn content_05_a_large_blob_keeps_its_length(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    for (number, size) in [1 << 31, 1 << 32, i64::MAX.unsigned_abs()]
        .into_iter()
        .enumerate()
    {
        let key = format!("objects/{number}/ключ");
        let blob = SampleBlob {
            size,
            ..SampleBlob::object(&key, &key)
        };
        repo.put_blob(&blob).await;
        let record = repo.seen_by(harness.second()).blob(&blob.digest).await;
        let record = record.expect("the blob");
        assert_eq!((record.size, record.content), (size, blob.content));
    }
}

/// A manifest has the type it was pushed with, to the letter, in each repository its own.
pub async fn content_05_a_manifest_keeps_its_type(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = Repo::create(harness.metadata(), "other/app").await;
    let types = [
        "application/vnd.Example.v1+JSON",
        "application/vnd.example.v1+json",
    ];
    for (repo, text) in [(&repo, types[0]), (&other, types[1])] {
        let media_type = MediaType::parse(text).expect("a media type");
        repo.push(&SampleManifest::new("manifest").typed(media_type), &[])
            .await;
    }
    for (repo, text) in [(&repo, types[0]), (&other, types[1])] {
        let record = repo.manifest(&SampleManifest::new("manifest").digest).await;
        let found = record.expect("the manifest").media_type;
        assert_eq!(found.as_str(), text, "in {}", repo.name);
    }
}

/// A manifest stored again keeps the time of its first arrival here and takes the new type.
pub async fn content_05_a_manifest_stored_again_keeps_its_first_time(
    harness: &dyn MetadataHarness,
) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let manifest = SampleManifest::new("manifest");
    let before = repo.facts().await.now;
    repo.push(&manifest, &["v1"]).await;
    let first = repo.manifest(&manifest.digest).await.expect("the manifest");
    let after = repo.facts().await.now;
    assert!(before <= first.created && first.created <= after);

    harness.advance(MINUTES).await;
    let again = manifest.clone().typed(MediaType::DOCKER_MANIFEST);
    repo.seen_by(harness.second()).push(&again, &["v2"]).await;
    let record = repo.manifest(&manifest.digest).await.expect("the manifest");
    assert_eq!(
        record.created, first.created,
        "the time of its first arrival"
    );
    assert_eq!(record.media_type, MediaType::DOCKER_MANIFEST);
    assert_eq!(record.bytes, manifest.bytes);
    let tagged = repo.resolve(&Reference::Tag(tag("v1"))).await;
    assert_eq!(tagged, Some(record));
}

/// A manifest that was deleted and comes again arrives then, and where it comes later it arrives later.
pub async fn content_05_arrival_is_by_repository(harness: &dyn MetadataHarness) {
    let repo = Repo::create(harness.metadata(), "team/app").await;
    let other = Repo::create(harness.metadata(), "other/app").await;
    let manifest = SampleManifest::new("manifest");
    repo.push(&manifest, &[]).await;
    let first = repo.manifest(&manifest.digest).await.expect("the manifest");
    harness.advance(MINUTES).await;
    other.push(&manifest, &[]).await;
    let there = other
        .manifest(&manifest.digest)
        .await
        .expect("the manifest");
    assert!(there.created.since(first.created) >= MINUTES);

    repo.delete_manifest(&manifest.digest).await;
    repo.push(&manifest, &[]).await;
    let again = repo.manifest(&manifest.digest).await.expect("the manifest");
    assert!(again.created.since(first.created) >= MINUTES);
}
