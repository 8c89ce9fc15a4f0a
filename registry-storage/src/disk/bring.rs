//! Objects brought from one store into another, under the keys they have.
//!
//! A key is given once and what it names never changes, so an object that is there with its length is
//! there: that is what makes a copy of a store incremental, and an interrupted one go on. To compare
//! bytes instead would read everything each time; it is done where it is asked for. A file comes under a
//! name of its own and has its bytes on the disk before it gets its key, so that a length can be relied
//! upon also after a power cut.
//!
//! One object that cannot be had is told and passed by: what is wrong with it should keep nothing else
//! from being saved. A target that cannot be written to ends it all.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use registry_core::{
    Algorithms, Digest,
    backend::{ObjectKey, StoreError},
};

use super::{
    DiskBlobs,
    blocking::blocking,
    error::failed,
    key::{Place, Unique, place},
    root::Root,
    upload::remove,
};

/// How much is hashed at once.
const PIECE: usize = 256 << 10;

/// An object, as metadata knows it.
#[derive(Clone, Debug)]
pub(crate) struct NamedObject {
    /// Where it is.
    pub(crate) key: ObjectKey,
    /// Whose bytes it has.
    pub(crate) digest: Digest,
    /// How many those are.
    pub(crate) size: u64,
}

/// How objects are brought.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// By a further name of the same file where both are on one file system.
    pub(crate) link: bool,
    /// Bytes are held against the digest.
    pub(crate) verify: bool,
}

/// What came of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Brought {
    /// It was there.
    Already,
    /// It is there now.
    Now,
    /// It is not there, for this reason.
    Not(String),
}

impl DiskBlobs {
    /// Brings objects of another store into this one; the answer comes when they are on the disk.
    ///
    /// # Errors
    /// When this store cannot be written to, or the other one is not there.
    pub(crate) async fn bring(
        &self,
        from: &Self,
        objects: Vec<NamedObject>,
        manner: Manner,
    ) -> Result<Vec<Brought>, StoreError> {
        let (from, to) = (from.root.clone(), self.root.clone());
        blocking(move || {
            let bringing = Bringing {
                from: &from,
                to: &to,
                manner,
            };
            bringing.all(&objects)
        })
        .await
    }
}

struct Bringing<'a> {
    from: &'a Root,
    to: &'a Root,
    manner: Manner,
}

/// A file on its way to its name.
struct Incoming {
    file: File,
    path: PathBuf,
    name: PathBuf,
}

impl Bringing<'_> {
    fn all(&self, objects: &[NamedObject]) -> Result<Vec<Brought>, StoreError> {
        let mut incoming = Vec::new();
        let mut brought = Vec::with_capacity(objects.len());
        for object in objects {
            brought.push(self.one(object, &mut incoming)?);
        }
        self.name_all(&incoming)?;
        Ok(brought)
    }

    fn one(
        &self,
        object: &NamedObject,
        incoming: &mut Vec<Incoming>,
    ) -> Result<Brought, StoreError> {
        if place(&object.key) != Some(Place::Object) {
            return Ok(Brought::Not("its key is none of this store".to_owned()));
        }
        let name = self.to.file(&object.key);
        if self.wrong(object, &name).is_none() {
            return Ok(Brought::Already);
        }
        let source = self.from.file(&object.key);
        if let Some(why) = wrong_length(object, &source) {
            self.from.check()?;
            return Ok(Brought::Not(why));
        }
        let path = self.to.upload(&Unique::new(&*self.to.random));
        let file = match self.fetch(&source, &path)? {
            Ok(file) => file,
            Err(why) => return Ok(Brought::Not(why)),
        };
        if let Some(why) = self.wrong(object, &path) {
            remove(&path)?;
            return Ok(Brought::Not(why));
        }
        incoming.push(Incoming { file, path, name });
        Ok(Brought::Now)
    }

    /// Has the bytes at a path of this store; the inner error is the source's.
    fn fetch(&self, source: &Path, path: &Path) -> Result<Result<File, String>, StoreError> {
        // Where it cannot be linked, for whatever reason, it is copied.
        if self.manner.link && fs::hard_link(source, path).is_ok() {
            return match File::open(path) {
                Ok(file) => Ok(Ok(file)),
                Err(error) => Err(failed("open", path, &error)),
            };
        }
        let mut from = match File::open(source) {
            Ok(from) => from,
            Err(error) => return Ok(Err(format!("it cannot be opened: {error}"))),
        };
        let mut to = File::create(path).map_err(|error| failed("make", path, &error))?;
        match io::copy(&mut from, &mut to) {
            Ok(_) => Ok(Ok(to)),
            Err(error) => {
                drop(fs::remove_file(path));
                match is_full(&error) {
                    true => Err(failed("write to", path, &error)),
                    false => Ok(Err(format!("it cannot be copied: {error}"))),
                }
            }
        }
    }

    /// Why a file is not this object, as far as that is looked at.
    fn wrong(&self, object: &NamedObject, path: &Path) -> Option<String> {
        wrong_length(object, path).or_else(|| match self.manner.verify {
            true => wrong_bytes(object, path),
            false => None,
        })
    }

    /// Bytes first, then names, then the directories that these are in.
    fn name_all(&self, incoming: &[Incoming]) -> Result<(), StoreError> {
        for Incoming { file, path, name } in incoming {
            let synced = self.to.ops.sync_file(file, path);
            synced.map_err(|error| failed("sync", path, &error))?;
            self.to.make_lasting(parent(name))?;
        }
        for Incoming { path, name, .. } in incoming {
            let renamed = self.to.ops.rename(path, name);
            renamed.map_err(|error| failed("rename to", name, &error))?;
        }
        let mut directories: Vec<_> = incoming.iter().map(|one| parent(&one.name)).collect();
        directories.dedup();
        let mut directories = directories.into_iter();
        directories.try_for_each(|directory| self.to.sync_directory(directory))
    }
}

fn wrong_length(object: &NamedObject, path: &Path) -> Option<String> {
    match fs::metadata(path) {
        Ok(found) if found.len() == object.size => None,
        Ok(found) => Some(format!(
            "it has {} bytes instead of {}",
            found.len(),
            object.size
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some("it is missing".to_owned()),
        Err(error) => Some(format!("it cannot be looked at: {error}")),
    }
}

fn wrong_bytes(object: &NamedObject, path: &Path) -> Option<String> {
    match hash(&object.digest, path) {
        Ok(found) if found == object.digest => None,
        Ok(found) => Some(format!("its bytes are those of {found}")),
        Err(error) => Some(format!("it cannot be read: {error}")),
    }
}

/// The digest of a file, in the algorithm of another digest.
pub(crate) fn hash(like: &Digest, path: &Path) -> io::Result<Digest> {
    let algorithms = Algorithms::standard();
    let Some(algorithm) = algorithms.get(like.algorithm()) else {
        let message = format!("the algorithm {} is not known here", like.algorithm());
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    };
    let (mut file, mut hasher) = (File::open(path)?, algorithm.hasher());
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hasher.finish()),
            read => hasher.update(&piece[..read]),
        }
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
