//! Hazard 2: two writers of one session.

use async_trait::async_trait;
use registry_core::backend::{ClaimOutcome, Metadata, WriteCheckpoint, WriteOutcome};
use registry_storage::contract::metadata as contract;

use super::{
    assert_caught,
    mutant::{Answer, Mutation, broken},
};

/// The last checkpoint written counts, whoever wrote it.
struct NoEpochs;

#[async_trait]
impl Mutation for NoEpochs {
    async fn write_checkpoint(
        &self,
        inner: &dyn Metadata,
        command: WriteCheckpoint<'_>,
    ) -> Answer<WriteOutcome> {
        let outcome = inner.write_checkpoint(command.clone()).await?;
        match inner.claim(command.session).await? {
            ClaimOutcome::Claimed { epoch, .. } if outcome == WriteOutcome::Superseded => {
                inner
                    .write_checkpoint(WriteCheckpoint { epoch, ..command })
                    .await
            }
            _ => Ok(outcome),
        }
    }
}

#[test]
fn hazard_02_two_writers_of_one_session_are_caught_by_uploads_01() {
    assert_caught(
        contract::uploads_01_of_two_first_writes_one_makes_the_row,
        &broken(|_| NoEpochs),
        "two first writes of one session",
    );
    assert_caught(
        contract::uploads_01_a_claim_supersedes_the_writer_before,
        &broken(|_| NoEpochs),
        "",
    );
}
