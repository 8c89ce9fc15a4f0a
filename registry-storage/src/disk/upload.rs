//! The file of an unfinished write, and who may write to it.
//!
//! A write is resumed at no cost in the file that it has, so two writers may have one file open. They
//! do not mix because each step takes the file's lock (`flock`, which other processes see too) and then
//! looks whether the file still has the upload's name and whether the [turn](super::resumes) is still
//! its own. What resumes, commits or deletes a write does so under the same lock, so it waits for the
//! step under way and no later step gets past the look. Whoever was overtaken finds the write absent.
//!
//! A file for each resume was the alternative: a resume then copies, or an object is many files.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
};

use registry_core::{
    Digest,
    backend::{ObjectKey, StoreCheckpoint, StoreError, StoreErrorKind, Tail},
};

use super::{
    checkpoint::Notes,
    error::{bad_checkpoint, failed, unavailable},
    key::Unique,
    resumes::{self, Resumes, Turn},
    root::Root,
};

/// The file of an unfinished write, as one of its writers has it. What it does blocks.
pub(super) struct Upload {
    root: Arc<Root>,
    unique: Unique,
    key: ObjectKey,
    /// None before the first step.
    file: Option<File>,
    path: PathBuf,
    turn: Turn,
    /// How many bytes this writer has in the file.
    length: u64,
    /// Whether the file's name is on the disk, as it is once there is a checkpoint.
    lasting: bool,
}

impl Upload {
    /// A new and empty one. Its file is made by the first step, so that what is small takes but one.
    pub(super) fn begin(root: Arc<Root>) -> Self {
        let unique = Unique::new(&*root.random);
        Self::of(root, unique, None)
    }

