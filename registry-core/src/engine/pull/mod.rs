//! Reading: manifests, tags, referrers and blobs of a repository.

mod blob;

use std::cmp::min;

use bytes::Bytes;

use super::{
    Error, Page, PageRequest, Result,
    access::{Access, Permit, under_facts},
};
use crate::{
    backend::{ManifestRecord, ReferenceTarget, ReferrersPage, Renewal},
    clock::Timestamp,
    descriptor::Descriptor,
    digest::Digest,
    media_type::MediaType,
    raw_descriptor::RawDescriptor,
    reference::Reference,
    tag::Tag,
};

pub use blob::{Blob, BlobBody};

/// A repository that may be read. Made for one request: what it may read is decided anew when
/// facts change, but whether the repository exists is known as of its opening.
pub struct Pull {
    access: Access,
    permit: Permit,
}

/// A manifest as it was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredManifest {
    /// Its digest.
    pub digest: Digest,
    /// Its type.
    pub media_type: MediaType,
    /// Its bytes.
    pub bytes: Bytes,
    /// When it first arrived in this repository.
    pub created: Timestamp,
}

/// What an answer about content is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lease {
    /// Who asks relies on it: it stays for the grace period.
    Promised,
    /// Who asks gets the bytes, whether they stay or not.
    WherePossible,
}

impl Pull {
    pub(super) fn new(access: Access, permit: Permit) -> Self {
        Self { access, permit }
    }

    /// A manifest, by tag or digest. Counts a pull.
    ///
    /// Where nothing can be written, what is there can be read, but not held on to for longer.
    ///
    /// # Errors
    /// [`Error::ManifestUnknown`] where the repository has none.
    pub async fn manifest(&self, reference: &Reference) -> Result<StoredManifest> {
        let manifest = self.look_up(reference, Lease::WherePossible).await?;
        self.access
            .inner
            .count_pull(&self.access.name, reference.tag());
        Ok(manifest)
    }

    /// A manifest, by tag or digest, without counting a pull. It stays for the grace period at least.
    ///
    /// # Errors
    /// As [`manifest`](Self::manifest).
    pub async fn stat_manifest(&self, reference: &Reference) -> Result<StoredManifest> {
        self.look_up(reference, Lease::Promised).await
    }

    async fn look_up(&self, reference: &Reference, lease: Lease) -> Result<StoredManifest> {
        self.must_exist()?;
        let record = self.find_manifest(reference).await?;
        let unknown = || Error::ManifestUnknown(reference.clone());
        let ManifestRecord {
            digest,
            media_type,
            bytes,
            created,
            condemned,
        } = record.ok_or_else(unknown)?;
        if condemned
            && !self
                .renew(ReferenceTarget::Manifest, &digest, lease)
                .await?
        {
            return Err(unknown());
        }
        Ok(StoredManifest {
            digest,
            media_type,
            bytes,
            created,
        })
    }

    /// A page of tags, in byte order.
    ///
    /// # Errors
    /// [`Error::RepositoryUnknown`] where there is none.
    pub async fn tags(&self, page: PageRequest<'_>) -> Result<Page<Tag>> {
        self.must_exist()?;
        let limit = min(page.limit, self.access.inner.settings.page_limit);
        if limit == 0 {
            return Ok(Page::empty());
        }
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &access.inner.metadata;
        let tags = under_facts!(access, permit =>
            metadata.tags(access.scope(permit), page.after, limit + 1));
        Page::cut(tags, limit, |tag| Ok(tag.as_str().to_owned()))
    }

    /// A page of the manifests whose subject this is, by digest in byte order; of one artifact type
    /// where one is given. The subject need not exist, nor even the repository.
    ///
    /// # Errors
    /// Only those of the backends.
    pub async fn referrers(
        &self,
        subject: &Digest,
        artifact_type: Option<&str>,
        page: PageRequest<'_>,
    ) -> Result<Page<Descriptor>> {
        let Page { items, next } = self.raw_referrers(subject, artifact_type, page).await?;
        let items = items.iter().map(read).collect::<Result<_>>()?;
        Ok(Page { items, next })
    }

    /// The same as the text that it is kept as, for those who send it on.
    ///
    /// # Errors
    /// Only those of the backends.
    pub async fn raw_referrers(
        &self,
        subject: &Digest,
        artifact_type: Option<&str>,
        page: PageRequest<'_>,
    ) -> Result<Page<RawDescriptor>> {
        let limit = min(page.limit, self.access.inner.settings.referrers_page_limit);
        if limit == 0 || !self.permit.exists {
            return Ok(Page::empty());
        }
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &access.inner.metadata;
        let after = page.after;
        let query = ReferrersPage {
            subject,
            artifact_type,
            after,
            limit: limit + 1,
        };
        let found = under_facts!(access, permit => metadata.referrers(access.scope(permit), query));
        Page::cut(found, limit, |last| Ok(read(last)?.digest.to_string()))
    }

    /// How often something was pulled: by this tag, or in all.
    ///
    /// # Errors
    /// Only those of the backends.
    pub async fn pulls(&self, tag: Option<&Tag>) -> Result<u64> {
        self.access.inner.pulls(&self.access.name, tag).await
    }

    async fn find_manifest(&self, reference: &Reference) -> Result<Option<ManifestRecord>> {
        let (access, mut permit) = (&self.access, self.permit);
        let metadata = &access.inner.metadata;
        Ok(under_facts!(access, permit => metadata.manifest(access.scope(permit), reference)))
    }

    /// Whether it is there still, and from now on for the grace period.
    async fn renew(&self, target: ReferenceTarget, digest: &Digest, lease: Lease) -> Result<bool> {
        let renewal = Renewal {
            repository: &self.access.name,
            target,
            digest,
        };
        match self.access.inner.metadata.renew(renewal).await {
            // A lease is a write. Where none is taken, what was found a moment ago can be read all the same.
            Err(_) if lease == Lease::WherePossible => Ok(true),
            renewed => Ok(renewed?),
        }
    }

    fn must_exist(&self) -> Result<()> {
        if self.permit.exists {
            Ok(())
        } else {
            Err(self.access.unknown())
        }
    }
}

fn read(referrer: &RawDescriptor) -> Result<Descriptor> {
    let read = referrer.read();
    read.map_err(|error| Error::Unavailable(format!("a descriptor cannot be read: {error}")))
}
