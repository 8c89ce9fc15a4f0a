//! The journal: what the database knows, written down beside the content, for when the database is lost.
//!
//! It is a row of segments, files to which frames are appended. A frame holds records, each of which
//! says what one thing *is* at a moment: this tag points there, that link is gone. To follow a journal
//! is therefore to take what was said last of each thing, and a thing that changed a thousand times
//! between two frames is written once. Operations in their order were the alternative; then all of them
//! have to be there, from the first one on, and one that is lost makes nonsense of the rest.
//!
//! A *line* begins with a walk through everything the database knows, and goes on with what changes from
//! then on. When it has grown to a few times what its walk took, a new line is begun, and once its walk
//! is complete, the segments of the old one are deleted.
//!
//! ```text
//! DIR/content/journal/0000000000000007.journal
//!
//!     frame     RegJrnl\n  length  sequence  checksum  payload
//!     payload   head, then records: each a length, a line of JSON, a length, bytes
//! ```
//!
//! Every frame says whose it is, so a frame is worth something alone: what a torn or corrupt one held is
//! lost, and reading goes on behind it.

mod frame;
mod segments;

use bytes::Bytes;
use registry_core::{Descriptor, Digest, MediaType, Namespace, RepositoryName, Tag, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    frame::{Found, Frame, scan},
    segments::{Segments, read_all},
};

/// The directory of segments, in that of the content.
pub(crate) const JOURNAL: &str = "journal";

/// What stands at the beginning of every frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// Whose it is: the registry's id, in hex.
    pub(crate) registry: String,
    /// The generation of its database.
    pub(crate) generation: u64,
    /// The line it is part of.
    pub(crate) line: u64,
    /// The records are at least as new as this.
    pub(crate) at: Timestamp,
    /// The last change that was told of then.
    pub(crate) change: u64,
    /// Whether with this frame the journal has everything that was answered at that time.
    pub(crate) complete: bool,
    /// What its walk has to do with it.
    pub(crate) walk: Walk,
    /// The bytes that the walk of its line took, once that is over.
    pub(crate) walked: u64,
}

/// What a frame has to do with a walk through everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Walk {
    /// It begins: what was written before is of no matter once it ends.
    Begins,
    /// It goes on.
    Goes,
    /// It ends: everything is there.
    Ends,
    /// It has ended.
    Over,
}

/// What one thing is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Record {
    /// A namespace. Whether it was public is not kept: it comes back private.
    Namespace {
        name: Namespace,
        collect_untagged: bool,
        created: Timestamp,
    },
    /// A repository, which comes back private as well.
    Repository {
        name: RepositoryName,
        created: Timestamp,
    },
    /// A content: an object's, or the bytes that come with the record.
    Content {
        digest: Digest,
        size: u64,
        object: Option<String>,
    },
    /// A content that nothing serves.
    NoContent { digest: Digest },
    /// A repository's link to a content.
    Link {
        repository: RepositoryName,
        digest: Digest,
    },
    /// No such link.
    NoLink {
        repository: RepositoryName,
        digest: Digest,
    },
    /// A manifest, whose bytes come with the record.
    Manifest(Box<ManifestRecord>),
    /// No such manifest.
    NoManifest {
        repository: RepositoryName,
        digest: Digest,
    },
    /// A tag.
    Tag {
        repository: RepositoryName,
        tag: Tag,
        digest: Digest,
    },
    /// No such tag.
    NoTag {
        repository: RepositoryName,
        tag: Tag,
    },
}

/// What is known of a manifest beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ManifestRecord {
    pub(crate) repository: RepositoryName,
    pub(crate) digest: Digest,
    pub(crate) media_type: MediaType,
    pub(crate) subject: Option<Digest>,
    pub(crate) descriptor: Descriptor,
    pub(crate) created: Timestamp,
    /// What it refers to: the kind as the database has it, the digest, whether it is required.
    pub(crate) references: Vec<(i64, Digest, bool)>,
}

/// A record and the bytes that come with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) record: Record,
    pub(crate) bytes: Bytes,
}

impl From<Record> for Entry {
    fn from(record: Record) -> Self {
        Self {
            record,
            bytes: Bytes::new(),
        }
    }
}
