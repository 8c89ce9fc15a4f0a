//! Keys: what they name, and nothing else that is a path.
//!
//! ```text
//! blobs/<xy>/<unique>       an object; xy are the first two digits of its name
//! uploads/<unique>          a write that has not filled a part: nothing of it is in the store
//! uploads/<unique>/<id>     a multipart upload of that id, which will be the object of that name
//! ```
//!
//! Objects are spread over 256 prefixes because stores that partition by name do so by its beginning.

use registry_core::backend::ObjectKey;

use crate::unique::Unique;

/// The beginning of all keys of objects.
pub(super) const BLOBS: &str = "blobs";

const UPLOADS: &str = "uploads";

/// What a key names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    Object,
    Write(Write),
}

/// A write that has not committed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Write {
    pub(super) unique: Unique,
    /// The multipart upload's id, as the store gave it.
    pub(super) upload: Option<String>,
}

impl Unique {
    /// The key of the object that a write makes.
    pub(super) fn blob_key(&self) -> ObjectKey {
        let unique = self.as_str();
        ObjectKey::new(format!("{BLOBS}/{}/{unique}", &unique[..2]))
    }

    /// The key of a write of which nothing is in the store.
    pub(super) fn short_key(&self) -> ObjectKey {
        ObjectKey::new(format!("{UPLOADS}/{}", self.as_str()))
    }

    /// The key of a write with a multipart upload.
    pub(super) fn multipart_key(&self, upload: &str) -> ObjectKey {
        ObjectKey::new(format!("{UPLOADS}/{}/{upload}", self.as_str()))
    }
}

/// What the key names, if it can be one of this store's.
pub(super) fn name(key: &ObjectKey) -> Option<Name> {
    match key.as_str().split_once('/')? {
        (UPLOADS, write) => self::write(write).map(Name::Write),
        (BLOBS, object) => is_object(object).then_some(Name::Object),
        _ => None,
    }
}

/// Whether the key can be that of an object of this store.
pub(super) fn is_blob(key: &ObjectKey) -> bool {
    name(key) == Some(Name::Object)
}

fn write(text: &str) -> Option<Write> {
    let (unique, upload) = match text.split_once('/') {
        Some((_, "")) => return None,
        Some((unique, upload)) => (unique, Some(upload.to_owned())),
        None => (text, None),
    };
    let unique = Unique::parse(unique)?;
    Some(Write { unique, upload })
}

fn is_object(text: &str) -> bool {
    let parts = text.split_once('/');
    parts.is_some_and(|(shard, unique)| {
        shard.len() == 2 && unique.starts_with(shard) && Unique::parse(unique).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unique() -> Unique {
        Unique::new(&|bytes: &mut [u8]| bytes.fill(0xa5))
    }

    #[test]
    fn keys_are_read_as_they_were_written() {
        assert_eq!(name(&unique().blob_key()), Some(Name::Object));
        for upload in [None, Some("1"), Some("2~a/b c+%2F=")] {
            let key = match upload {
                None => unique().short_key(),
                Some(upload) => unique().multipart_key(upload),
            };
            let write = Write {
                unique: unique(),
                upload: upload.map(str::to_owned),
            };
            assert_eq!(name(&key), Some(Name::Write(write)), "{key}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let digits = "a5".repeat(16);
        let keys = [
            String::new(),
            digits.clone(),
            format!("blobs/{digits}"),
            format!("blobs/a6/{digits}"),
            format!("blobs/a5a5/{digits}"),
            format!("blobs/a5/{digits}/x"),
            format!("blobs/a5/{}", &digits[1..]),
            format!("uploads/{digits}/"),
            format!("uploads/{}", digits.to_uppercase()),
            "uploads/../x".to_owned(),
        ];
        for key in keys {
            assert_eq!(name(&ObjectKey::new(key.as_str())), None, "{key}");
        }
    }
}
