//! Steps that are written down as they are done, and fail where a test says so.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use crate::{
    Durability,
    disk::ops::{self, FileOps},
};

/// What was done, and what is not to be done. Clones are the same record.
#[derive(Clone)]
pub(super) struct Recorded {
    system: Arc<dyn FileOps>,
    steps: Arc<Mutex<Vec<String>>>,
    /// A step that begins like this fails.
    fails: Arc<Mutex<Option<&'static str>>>,
    directory: PathBuf,
}

impl Recorded {
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            system: ops::of(Durability::Strict).into(),
            steps: Arc::default(),
            fails: Arc::default(),
            directory: directory.to_owned(),
        }
    }

    /// The steps since the last time.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.steps.lock().unwrap())
    }

    /// From now on this step fails.
    pub(super) fn fail(&self, step: &'static str) {
        *self.fails.lock().unwrap() = Some(step);
    }

    fn step(&self, step: String) -> io::Result<()> {
        let fails = *self.fails.lock().unwrap();
        let failed = fails.is_some_and(|fails| step.starts_with(fails));
        self.steps.lock().unwrap().push(step);
        if failed {
            return Err(io::Error::other("as the test wants it"));
        }
        Ok(())
    }

    /// A path as the test knows it: below the store, without what is random.
    fn name(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.directory);
        let below = below.map_or("above", |below| below.to_str().unwrap());
        match below.split_once('/') {
            Some(("uploads", name)) if name.ends_with(".resumes") => "resumes".to_owned(),
            Some(("uploads", _)) => "upload".to_owned(),
            Some(("blobs", rest)) if rest.matches('/').count() == 2 => "object".to_owned(),
            _ => below.to_owned(),
        }
    }
}

impl FileOps for Recorded {
    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.step(format!("write {}", bytes.len()))?;
        self.system.write(file, bytes, offset)
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        self.step(format!("truncate {length}"))?;
        self.system.truncate(file, length)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(format!("rename {} to {}", self.name(from), self.name(to)))?;
        self.system.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(format!("link {} to {}", self.name(from), self.name(to)))?;
        self.system.link(from, to)
    }

    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()> {
        self.step(format!("sync {}", self.name(path)))?;
        self.system.sync_file(file, path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.step(format!("sync {}/", self.name(path)))?;
        self.system.sync_directory(path)
    }
}
