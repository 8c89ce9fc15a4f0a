//! Names in a model: one letter each.

use std::fmt;

use registry_core::{Digest, RepositoryName, Tag, UploadId, backend::ObjectKey};

/// A repository, a digest, a tag, an object or a session, by the letter that stands for it.
///
/// The commands of the traits carry real names; a state of the model holds dozens of them and is
/// copied and hashed a million times, so it keeps letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(u8);

impl Id {
    /// The first letter of a text.
    pub(crate) fn of(text: &str) -> Self {
        Self(text.bytes().next().unwrap_or(b'?'))
    }

    /// The digest that this letter stands for.
    pub(crate) fn digest(self) -> Digest {
        Digest::parse(&format!("model:{self}")).expect("a letter makes a digest")
    }

    /// The object that this letter stands for.
    pub(crate) fn object(self) -> ObjectKey {
        ObjectKey::new(self.to_string())
    }
}

impl From<&RepositoryName> for Id {
    fn from(name: &RepositoryName) -> Self {
        Self::of(name.as_str())
    }
}

impl From<&Digest> for Id {
    fn from(digest: &Digest) -> Self {
        Self::of(digest.encoded())
    }
}

impl From<&Tag> for Id {
    fn from(tag: &Tag) -> Self {
        Self::of(tag.as_str())
    }
}

impl From<&ObjectKey> for Id {
    fn from(key: &ObjectKey) -> Self {
        Self::of(key.as_str())
    }
}

impl From<&UploadId> for Id {
    fn from(id: &UploadId) -> Self {
        Self::of(id.as_str())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", char::from(self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
