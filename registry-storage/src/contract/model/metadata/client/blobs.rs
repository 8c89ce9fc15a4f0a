//! Blobs of repositories.

use registry_core::backend::{DeleteBlob, MountBlob, ObjectKey, PutBlob};

use super::{Answered, Client, checked};
use crate::contract::{
    metadata::fixture::ALICE,
    model::metadata::{
        action::Write,
        stage,
        world::{Answer, Call},
    },
};

impl Client {
    pub(super) async fn write_blob(&self, call: &Call) -> Answered {
        let key = call.key.as_deref();
        match call.write {
            Write::PutBlob {
                repository: at,
                blob,
                session,
                creates,
                ..
            } => {
                let name = stage::repository(at);
                let session = session.map(|id| (self.session(at, id), self.epoch(at, id)));
                let session = session.as_ref();
                let sample = stage::sample_blob(blob, key);
                let command = PutBlob {
                    session: session.map(|(session, epoch)| session.end(*epoch)),
                    create: creates.into(),
                    ..sample.put(self.scope(at, &name))
                };
                checked(self.metadata.put_blob(command).await, Answer::PutBlob)
            }
            Write::MountBlob {
                from,
                to,
                blob,
                creates,
            } => {
                let (source, target) = (stage::repository(from), stage::repository(to));
                let command = MountBlob {
                    from: self.scope(from, &source),
                    to: self.scope(to, &target),
                    digest: &stage::blob(blob),
                    create: creates.into(),
                    origin: ALICE,
                };
                checked(self.metadata.mount_blob(command).await, Answer::MountBlob)
            }
            Write::DeleteBlob(at, blob) => {
                let name = stage::repository(at);
                let command = DeleteBlob {
                    scope: self.scope(at, &name),
                    digest: &stage::blob(blob),
                    origin: ALICE,
                };
                checked(self.metadata.delete_blob(command).await, Answer::DeleteBlob)
            }
            Write::Quarantine(blob) => {
                let key = ObjectKey::new(key.unwrap_or("never/given"));
                let is = self
                    .metadata
                    .quarantine(&stage::blob(blob), Some(&key))
                    .await;
                is.map(Answer::Is)
            }
            _ => Ok(Answer::Done),
        }
    }
}
