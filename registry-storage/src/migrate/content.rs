//! A content that is carried.

use futures_util::StreamExt;
use registry_core::{
    Digest,
    backend::{
        BlobContent, BlobWrite, KeptContent, ObjectKey, ObjectRead, Row, StoreError, StoreErrorKind,
    },
};

use super::{Moment, Verification, error::MigrateError, round::Going};

/// A content of the old side.
pub(super) struct Content<'a> {
    pub(super) going: &'a Going<'a>,
    pub(super) from: KeptContent,
}

impl Content<'_> {
    /// Brings its object, if it has one that is not there, and answers the row that is still to be put.
    pub(super) async fn carry(
        self,
        there: Option<KeptContent>,
    ) -> Result<Option<Row>, MigrateError> {
        let row = Row::Content(self.from.clone());
        let agrees = there
            .as_ref()
            .is_some_and(|there| row.says(&Row::Content(there.clone())));
        let BlobContent::Object(from) = &self.from.content else {
            return Ok((!agrees).then_some(row));
        };
        if let Some(BlobContent::Object(key)) = there.filter(|_| agrees).map(|kept| kept.content)
            && self.is_there(&key).await?
        {
            self.going.note(|round| round.already += 1);
            return Ok(None);
        }
        let Some(key) = self.bring(from).await? else {
            return Ok(None);
        };
        let content = BlobContent::Object(key);
        let row = Row::Content(KeptContent {
            content,
            ..self.from.clone()
        });
        // At once: whatever ends this, the object need not be sent again.
        self.going.put_now(&[row]).await?;
        self.going.note(|round| {
            round.carried += 1;
            round.carried_bytes += self.from.size;
        });
        Ok(None)
    }

    /// Whether what the new side names is there. It is looked at once, at the beginning.
    async fn is_there(&self, key: &ObjectKey) -> Result<bool, MigrateError> {
        if self.going.moment != Moment::First {
            return Ok(true);
        }
        match self.arrived(key).await {
            Ok(()) => Ok(true),
            Err(MigrateError::NotArrived { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes sure that an object is at the new side as it was sent.
    async fn arrived(&self, key: &ObjectKey) -> Result<(), MigrateError> {
        let blobs = &self.going.migration.to.blobs;
        let size = blobs.stat(key).await.map_err(MigrateError::writing)?;
        // The bytes of what is quarantined are wrong in any way.
        if self.from.quarantined && size.is_some() {
            return Ok(());
        }
        if size != Some(self.from.size) {
            let found = size.map_or("nothing".to_owned(), |size| format!("{size} bytes"));
            return Err(self.not_arrived(found));
        }
        if self.going.migration.verification == Verification::Present {
            return Ok(());
        }
        let read = blobs.read_once(key).await.map_err(MigrateError::writing)?;
        let mut hashing = self.hashing()?;
        let mut bytes = read.bytes;
        while let Some(chunk) = bytes.next().await {
            hashing.update(&chunk.map_err(MigrateError::writing)?);
        }
        match hashing.finish() {
            actual if actual == self.from.digest => Ok(()),
            actual => Err(self.not_arrived(format!("bytes whose digest is {actual}"))),
        }
    }

    fn not_arrived(&self, what: String) -> MigrateError {
        let digest = self.from.digest.clone();
        MigrateError::NotArrived { digest, what }
    }

    fn hashing(&self) -> Result<Box<dyn registry_core::DigestHasher>, MigrateError> {
        let digest = &self.from.digest;
        let algorithm = self.going.migration.algorithms.get(digest.algorithm());
        let algorithm =
            algorithm.ok_or_else(|| self.wrong("its algorithm is not known here".to_owned()))?;
        Ok(algorithm.hasher())
    }

    fn wrong(&self, what: String) -> MigrateError {
        let digest = self.from.digest.clone();
        MigrateError::Wrong { digest, what }
    }

    /// Sends the object. None where it was deleted meanwhile: the next round sees its content gone.
    async fn bring(&self, from: &ObjectKey) -> Result<Option<ObjectKey>, MigrateError> {
        let migration = self.going.migration;
        let read = match migration.from.blobs.read_once(from).await {
            Ok(read) => Some(read),
            Err(error) if is_absent(&error) => match self.going.moment {
                // Nothing is to be had of it, and its content is out of sight anyhow.
                _ if self.from.quarantined => None,
                Moment::Last => return Err(self.wrong("there is no object".to_owned())),
                Moment::First | Moment::Meanwhile => return Ok(None),
            },
            Err(error) => return Err(MigrateError::reading(error)),
        };
        let begun = migration.to.blobs.begin().await;
        let mut write = begun.map_err(MigrateError::writing)?;
        let key = match self.send(read, &mut *write).await {
            Ok(()) => write.commit(&self.from.digest).await,
            Err(error) => {
                // What is left of it the collector of the new side finds.
                let _ = write.abort().await;
                return Err(error);
            }
        };
        let key = key.map_err(MigrateError::writing)?;
        self.arrived(&key).await?;
        Ok(Some(key))
    }

    /// Sends the bytes, and holds them against the digest.
    async fn send(
        &self,
        read: Option<ObjectRead>,
        write: &mut dyn BlobWrite,
    ) -> Result<(), MigrateError> {
        let Some(read) = read else {
            return Ok(());
        };
        let announced = write.announce(read.size).await;
        announced.map_err(MigrateError::writing)?;
        let (mut hashing, mut bytes) = (self.hashing()?, read.bytes);
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(MigrateError::reading)?;
            hashing.update(&chunk);
            write.append(chunk).await.map_err(MigrateError::writing)?;
        }
        self.is_right(read.size, &hashing.finish())
    }

    fn is_right(&self, size: u64, actual: &Digest) -> Result<(), MigrateError> {
        match (size == self.from.size, *actual == self.from.digest) {
            (true, true) => Ok(()),
            _ if self.from.quarantined => Ok(()),
            (false, _) => Err(self.wrong(format!("{size} bytes, not {}", self.from.size))),
            (true, false) => Err(self.wrong(format!("their digest is {actual}"))),
        }
    }
}

fn is_absent(error: &StoreError) -> bool {
    error.kind == StoreErrorKind::Absent
}