    /// The file of a checkpoint, cut off at its offset, if somebody still waits for it.
    pub(super) fn resume(
        root: Arc<Root>,
        unique: Unique,
        from: &StoreCheckpoint,
        waiting: &Weak<()>,
    ) -> Result<Self, StoreError> {
        let notes = Notes::read(from)?;
        let path = root.upload(&unique);
        let file = match OpenOptions::new().write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(root.missing(&from.key));
            }
            opened => opened.map_err(|error| failed("open", &path, &error))?,
        };
        let mut upload = Self::of(root, unique, Some(file));
        // The checkpoint was handed out after the name was on the disk.
        upload.lasting = true;
        upload.locked(|upload, file| {
            upload.check_name()?;
            // Nobody would use the turn, and one who came later would lose it.
            if waiting.strong_count() == 0 {
                return Err(unavailable("nobody waits for the resume"));
            }
            upload.take_turn(file, from, notes.turn)
        })?;
        Ok(upload)
    }

    pub(super) fn key(&self) -> &ObjectKey {
        &self.key
    }

    pub(super) fn root(&self) -> &Arc<Root> {
        &self.root
    }

    pub(super) fn unique(&self) -> &Unique {
        &self.unique
    }

    /// How many bytes there are in the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes at the end.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.in_turn(|upload, file| upload.write_at_end(file, bytes))
    }

    /// Adds bytes at the end and makes everything so far durable.
    pub(super) fn checkpoint(&mut self, bytes: &[u8]) -> Result<StoreCheckpoint, StoreError> {
        self.in_turn(|upload, file| {
            upload.write_at_end(file, bytes)?;
            upload.sync_file(file)?;
            if !upload.lasting {
                upload.root.sync_directory(&upload.root.uploads())?;
                upload.lasting = true;
            }
            Ok(StoreCheckpoint {
                key: upload.key.clone(),
                offset: upload.length,
                state: Notes::new(upload.turn, upload.length).to_bytes(),
                tail: Tail::default(),
            })
        })
    }

    /// Adds bytes at the end and makes the file an object.
    pub(super) fn commit(
        &mut self,
        bytes: &[u8],
        digest: &Digest,
    ) -> Result<ObjectKey, StoreError> {
        let committed = self.in_turn(|upload, file| upload.make_object(file, bytes, digest));
        if committed.is_err() {
            drop(self.leave());
        }
        committed
    }

    /// Ends a writer that cannot go on. A write that no checkpoint leads back to gives its space back.
    pub(super) fn leave(&mut self) -> Result<(), StoreError> {
        if self.lasting || self.file.is_none() {
            return Ok(());
        }
        self.in_turn(|upload, _| upload.remove())
    }

    /// Gives the write up; nothing where another writer has overtaken this one.
    pub(super) fn abort(&mut self) -> Result<(), StoreError> {
        if self.file.is_none() {
            return Ok(());
        }
        let removed = self.in_turn(|upload, _| upload.remove());
        match removed {
            Err(error) if error.kind == StoreErrorKind::Absent => Ok(()),
            removed => removed,
        }
    }

    fn of(root: Arc<Root>, unique: Unique, file: Option<File>) -> Self {
        Self {
            key: unique.upload_key(),
            path: root.upload(&unique),
            root,
            unique,
            file,
            turn: Turn::default(),
            length: 0,
            lasting: false,
        }
    }

    /// Does something with the file that no other writer does anything beside.
    fn locked<T>(
        &mut self,
        step: impl FnOnce(&mut Self, &File) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let file = self.file.take();
        let file = file.map_or_else(|| self.make(), Ok)?;
        let locked = file.lock();
        let done = match locked {
            Ok(()) => step(self, &file),
            Err(error) => Err(failed("lock", &self.path, &error)),
        };
        let unlocked = file.unlock();
        self.file = Some(file);
        unlocked.map_err(|error| failed("unlock", &self.path, &error))?;
        done
    }

    fn make(&self) -> Result<File, StoreError> {
        let mut options = OpenOptions::new();
        let made = options.write(true).create_new(true).open(&self.path);
        made.map_err(|error| failed("make", &self.path, &error))
    }

    /// The same, if no other writer has overtaken this one.
    fn in_turn<T>(
        &mut self,
        step: impl FnOnce(&mut Self, &File) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.locked(|upload, file| {
            upload.check_name()?;
            let path = upload.root.resumes(&upload.unique);
            match resumes::current(&path) {
                Ok(turn) if turn == upload.turn => step(upload, file),
                Ok(_) => Err(overtaken(&upload.key)),
                Err(error) => Err(failed("read", &path, &error)),
            }
        })
    }

    /// The name goes when the write is committed or given up, and is never used again.
    fn check_name(&self) -> Result<(), StoreError> {
        match fs::exists(&self.path) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.root.missing(&self.key)),
            Err(error) => Err(failed("look at", &self.path, &error)),
        }
    }

    fn take_turn(
        &mut self,
        file: &File,
        from: &StoreCheckpoint,
        before: Turn,
    ) -> Result<(), StoreError> {
        let of_file = |error: io::Error| failed("resume", &self.path, &error);
        let length = file.metadata().map_err(of_file)?.len();
        if length < from.offset {
            return Err(bad_checkpoint(&from.key, "is beyond the end of the file"));
        }
        self.turn = self.write_turn(from, before, length > from.offset)?;
        if length > from.offset {
            let truncated = self.root.ops.truncate(file, from.offset);
            truncated.map_err(of_file)?;
        }
        self.length = from.offset;
        Ok(())
    }

    /// Writes down whose turn it is; where bytes are about to be forgotten, on the disk.
    fn write_turn(
        &self,
        from: &StoreCheckpoint,
        before: Turn,
        forgets: bool,
    ) -> Result<Turn, StoreError> {
        let path = self.root.resumes(&self.unique);
        let cannot = |error: io::Error| failed("use", &path, &error);
        let mut resumes = Resumes::open(&path).map_err(cannot)?;
        if !resumes.hold(before, from.offset).map_err(cannot)? {
            return Err(bad_checkpoint(&from.key, "was overtaken by another writer"));
        }
        let turn = resumes.take(before, from.offset, &*self.root.random);
        let turn = turn.map_err(cannot)?;
        if forgets {
            let synced = self.root.ops.sync_file(resumes.file(), &path);
            synced.map_err(cannot)?;
            self.root.sync_directory(&self.root.uploads())?;
        }
        Ok(turn)
    }

    /// The bytes on the disk, then the name, then the name on the disk.
    fn make_object(
        &mut self,
        file: &File,
        bytes: &[u8],
        digest: &Digest,
    ) -> Result<ObjectKey, StoreError> {
        self.write_at_end(file, bytes)?;
        self.sync_file(file)?;
        let key = self.unique.object_key(digest);
        let object = self.root.file(&key);
        let directory = object.parent().unwrap_or(&object);
        self.root.make_lasting(directory)?;
        self.rename(&object)?;
        if let Err(error) = self.root.sync_directory(directory) {
            return Err(self.taken_back(&object, error));
        }
        self.forget_resumes();
        Ok(key)
    }

    fn write_at_end(&mut self, file: &File, bytes: &[u8]) -> Result<(), StoreError> {
        let written = self.root.ops.write(file, bytes, self.length);
        written.map_err(|error| failed("write to", &self.path, &error))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn sync_file(&self, file: &File) -> Result<(), StoreError> {
        let synced = self.root.ops.sync_file(file, &self.path);
        synced.map_err(|error| failed("sync", &self.path, &error))
    }

    fn rename(&self, object: &Path) -> Result<(), StoreError> {
        let renamed = self.root.ops.rename(&self.path, object);
        renamed.map_err(|error| failed("rename to", object, &error))
    }

    /// The name may be on the disk or not, so it is not for anybody to rely on: it is taken back, and
    /// the write can be resumed. Should that fail as well, the object is there and yet unknown.
    fn taken_back(&self, object: &Path, error: StoreError) -> StoreError {
        let taken_back = self.root.ops.rename(object, &self.path);
        let outcome = match taken_back {
            Ok(()) => "it was taken back".to_owned(),
            Err(error) => format!("it could not be taken back: {error}"),
        };
        let message = format!("{}; {outcome}", error.message);
        StoreError::new(StoreErrorKind::Unknown, message)
    }

    fn remove(&self) -> Result<(), StoreError> {
        let removed = fs::remove_file(&self.path);
        removed.map_err(|error| failed("remove", &self.path, &error))?;
        self.forget_resumes();
        Ok(())
    }

    /// Should it stay, it is listed as an unfinished write, and deleted as one.
    fn forget_resumes(&self) {
        if self.turn != Turn::default() {
            drop(fs::remove_file(self.root.resumes(&self.unique)));
        }
    }
}

/// Removes what there is of an unfinished write, when the step under way is done.
pub(super) fn delete(root: &Arc<Root>, unique: Unique) -> Result<(), StoreError> {
    let path = root.upload(&unique);
    let resumes = root.resumes(&unique);
    match OpenOptions::new().write(true).open(&path) {
        Ok(file) => Upload::of(Arc::clone(root), unique, Some(file)).locked(|_, _| {
            remove(&path)?;
            remove(&resumes)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            remove(&resumes)?;
            root.check()
        }
        Err(error) => Err(failed("open", &path, &error)),
    }
}

/// Removes a file that need not be there.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove", path, &error))
        }
        _ => Ok(()),
    }
}

fn overtaken(key: &ObjectKey) -> StoreError {
    let message = format!("another writer went on with {key}");
    StoreError::new(StoreErrorKind::Absent, message)
}
