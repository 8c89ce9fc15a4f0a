//! Reading a blob: verified at its end, resumed where the connection breaks.

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::{HeaderValue, Method, StatusCode, header};
use registry_core::{Digest, DigestHasher};

use super::Repository;
use crate::auth::Scopes;
use crate::wire::{Answer, Budget, Call};
use crate::{Error, Result};

/// A blob on its way from a registry.
///
/// 1. Bytes come in order, each once, however often the connection broke.
/// 2. The end ([`None`]) comes only after the bytes were found to have the digest; where they do not,
///    [`Error::Mismatch`] comes instead. Until then nothing is known of the bytes.
/// 3. [`chunk`](Self::chunk) may be dropped and called again.
pub struct Blob {
    repository: Repository,
    digest: Digest,
    hasher: Option<Box<dyn DigestHasher>>,
    size: Option<u64>,
    answer: Option<Answer>,
    offset: u64,
    skip: u64,
    budget: Budget,
}

impl Repository {
    /// The blob of a digest.
    ///
    /// # Errors
    /// When it is not there, or its digest cannot be verified here.
    pub async fn blob(&self, digest: &Digest) -> Result<Blob> {
        let algorithm = self.client.algorithms.get(digest.algorithm());
        let unsupported = || Error::DigestUnsupported(digest.algorithm().to_owned());
        let mut blob = Blob {
            repository: self.clone(),
            digest: digest.clone(),
            hasher: Some(algorithm.ok_or_else(unsupported)?.hasher()),
            size: None,
            answer: None,
            offset: 0,
            skip: 0,
            budget: Budget::default(),
        };
        blob.open().await?;
        Ok(blob)
    }

    /// The size of a blob; `None` where there is none.
    ///
    /// # Errors
    /// When the registry refuses, or does not say the size.
    pub async fn blob_exists(&self, digest: &Digest) -> Result<Option<u64>> {
        let Some(answer) = self.head(self.url(&format!("blobs/{digest}"))).await? else {
            return Ok(None);
        };
        let size = answer.header(header::CONTENT_LENGTH);
        let size = size.and_then(|size| size.parse().ok());
        let missing = || Error::protocol(answer.url().origin(), "no size in a HEAD");
        size.ok_or_else(missing).map(Some)
    }
}

impl Blob {
    /// The digest that was asked for.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The size that the registry announced, if it did.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The next bytes; `None` once all came and were verified.
    ///
    /// # Errors
    /// When the transfer broke more often than the retries allow, or the bytes are not the blob.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        while self.hasher.is_some() {
            match self.receive().await {
                Ok(Some(bytes)) => {
                    if let Some(bytes) = self.take(bytes)? {
                        return Ok(Some(bytes));
                    }
                }
                Ok(None) => self.verify()?,
                Err(error) => {
                    self.answer = None;
                    let wire = &self.repository.client.wire;
                    wire.wait(error, &mut self.budget).await?;
                }
            }
        }
        Ok(None)
    }

    /// The bytes as a stream, which ends after its first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes>> + Send {
        futures_util::stream::try_unfold(self, |mut blob| async move {
            let bytes = blob.chunk().await?;
            Ok(bytes.map(|bytes| (bytes, blob)))
        })
    }

    /// The whole blob, unless it is longer than `limit`.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk); and when it is too long.
    pub async fn read_all(mut self, limit: usize) -> Result<Bytes> {
        let host = self.repository.client.wire.origin.authority();
        let mut content = BytesMut::new();
        while let Some(bytes) = self.chunk().await? {
            if content.len() + bytes.len() > limit {
                let what = "a blob";
                return Err(Error::TooLarge { host, what, limit });
            }
            content.extend_from_slice(&bytes);
        }
        Ok(content.freeze())
    }

    async fn receive(&mut self) -> Result<Option<Bytes>> {
        if self.is_whole() {
            return Ok(None);
        }
        if self.answer.is_none() {
            self.open().await?;
        }
        match &mut self.answer {
            Some(answer) => answer.chunk().await,
            None => Ok(None),
        }
    }

    /// Asks for what is still missing.
    async fn open(&mut self) -> Result<()> {
        let repository = &self.repository;
        let url = repository.url(&format!("blobs/{}", self.digest));
        let mut call = Call::new(Method::GET, url, &Scopes::pull(&repository.name));
        if self.offset > 0 {
            let range = HeaderValue::try_from(format!("bytes={}-", self.offset));
            call = call.header(header::RANGE, range.expect("digits are ASCII"));
        }
        let wire = repository.wire();
        let answer = wire.send_within(&call, &mut self.budget).await?;
        let statuses = match self.offset {
            0 => &[StatusCode::OK][..],
            _ => &[StatusCode::OK, StatusCode::PARTIAL_CONTENT],
        };
        let answer = wire.expect(answer, statuses).await?;
        self.skip = self.to_skip(&answer)?;
        let before = self.offset - self.skip;
        let size = answer.body_size().map(|rest| before + rest);
        self.size = self.size.or(size);
        self.answer = Some(answer);
        Ok(())
    }

    /// How much of the body was received before: all of it, where the registry knows no ranges.
    fn to_skip(&self, answer: &Answer) -> Result<u64> {
        if answer.status() == StatusCode::OK {
            return Ok(self.offset);
        }
        let range = answer.header(header::CONTENT_RANGE);
        if range.and_then(range_start) == Some(self.offset) {
            return Ok(0);
        }
        let reason = "the range it sent is not the one that was asked for";
        Err(Error::protocol(answer.url().origin(), reason))
    }

    /// Counts and hashes what is new of the bytes; nothing where none is.
    fn take(&mut self, mut bytes: Bytes) -> Result<Option<Bytes>> {
        let known = usize::try_from(self.skip).map_or(bytes.len(), |skip| skip.min(bytes.len()));
        self.skip -= known as u64;
        let bytes = bytes.split_off(known);
        self.offset += bytes.len() as u64;
        if self.size.is_some_and(|size| self.offset > size) {
            let reason = "a blob became longer than it was announced";
            return Err(Error::protocol(&self.repository.wire().origin, reason));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&bytes);
        }
        Ok((!bytes.is_empty()).then_some(bytes))
    }

    fn is_whole(&self) -> bool {
        self.size == Some(self.offset)
    }

    fn verify(&mut self) -> Result<()> {
        let actual = self.hasher.take().map(DigestHasher::finish);
        match actual {
            Some(actual) if actual != self.digest => Err(Error::Mismatch {
                expected: self.digest.clone(),
                actual,
            }),
            _ => Ok(()),
        }
    }
}

/// The first byte of `bytes 5-9/10`.
fn range_start(content_range: &str) -> Option<u64> {
    let range = content_range.strip_prefix("bytes ")?;
    range.split_once('-')?.0.trim_ascii().parse().ok()
}
