//! Pushing and mounting blobs.

use registry_core::{
    Timestamp, UploadId,
    backend::{
        BlobContent, MountBlob, MountBlobOutcome, ObjectKey, PutBlob, PutBlobOutcome, SessionEnd,
        SessionKey,
    },
};

use super::{
    Client,
    name::{EVERYTHING, NOBODY, blob_of, digest_of, repository_of, scope},
};
use crate::explorer::{connection::Request, id::Id, mutation::Mutation};

impl Client {
    /// Pushes a blob in one go, as this object.
    pub async fn push_blob(&self, repository: &str, digest: &str, object: &str) -> bool {
        self.complete(object).await;
        self.commit_blob(repository, digest, object).await
    }

    /// Commits a blob whose object is complete since who knows when.
    pub async fn commit_blob(&self, repository: &str, digest: &str, object: &str) -> bool {
        let outcome = self.put_blob(repository, digest, object, None).await;
        let thing = blob_of(repository, digest);
        let done = self.note_if(done(outcome), thing).await;
        if outcome == PutBlobOutcome::Deduplicated {
            self.discard(object).await;
        }
        done
    }

    async fn complete(&self, object: &str) {
        let object = Id::of(object);
        let sql = &self.metadata.sql;
        sql.perform(Request::PutObject(object)).await;
    }

    /// Finishes an upload session whose object is complete.
    pub async fn finish_upload(
        &self,
        repository: &str,
        digest: &str,
        object: &str,
        session: &str,
    ) -> bool {
        match self.metadata.claim(Id::of(session)).await {
            Some(epoch) => {
                let end = (session, epoch);
                self.finish_claimed(repository, digest, object, end).await
            }
            None => self.answer_finished(repository, digest).await,
        }
    }

    /// Finishes an upload session that was claimed before, with this epoch.
    pub async fn finish_claimed(
        &self,
        repository: &str,
        digest: &str,
        object: &str,
        session: (&str, u64),
    ) -> bool {
        let outcome = self
            .put_blob(repository, digest, object, Some(session))
            .await;
        let thing = blob_of(repository, digest);
        let done = self.note_if(done(outcome), thing).await;
        if outcome != PutBlobOutcome::Stored {
            self.give_up(object).await;
        }
        done
    }

    /// Gives up an object that another writer of the session may have named.
    async fn give_up(&self, object: &str) {
        let key = ObjectKey::new(object);
        if self.metadata.has(Mutation::DiscardRefused) {
            self.discard(object).await;
        } else if self.metadata.doom_now(&key).await {
            self.discard(object).await;
            self.metadata.forget_doomed(&[key]).await;
        }
    }

    /// The session ended with this blob, who knows when.
    async fn answer_finished(&self, repository: &str, digest: &str) -> bool {
        if self.metadata.has(Mutation::TrustFinishedSession) {
            let thing = blob_of(repository, digest);
            return self.note_if(true, thing).await;
        }
        self.head_blob(repository, digest).await
    }

    async fn put_blob(
        &self,
        repository: &str,
        digest: &str,
        object: &str,
        session: Option<(&str, u64)>,
    ) -> PutBlobOutcome {
        let name = repository_of(repository);
        let id = session.map(|(id, _)| UploadId::parse(id).expect("a letter is an id"));
        let end = id.as_ref().zip(session).map(|(id, (_, epoch))| SessionEnd {
            session: SessionKey {
                repository: &name,
                id,
            },
            epoch,
        });
        let command = PutBlob {
            scope: scope(&name),
            digest: &digest_of(digest),
            size: 1,
            content: BlobContent::Object(ObjectKey::new(object)),
            since: Timestamp::default(),
            session: end,
            create: EVERYTHING,
            origin: NOBODY,
        };
        self.metadata.put_blob(command).await
    }

    /// Mounts a blob.
    pub async fn mount(&self, from: &str, to: &str, digest: &str) -> bool {
        let (source, target) = (repository_of(from), repository_of(to));
        let command = MountBlob {
            from: scope(&source),
            to: scope(&target),
            digest: &digest_of(digest),
            create: EVERYTHING,
            origin: NOBODY,
        };
        let outcome = self.metadata.mount_blob(command).await;
        let mounted = outcome == MountBlobOutcome::Mounted { size: 1 };
        self.note_if(mounted, blob_of(to, digest)).await
    }
}

fn done(outcome: PutBlobOutcome) -> bool {
    matches!(
        outcome,
        PutBlobOutcome::Stored | PutBlobOutcome::Deduplicated
    )
}
