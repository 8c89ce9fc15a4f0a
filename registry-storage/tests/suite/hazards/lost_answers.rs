//! Hazard 39: a command whose answer was lost is taken for one that was refused.

use std::sync::Arc;

use async_trait::async_trait;
use registry_core::backend::{
    Checked, Metadata, MetadataError, MetadataErrorKind, PutBlob, PutBlobOutcome, PutManifest,
    PutManifestOutcome,
};
use registry_storage::{
    ManualClock,
    contract::{metadata::LocalMetadata, model},
    memory::MemoryMetadata,
    wrap::{Fault, Faults, FaultyMetadata, Operation, When},
};

use super::{
    assert_fails,
    mutant::{Answer, Mutation, mutated},
};

/// Says that nothing happened where the connection broke during the commit.
struct TakenForRefused;

#[async_trait]
impl Mutation for TakenForRefused {
    async fn put_blob(
        &self,
        inner: &dyn Metadata,
        command: PutBlob<'_>,
    ) -> Answer<Checked<PutBlobOutcome>> {
        inner.put_blob(command).await.map_err(refused)
    }

    async fn put_manifest(
        &self,
        inner: &dyn Metadata,
        command: PutManifest<'_>,
    ) -> Answer<Checked<PutManifestOutcome>> {
        inner.put_manifest(command).await.map_err(refused)
    }
}

fn refused(error: MetadataError) -> MetadataError {
    MetadataError::new(MetadataErrorKind::Unavailable, error.message)
}

/// A backend whose connection breaks at every third push.
fn breaking(clock: ManualClock) -> Arc<dyn Metadata> {
    let faults = Arc::new(Faults::default());
    for operation in [Operation::PutBlob, Operation::PutManifest] {
        faults.add(operation, When::Every(3), Fault::LostAnswer);
    }
    let inner = Arc::new(MemoryMetadata::new(Arc::new(clock)));
    Arc::new(FaultyMetadata::new(inner, faults))
}

#[test]
fn hazard_39_a_lost_answer_taken_for_a_refusal_is_caught_by_the_model() {
    assert_fails(
        || model::metadata(|| async { LocalMetadata::new(breaking) }),
        || {
            let broken = |clock| mutated(breaking(clock), TakenForRefused);
            model::metadata(|| async { LocalMetadata::new(broken) });
        },
        "but may answer only",
    );
}
