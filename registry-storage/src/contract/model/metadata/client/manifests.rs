//! Manifests, tags and what is counted of them.

use registry_core::backend::{
    DeleteManifest, DeleteManifestOutcome, DeleteTag, PullCount, PutManifest, PutManifestOutcome,
    Renewal, TagCondition, TagMove,
};

use super::{Answered, Client, checked};
use crate::contract::{
    metadata::fixture::ALICE,
    model::metadata::{
        action::{Condition, Creates, Write},
        stage::{self, Index},
        world::Answer,
    },
};

impl Client {
    pub(super) async fn write_manifest(&self, write: &Write) -> Answered {
        match write {
            Write::PutManifest {
                repository,
                manifest,
                tags,
                creates,
            } => {
                self.put_manifest(*repository, *manifest, tags, *creates)
                    .await
            }
            Write::DeleteTag(at, tag, condition) => {
                let name = stage::repository(*at);
                let command = DeleteTag {
                    scope: self.scope(*at, &name),
                    tag: &stage::tag_at(*tag),
                    condition: (*condition).into(),
                    origin: ALICE,
                };
                checked(self.metadata.delete_tag(command).await, Answer::DeleteTag)
            }
            Write::DeleteManifest(at, manifest) => {
                let name = stage::repository(*at);
                let command = DeleteManifest {
                    scope: self.scope(*at, &name),
                    digest: &stage::manifest(*manifest),
                    origin: ALICE,
                };
                let deleted = self.metadata.delete_manifest(command).await;
                checked(deleted, |outcome| Answer::DeleteManifest(in_order(outcome)))
            }
            Write::Renew(at, target, index) => {
                let renewal = Renewal {
                    repository: &stage::repository(*at),
                    target: *target,
                    digest: &stage::digest(*target, *index),
                };
                self.metadata.renew(renewal).await.map(Answer::Is)
            }
            Write::AddPulls(at, tag) => {
                let count = PullCount {
                    repository: stage::repository(*at),
                    tag: tag.map(stage::tag_at),
                    pulls: 1,
                };
                self.metadata
                    .add_pulls(&[count])
                    .await
                    .map(|()| Answer::Done)
            }
            _ => Ok(Answer::Done),
        }
    }

    async fn put_manifest(
        &self,
        at: Index,
        manifest: Index,
        tags: &[(Index, Condition)],
        creates: Creates,
    ) -> Answered {
        let name = stage::repository(at);
        let moves = tags.iter().map(|(tag, condition)| TagMove {
            tag: stage::tag_at(*tag),
            condition: (*condition).into(),
        });
        let moves: Vec<_> = moves.collect();
        let sample = stage::sample_manifest(manifest);
        let command = PutManifest {
            create: creates.into(),
            ..sample.put(self.scope(at, &name), &moves)
        };
        let put = self.metadata.put_manifest(command).await;
        checked(put, |outcome| {
            Answer::PutManifest(match outcome {
                PutManifestOutcome::Missing(mut missing) => {
                    missing.sort();
                    PutManifestOutcome::Missing(missing)
                }
                outcome => outcome,
            })
        })
    }
}

fn in_order(outcome: DeleteManifestOutcome) -> DeleteManifestOutcome {
    match outcome {
        DeleteManifestOutcome::Deleted { mut untagged } => {
            untagged.sort();
            DeleteManifestOutcome::Deleted { untagged }
        }
        outcome => outcome,
    }
}
impl From<Condition> for TagCondition {
    fn from(condition: Condition) -> Self {
        match condition {
            Condition::Any => Self::Any,
            Condition::Absent => Self::Absent,
            Condition::Is(manifest) => Self::Is(stage::manifest(manifest)),
            Condition::Unmoved => Self::Unmoved,
        }
    }
}
