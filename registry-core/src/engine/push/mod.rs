//! Writing: blobs, upload sessions, mounts and manifests of a repository.

mod commit;
mod enter;
mod intake;
mod manifest;
mod mount;
mod object;
mod upload;
mod writer;

use bytes::Bytes;
use futures_core::Stream;

use super::{
    BodyError, Error, Result,
    access::{Access, Permit},
};
use crate::{digest::Digest, upload_id::UploadId};

pub use manifest::{ManifestPush, PushedManifest};
pub use object::Trust;
pub use upload::{Upload, UploadStatus};

/// A request's body.
pub type Body<'a> = dyn Stream<Item = Result<Bytes, BodyError>> + Send + Unpin + 'a;

/// A repository that may be written to.
///
/// It is for one piece of work: what is pushed by a handle that is older than
/// [a week](crate::backend::NAMED_WITHIN) may be refused.
pub struct Push {
    access: Access,
    permit: Permit,
    expected: Option<u64>,
}

/// A blob that was pushed or mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushedBlob {
    /// Its digest.
    pub digest: Digest,
    /// Its length.
    pub size: u64,
}

impl Push {
    pub(super) fn new(access: Access, permit: Permit) -> Self {
        Self {
            access,
            permit,
            expected: None,
        }
    }

    /// Opens an upload session, for a digest algorithm where one is named. Nothing is written yet.
    ///
    /// # Errors
    /// [`Error::DigestUnsupported`] for an algorithm the registry does not know.
    pub fn begin_upload(&self, algorithm: Option<&str>) -> Result<UploadId> {
        let algorithm = algorithm.unwrap_or(DEFAULT_ALGORITHM);
        let unsupported = || Error::DigestUnsupported(algorithm.to_owned());
        let Access {
            inner,
            caller,
            name,
            ..
        } = &self.access;
        inner.algorithms.get(algorithm).ok_or_else(unsupported)?;
        let issued =
            inner
                .tokens
                .issue_upload(name, caller, algorithm, self.permit.now, &*inner.random);
        issued.ok_or_else(unsupported)
    }

    /// Turns to an upload session.
    ///
    /// # Errors
    /// [`Error::UploadUnknown`] where it was not opened here, by this caller, for this repository.
    pub fn upload(&self, id: &UploadId) -> Result<Upload> {
        Upload::open(&self.access, self.permit, id)
    }
}

/// What a session is opened for unless it says otherwise.
const DEFAULT_ALGORITHM: &str = "sha256";
