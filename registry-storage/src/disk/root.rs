//! The store's directory: its marker, its paths, and directories made so that they last.

use std::{
    collections::HashSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use registry_core::{
    Random,
    backend::{ObjectKey, StoreError},
};

use super::{
    error::{absent, failed, unavailable},
    key::{BLOBS, UPLOADS, Unique},
    ops::FileOps,
};

/// The file that says what the directory is.
const MARKER: &str = "layout";

/// What stands in it. Another layout gets another number.
const LAYOUT: &str = "registry blobs, layout 1\n";

/// The directory of a store.
pub(super) struct Root {
    path: PathBuf,
    pub(super) ops: Box<dyn FileOps>,
    pub(super) random: Arc<dyn Random>,
    /// Directories of which it is known that their names are on the disk.
    lasting: Mutex<HashSet<PathBuf>>,
}

impl Root {
    /// Opens a directory, which becomes a store if it is none and holds nothing of one.
    pub(super) fn open(
        path: PathBuf,
        ops: Box<dyn FileOps>,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        let root = Self {
            path,
            ops,
            random,
            lasting: Mutex::default(),
        };
        root.prepare()?;
        Ok(root)
    }

    pub(super) fn directory(&self) -> &Path {
        &self.path
    }

    /// The file of a key, which must be one of this store's.
    pub(super) fn file(&self, key: &ObjectKey) -> PathBuf {
        self.path.join(key.as_str())
    }

    pub(super) fn uploads(&self) -> PathBuf {
        self.path.join(UPLOADS)
    }

    pub(super) fn blobs(&self) -> PathBuf {
        self.path.join(BLOBS)
    }

    pub(super) fn upload(&self, unique: &Unique) -> PathBuf {
        self.uploads().join(unique.as_str())
    }

    pub(super) fn resumes(&self, unique: &Unique) -> PathBuf {
        self.uploads().join(format!("{}.resumes", unique.as_str()))
    }

    /// What it means that there is no file for the key: it is absent, or the whole store is, as where a
    /// disk was unmounted.
    pub(super) fn missing(&self, key: &ObjectKey) -> StoreError {
        self.check().err().unwrap_or_else(|| absent(key))
    }

    /// Whether the store is there at all.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let marker = self.path.join(MARKER);
        match fs::exists(&marker) {
            Ok(true) => Ok(()),
            Ok(false) => Err(gone(&marker)),
            Err(error) => Err(failed("look at", &marker, &error)),
        }
    }

    /// Makes a directory of objects, and answers when its name is on the disk.
    pub(super) fn make_lasting(&self, directory: &Path) -> Result<(), StoreError> {
        let lasting = || self.lasting.lock().unwrap_or_else(PoisonError::into_inner);
        if lasting().contains(directory) {
            return Ok(());
        }
        let algorithm = directory.parent().unwrap_or(directory);
        make(algorithm)?;
        self.sync_directory(&self.blobs())?;
        let siblings = siblings(directory);
        siblings.iter().try_for_each(|sibling| make(sibling))?;
        self.sync_directory(algorithm)?;
        lasting().extend(siblings);
        Ok(())
    }

    pub(super) fn sync_directory(&self, path: &Path) -> Result<(), StoreError> {
        let synced = self.ops.sync_directory(path);
        synced.map_err(|error| failed("sync", path, &error))
    }

    fn prepare(&self) -> Result<(), StoreError> {
        let path = &self.path;
        fs::create_dir_all(path).map_err(|error| failed("make", path, &error))?;
        let marker = path.join(MARKER);
        match fs::read_to_string(&marker) {
            Ok(layout) if layout == LAYOUT => {}
            Ok(layout) => return Err(unknown_layout(path, &layout)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.mark(&marker)?,
            Err(error) => return Err(failed("read", &marker, &error)),
        }
        make(&self.uploads())?;
        make(&self.blobs())?;
        self.sync_directory(path)
    }

    /// Makes the marker, unless there is something that it should have been with.
    fn mark(&self, marker: &Path) -> Result<(), StoreError> {
        for directory in [self.uploads(), self.blobs()] {
            if fs::exists(&directory).unwrap_or(true) {
                return Err(unmarked(&self.path, &directory));
            }
        }
        let path = marker.with_extension("new");
        let written = || {
            let mut file = fs::File::create(&path)?;
            file.write_all(LAYOUT.as_bytes())?;
            self.ops.sync_file(&file, &path)?;
            self.ops.rename(&path, marker)?;
            let parent = self.path.canonicalize()?;
            self.ops.sync_directory(parent.parent().unwrap_or(&parent))
        };
        written().map_err(|error| failed("write", &path, &error))
    }
}

/// The directory and, where it is one of 256, all of those, so that they cost one sync.
fn siblings(directory: &Path) -> Vec<PathBuf> {
    let name = directory.file_name().unwrap_or_default();
    let all = (0..=u8::MAX).map(|byte| format!("{byte:02x}"));
    let all: Vec<_> = all.map(|name| directory.with_file_name(name)).collect();
    let of_hex = all.iter().any(|sibling| sibling.file_name() == Some(name));
    if of_hex {
        all
    } else {
        vec![directory.to_owned()]
    }
}

fn make(directory: &Path) -> Result<(), StoreError> {
    match fs::create_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(failed("make", directory, &error))
        }
        _ => Ok(()),
    }
}

fn gone(marker: &Path) -> StoreError {
    let marker = marker.display();
    unavailable(format!("{marker} is gone: is the disk mounted?"))
}

fn unknown_layout(path: &Path, layout: &str) -> StoreError {
    let (path, layout) = (path.display(), layout.trim_end());
    let known = LAYOUT.trim_end();
    unavailable(format!(
        "{path} holds '{layout:.80}', this version knows '{known}': use the version that wrote it"
    ))
}

fn unmarked(path: &Path, found: &Path) -> StoreError {
    let (path, found) = (path.display(), found.display());
    unavailable(format!(
        "{path} has no file '{MARKER}' but {found} is there: it is not a store, or not all of one"
    ))
}
