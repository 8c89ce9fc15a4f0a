//! Blobs whose bytes are in the store already.

use bytes::Bytes;
use registry_core::{
    Digest, Error, PushedBlob, Result, Trust,
    backend::{BlobStore, ObjectKey, ObjectKind},
};

use super::fixture::{Fixture, LARGE, refused, repository, run};

const NAME: &str = "team/app";

/// An object with these bytes, that nothing names.
async fn object(fixture: &Fixture, bytes: &[u8]) -> ObjectKey {
    let mut write = fixture.blobs.begin().await.unwrap();
    write.append(Bytes::copy_from_slice(bytes)).await.unwrap();
    write.commit(&Digest::sha256(bytes)).await.unwrap()
}

async fn put(fixture: &Fixture, blob: &PushedBlob, key: ObjectKey, trust: Trust) -> Result<()> {
    let opening = fixture.registry.open(&fixture.caller, &repository(NAME));
    opening.push().await?.put_object(blob, key, trust).await
}

fn blob(bytes: &[u8]) -> PushedBlob {
    PushedBlob {
        digest: Digest::sha256(bytes),
        size: bytes.len() as u64,
    }
}

async fn objects(fixture: &Fixture) -> usize {
    let listed = fixture.blobs.list(ObjectKind::Committed, None, 10).await;
    listed.unwrap().len()
}

#[test]
fn an_object_becomes_a_blob_where_its_bytes_are_those_of_the_digest() {
    run(async {
        let fixture = Fixture::new();
        let bytes = vec![1; LARGE];
        let key = object(&fixture, &bytes).await;
        put(&fixture, &blob(&bytes), key, Trust::Nothing)
            .await
            .unwrap();
        let read = fixture.blob(NAME, &Digest::sha256(&bytes)).await.unwrap();
        assert!(read == bytes);
    });
}

#[test]
fn hazard_09_an_object_of_other_bytes_is_refused_and_given_up() {
    run(async {
        let fixture = Fixture::new();
        let key = object(&fixture, &[2; LARGE]).await;
        let said = blob(&[1; LARGE]);
        let refused = put(&fixture, &said, key, Trust::Nothing).await;
        refused!(refused, Error::DigestMismatch { .. });
        assert_eq!(objects(&fixture).await, 0);
        fixture.blob(NAME, &said.digest).await.unwrap_err();
    });
}

#[test]
fn who_trusts_believes_the_digest_and_not_the_length() {
    run(async {
        let fixture = Fixture::new();
        let said = blob(&[1; LARGE]);
        let short = object(&fixture, &[1; LARGE - 1]).await;
        let refused = put(&fixture, &said, short, Trust::Digest).await;
        refused!(refused, Error::Unavailable(_));
        assert_eq!(objects(&fixture).await, 0);
        let other = object(&fixture, &[2; LARGE]).await;
        put(&fixture, &said, other, Trust::Digest).await.unwrap();
        assert!(fixture.blob(NAME, &said.digest).await.unwrap() == [2; LARGE][..]);
    });
}

#[test]
fn an_object_that_is_not_there_is_no_blob_for_who_trusts_either() {
    run(async {
        let fixture = Fixture::new();
        let said = blob(&[1; LARGE]);
        for trust in [Trust::Nothing, Trust::Digest] {
            let absent = ObjectKey::new("blobs/absent");
            let refused = put(&fixture, &said, absent, trust).await;
            refused!(refused, Error::Unavailable(_));
            fixture.blob(NAME, &said.digest).await.unwrap_err();
        }
    });
}

#[test]
fn an_object_of_a_blob_that_is_there_is_given_up() {
    run(async {
        let fixture = Fixture::new();
        let bytes = vec![1; LARGE];
        fixture.put_blob("other", &bytes).await.unwrap();
        let key = object(&fixture, &bytes).await;
        put(&fixture, &blob(&bytes), key, Trust::Nothing)
            .await
            .unwrap();
        assert_eq!(objects(&fixture).await, 1);
        assert!(fixture.blob(NAME, &Digest::sha256(&bytes)).await.unwrap() == bytes);
    });
}
