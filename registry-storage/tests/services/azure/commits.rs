//! What Azure itself would let a writer do that was overtaken.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use registry_core::{
    Digest,
    backend::{BlobStore, StoreErrorKind},
};
use registry_storage::{
    SystemRandom,
    contract::run,
    object::{
        ObjectBlobs, ObjectSettings,
        object_store::{ObjectStoreExt, PutPayload, multipart::MultipartStore, path::Path},
    },
};

use super::{Container, PART_SIZE};

fn content(byte: u8) -> Bytes {
    Bytes::from(vec![byte; 2 * PART_SIZE as usize + 1])
}

/// A writer was overtaken after it had looked whether its upload is open, here by what it looks at being put back.
#[test]
fn a_second_commit_at_a_name_is_refused() {
    run(async {
        let container = Container::start().await;
        let (blobs, other) = (container.open(), container.open());
        let start = content(1);
        let mut older = blobs.begin().await.unwrap();
        older.append(start.clone()).await.unwrap();
        let from = older.checkpoint().await.unwrap();
        let mut newer = other.resume(&from).await.unwrap();
        newer.append(content(3)).await.unwrap();
        let whole = [start.clone(), content(3)].concat();
        let key = newer.commit(&Digest::sha256(&whole)).await.unwrap();

        let (_, upload) = from.key.as_str().rsplit_once('/').unwrap();
        let client = container.builder().build().unwrap();
        let open = Path::from(format!("registry/uploads/{upload}"));
        client.put(&open, PutPayload::new()).await.unwrap();
        older.append(content(2)).await.unwrap();
        older.checkpoint().await.unwrap();
        let refused = older.commit(&Digest::sha256(&[start, content(2)].concat()));
        refused.await.unwrap_err();
        let read = blobs.read(&key, None).await.unwrap();
        let bytes: Vec<_> = read.bytes.try_collect().await.unwrap();
        assert!(bytes.concat() == whole);
    });
}

/// The client as it comes, without the condition, writes over what is there.
#[test]
fn without_the_condition_it_would_not_be() {
    run(async {
        let container = Container::start().await;
        let client = container.builder().build().unwrap();
        let path = Path::from("object");
        client.put(&path, "committed".into()).await.unwrap();
        let id = client.create_multipart(&path).await.unwrap();
        let part = client
            .put_part(&path, &id, 0, "overtaken".into())
            .await
            .unwrap();
        client
            .complete_multipart(&path, &id, vec![part])
            .await
            .unwrap();
        let bytes = client.get(&path).await.unwrap().bytes().await.unwrap();
        assert_eq!(bytes, "overtaken");
    });
}

/// A client as it comes is told from one of ours, and keeps what is one part.
#[test]
fn a_client_as_it_comes_keeps_no_object_of_several_parts() {
    run(async {
        let container = Container::start().await;
        let client = Arc::new(container.builder().build().unwrap());
        let settings = ObjectSettings {
            part_size: PART_SIZE,
            ..ObjectSettings::default()
        };
        let random = Arc::new(SystemRandom);
        let blobs = ObjectBlobs::new(client.clone(), client, settings, random).unwrap();
        let mut write = blobs.begin().await.unwrap();
        let refused = match write.append(content(1)).await {
            Ok(()) => write.commit(&Digest::sha256(&content(1))).await.map(drop),
            refused => refused,
        };
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind, StoreErrorKind::Unavailable);
        assert!(
            refused.message.contains("no object of several parts"),
            "{refused}"
        );
    });
}
