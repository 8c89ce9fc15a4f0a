//! What the journal says is there, held against the files.

use std::{fs, io, path::Path};

use registry_core::{Digest, Timestamp, backend::ObjectKey};

use super::{RebuildError, RebuildFinding, TellFinding, place::Place};
use crate::{
    disk::{hash, keys_of},
    sqlite::Rebuild,
};

const STEP: usize = 1000;

/// Files that the journal does not know.
#[derive(Default)]
pub(super) struct Unknown {
    pub(super) files: u64,
    pub(super) youngest: Option<Timestamp>,
}

/// Compares, and tells what is missing. A file is looked for by its digest where only the record of it was
/// lost.
pub(super) fn compare(
    place: &Place,
    rebuild: &Rebuild,
    tell: TellFinding<'_>,
) -> Result<Unknown, RebuildError> {
    for (repository, tag, digest) in rebuild.put_tags()? {
        tell(RebuildFinding::Tag {
            repository,
            tag,
            digest,
        });
    }
    for digest in rebuild.unknown_contents()? {
        let found = find(&place.content(), &digest);
        match found.map_err(|error| RebuildError::io("look into", &place.content(), error))? {
            Some((key, size)) => rebuild.adopt(&digest, key.as_str(), size)?,
            None => {
                for repository in rebuild.unlink(&digest)? {
                    let digest = digest.clone();
                    tell(RebuildFinding::Blob { repository, digest });
                }
            }
        }
    }
    look_for_files(place, rebuild, tell)?;
    count_unknown(place, rebuild)
}

/// The file that holds a digest's bytes, if there is one.
fn find(content: &Path, digest: &Digest) -> io::Result<Option<(ObjectKey, u64)>> {
    for key in keys_of(content, digest)? {
        let path = content.join(key.as_str());
        if hash(digest, &path)? == *digest {
            return Ok(Some((key, fs::metadata(&path)?.len())));
        }
    }
    Ok(None)
}

fn look_for_files(
    place: &Place,
    rebuild: &Rebuild,
    tell: TellFinding<'_>,
) -> Result<(), RebuildError> {
    let mut after = String::new();
    loop {
        let objects = rebuild.objects(&after, STEP)?;
        let Some((last, ..)) = objects.last() else {
            return Ok(());
        };
        after.clone_from(last);
        for (object, digest, size) in objects {
            let key = ObjectKey::new(object);
            if place.blobs.stat_now(&key)? != Some(size) {
                rebuild.quarantine(key.as_str())?;
                tell(RebuildFinding::File { key, digest });
            }
        }
    }
}

fn count_unknown(place: &Place, rebuild: &Rebuild) -> Result<Unknown, RebuildError> {
    let mut unknown = Unknown::default();
    let mut after = None;
    loop {
        let page = place.blobs.objects_now(after.as_ref(), STEP)?;
        for key in &page {
            if !rebuild.names(key.as_str())? {
                unknown.count(&place.content().join(key.as_str()));
            }
        }
        match page.last() {
            Some(last) if page.len() == STEP => after = Some(last.clone()),
            _ => return Ok(unknown),
        }
    }
}

impl Unknown {
    fn count(&mut self, path: &Path) {
        self.files += 1;
        let written = fs::metadata(path).and_then(|found| found.modified()).ok();
        let written = written.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let written = written.and_then(|since| u64::try_from(since.as_millis()).ok());
        self.youngest = self.youngest.max(written.map(Timestamp::from_millis));
    }
}
