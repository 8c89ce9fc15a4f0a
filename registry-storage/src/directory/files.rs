//! The files that a snapshot names, brought from one store to another.

use std::path::Path;

use registry_core::{Digest, backend::ObjectKey};
use tokio::task::spawn_blocking;

use super::{
    backup::BackupError,
    progress::{Progress, Tell, Told},
};
use crate::{
    disk::{Brought, DiskBlobs, Manner, NamedObject, hash},
    sqlite::Snapshot,
};

/// Files of one step: they share syncs, and a step is not interrupted.
const STEP: usize = 64;

/// What came of all files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) already: u64,
    pub(super) brought: u64,
    pub(super) brought_bytes: u64,
    pub(super) wrong: Vec<ObjectKey>,
}

/// Brings every file that a snapshot names and that serves.
pub(super) async fn bring(
    snapshot: &Snapshot,
    from: &DiskBlobs,
    to: &DiskBlobs,
    manner: Manner,
    tell: Tell<'_>,
) -> Result<Files, BackupError> {
    let mut progress = Progress::of(&snapshot.counts()?);
    let mut files = Files::default();
    let mut after = None;
    loop {
        let objects = snapshot.objects(after.as_ref(), STEP)?;
        let Some(last) = objects.last() else {
            return Ok(files);
        };
        after = Some(last.key.clone());
        let brought = to.bring(from, objects.clone(), manner).await?;
        for (object, brought) in objects.iter().zip(brought) {
            files.count(object, brought, tell);
            progress.files += 1;
            progress.bytes += object.size;
        }
        tell(Told::Progress(progress));
    }
}

impl Files {
    fn count(&mut self, object: &NamedObject, brought: Brought, tell: Tell<'_>) {
        match brought {
            Brought::Already => self.already += 1,
            Brought::Now => {
                self.brought += 1;
                self.brought_bytes += object.size;
            }
            Brought::Not(why) => {
                self.wrong.push(object.key.clone());
                let key = object.key.to_string();
                tell(Told::Wrong { key, why });
            }
        }
    }
}

/// The SHA-256 digest of a file.
pub(super) async fn sha256_of(path: &Path) -> Result<Digest, BackupError> {
    let path = path.to_owned();
    let (at, like) = (path.clone(), Digest::sha256(b""));
    let hashed = blocking(move || hash(&like, &path)).await?;
    hashed.map_err(|error| BackupError::io("read", &at, error))
}

/// Does work that blocks.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BackupError> {
    let done = spawn_blocking(work).await;
    done.map_err(|error| BackupError::Lost(error.to_string()))
}
