//! What Azure itself would let a writer do that was overtaken.

use std::sync::Arc;

use bytes::Bytes;
use registry_core::{
    Digest,
    backend::{BlobStore, StoreErrorKind},
};
use registry_storage::{
    SystemRandom,
    contract::run,
    object::{
        ObjectBlobs, ObjectSettings,
        object_store::{ObjectStoreExt, multipart::MultipartStore, path::Path},
    },
};

use super::{Container, PART_SIZE};

fn content(byte: u8) -> Bytes {
    Bytes::from(vec![byte; 2 * PART_SIZE as usize + 1])
}

/// Whatever an upload's blocks are, their commit changes no object that is there.
#[test]
fn a_second_commit_at_a_name_is_refused() {
    run(async {
        let container = Container::start().await;
        let blobs = container.open();
        let digest = Digest::sha256(&content(2));
        let mut write = blobs.begin().await.unwrap();
        let key = write.committed_key(&digest);
        let client = container.builder().build().unwrap();
        let path = Path::from(format!("registry/{key}"));
        client.put(&path, "committed".into()).await.unwrap();

        write.append(content(2)).await.unwrap();
        write.commit(&digest).await.unwrap_err();
        let bytes = client.get(&path).await.unwrap().bytes().await.unwrap();
        assert_eq!(bytes, "committed");
    });
}

/// That is the condition's doing: the client as it comes writes over what is there.
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
