//! Registries that share a bucket, each with a client of its own.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use registry_core::{
    AllowAll, BodyError, Caller, Digest, Registry, RepositoryName, Task, backend::Metadata,
};
use registry_storage::{ManualClock, SystemRandom, contract::run, memory::MemoryMetadata};

use super::{OpenBucket, open, server::PART_SIZE};

async fn registry(bucket: &OpenBucket, metadata: &Arc<dyn Metadata>) -> Registry {
    let registry = Registry::builder()
        .metadata(Arc::clone(metadata))
        .blobs(Arc::new(open(bucket.builder())))
        .random(SystemRandom)
        .policy(AllowAll)
        .spawner(|task: Task| drop(tokio::spawn(task)));
    registry.build().await.unwrap()
}

fn body(bytes: Bytes) -> stream::BoxStream<'static, Result<Bytes, BodyError>> {
    stream::iter([Ok(bytes)]).boxed()
}

#[test]
fn a_blob_of_several_parts_is_pushed_through_two_and_pulled_from_both() {
    run(async {
        let bucket = OpenBucket::start().await;
        let metadata: Arc<dyn Metadata> =
            Arc::new(MemoryMetadata::new(Arc::new(ManualClock::default())));
        let ada = Caller::named("ada");
        let name = RepositoryName::parse("team/app").unwrap();
        let registries = [
            registry(&bucket, &metadata).await,
            registry(&bucket, &metadata).await,
        ];
        let whole = Bytes::from_iter((0..3 * PART_SIZE + 7).map(|at| (at % 251) as u8));
        let (half, digest) = (PART_SIZE + 3, Digest::sha256(&whole));

        let push = registries[0].open(&ada, &name).push().await.unwrap();
        let id = push.begin_upload(None).unwrap();
        let mut first = body(whole.slice(..half as usize));
        let upload = push.upload(&id).unwrap();
        assert_eq!(upload.append(None, &mut first).await.unwrap(), half);

        let push = registries[1].open(&ada, &name).push().await.unwrap();
        let mut rest = body(whole.slice(half as usize..));
        let upload = push.upload(&id).unwrap();
        upload.finish(Some(half), &mut rest, &digest).await.unwrap();

        for registry in &registries {
            let pull = registry.open(&ada, &name).pull().await.unwrap();
            let blob = pull.blob(&digest).await.unwrap();
            assert!(blob.read_all().await.unwrap() == whole);
        }
    });
}
