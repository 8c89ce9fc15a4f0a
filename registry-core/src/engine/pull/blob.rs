//! Reading blobs.

use std::{ops::Range, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;

use super::{Lease, Pull};
use crate::{
    backend::{BlobContent, BlobRecord, ByteStream, ObjectKey, ReferenceTarget},
    digest::Digest,
    engine::{Error, Inner, Result, access::under_facts},
    secret::Secret,
};

/// A blob of a repository that may be read.
pub struct Blob {
    inner: Arc<Inner>,
    digest: Digest,
    size: u64,
    content: BlobContent,
}

/// A blob's bytes.
pub enum BlobBody {
    /// At hand.
    Bytes(Bytes),
    /// As they come from the store.
    Stream(ByteStream),
}

impl Pull {
    /// A blob to read, by digest. Nothing of it is read yet.
    ///
    /// Where nothing can be written, what is there can be read, but not held on to for longer.
    ///
    /// # Errors
    /// [`Error::BlobUnknown`] where the repository has none.
    pub async fn blob(&self, digest: &Digest) -> Result<Blob> {
        self.find_blob(digest, Lease::WherePossible).await
    }

    /// A blob, by digest, to rely on: it stays for the grace period at least.
    ///
    /// # Errors
    /// As [`blob`](Self::blob).
    pub async fn stat_blob(&self, digest: &Digest) -> Result<Blob> {
        self.find_blob(digest, Lease::Promised).await
    }

    async fn find_blob(&self, digest: &Digest, lease: Lease) -> Result<Blob> {
        self.must_exist()?;
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &access.inner.metadata;
        let record = under_facts!(access, permit => metadata.blob(access.scope(permit), digest));
        let unknown = || Error::BlobUnknown(digest.clone());
        let BlobRecord {
            size,
            content,
            condemned,
        } = record.ok_or_else(unknown)?;
        if condemned && !self.renew(ReferenceTarget::Blob, digest, lease).await? {
            return Err(unknown());
        }
        Ok(Blob {
            inner: Arc::clone(&access.inner),
            digest: digest.clone(),
            size,
            content,
        })
    }
}

impl Blob {
    /// Its digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Its length.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The object that has its bytes, where they are large enough to be in the store.
    pub fn object(&self) -> Option<&ObjectKey> {
        match &self.content {
            BlobContent::Object(key) => Some(key),
            BlobContent::Inline(_) => None,
        }
    }

    /// A URL where whoever has it can read the blob for so long, from the store itself; none where the blob is too
    /// small to be there, or nobody makes links. The store is not asked, so what it has wrong is not found here.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where none can be made now.
    pub async fn link(&self, life: Duration) -> Result<Option<Secret>> {
        match (self.object(), &self.inner.links) {
            (Some(key), Some(links)) => Ok(links.link(key, life).await?),
            _ => Ok(None),
        }
    }

    /// Its bytes, or those of a range that lies within it.
    ///
    /// # Errors
    /// [`Error::BlobUnknown`] where the store has it in another length: it is quarantined, and the
    /// next push heals it. [`Error::Unavailable`] where the store cannot give it now.
    pub async fn read(&self, range: Option<Range<u64>>) -> Result<BlobBody> {
        let range = range.map(|range| range.start.min(self.size)..range.end.min(self.size));
        match &self.content {
            BlobContent::Inline(bytes) => Ok(BlobBody::Bytes(slice(bytes, range))),
            BlobContent::Object(_) if range.as_ref().is_some_and(Range::is_empty) => {
                Ok(BlobBody::Bytes(Bytes::new()))
            }
            BlobContent::Object(key) => self.open(key, range).await.map(BlobBody::Stream),
        }
    }

    /// All of its bytes in memory: for content known to be small.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn read_all(&self) -> Result<Bytes> {
        let mut stream = match self.read(None).await? {
            BlobBody::Bytes(bytes) => return Ok(bytes),
            BlobBody::Stream(stream) => stream,
        };
        let mut bytes = BytesMut::new();
        while let Some(chunk) = stream.try_next().await? {
            bytes.extend_from_slice(&chunk);
        }
        if bytes.len() as u64 != self.size {
            return Err(Error::Unavailable("the store broke off".to_owned()));
        }
        Ok(bytes.freeze())
    }

    async fn open(&self, key: &ObjectKey, range: Option<Range<u64>>) -> Result<ByteStream> {
        let blobs = &self.inner.blobs;
        let object = blobs.read_content(key, &self.digest, range).await;
        match object {
            Ok(object) if object.size == self.size => Ok(object.bytes),
            Ok(_) => Err(self.quarantine().await?),
            // A range past the end of an object cut short is an error of the store, too.
            Err(error) => match self.inner.blobs.stat(key).await {
                Ok(Some(size)) if size != self.size => Err(self.quarantine().await?),
                _ => Err(error.into()),
            },
        }
    }

    /// Where it was not taken out of sight, the store is in doubt, or has it right in another object by now.
    async fn quarantine(&self) -> Result<Error> {
        let done = self.inner.quarantine(&self.digest, &self.content).await?;
        Ok(match done {
            true => Error::BlobUnknown(self.digest.clone()),
            false => Error::Unavailable("the store has it in another length".to_owned()),
        })
    }
}

fn slice(bytes: &Bytes, range: Option<Range<u64>>) -> Bytes {
    let Some(range) = range else {
        return bytes.clone();
    };
    // Inline content is shorter than the address space.
    let place = |offset: u64| {
        usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(bytes.len())
    };
    bytes.slice(place(range.start)..place(range.end).max(place(range.start)))
}
