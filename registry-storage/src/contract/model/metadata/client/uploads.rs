//! Uploads, and what is left of those that ended.

use registry_core::backend::{
    ClaimOutcome, PartialContent, TailChange, UploadState, WriteCheckpoint, WriteOutcome,
};

use super::{Answered, Client, IDLE, keys, texts};
use crate::contract::{
    metadata::fixture::checkpoint,
    model::metadata::{
        action::Write,
        stage,
        world::{Answer, Call, Claim, Stand},
    },
};

impl Client {
    pub(super) async fn write_upload(&mut self, call: &Call) -> Answered {
        match call.write {
            Write::Claim(at, id) => {
                let session = self.session(at, id);
                let claimed = self.metadata.claim(session.key()).await?;
                let (epoch, claim) = match claimed {
                    ClaimOutcome::Fresh => (Some(0), Claim::Fresh),
                    ClaimOutcome::Claimed { epoch, from } => {
                        let open = stand(UploadState::Open(from));
                        let Stand::Open(key) = open else {
                            return Ok(Answer::Done);
                        };
                        (Some(epoch), Claim::Claimed(key))
                    }
                    ClaimOutcome::Finished(digest) => {
                        (None, Claim::Ended(stand(UploadState::Finished(digest))))
                    }
                    ClaimOutcome::Cancelled => (None, Claim::Ended(Stand::Cancelled)),
                };
                self.epochs.extend(epoch.map(|epoch| ((at, id), epoch)));
                Ok(Answer::Claim(claim))
            }
            Write::Checkpoint(at, id) => {
                let key = call.key.as_deref().unwrap_or_default();
                let session = self.session(at, id);
                let command = WriteCheckpoint {
                    session: session.key(),
                    epoch: self.epoch(at, id),
                    checkpoint: checkpoint(key.len() as u64, key),
                    tail: TailChange::Append(0),
                };
                let written = self.metadata.write_checkpoint(command).await?;
                if let WriteOutcome::Written { epoch } = written {
                    self.epochs.insert((at, id), epoch);
                }
                Ok(Answer::Is(written != WriteOutcome::Superseded))
            }
            Write::Cancel(at, id) => {
                let stood = self.metadata.cancel(self.session(at, id).key()).await?;
                Ok(Answer::Upload(stood.map(stand)))
            }
            Write::Expire => {
                let keys = texts(self.metadata.expire(IDLE, 1000).await?);
                self.expired.clone_from(&keys);
                Ok(Answer::Keys(keys.into_iter().collect()))
            }
            _ => {
                let keys = keys(&call.keys);
                self.metadata
                    .forget_expired(&keys)
                    .await
                    .map(|()| Answer::Done)
            }
        }
    }
}

pub(super) fn stand(state: UploadState) -> Stand {
    match state {
        UploadState::Open(checkpoint) => Stand::Open(match checkpoint.content {
            PartialContent::Store(store) => store.key.to_string(),
            PartialContent::Inline(_) => "inline".to_owned(),
        }),
        UploadState::Finished(digest) => {
            let blob = (0..stage::BLOBS.len()).find(|index| stage::blob(*index) == digest);
            Stand::Finished(blob.expect("the digest of a blob that was put"))
        }
        UploadState::Cancelled => Stand::Cancelled,
    }
}
