//! Blobs, manifests, tags and referrers.

mod blob;
pub(super) mod manifest;
mod references;
pub(super) mod referrers;
pub(super) mod tag;

use async_trait::async_trait;
use registry_core::{
    Digest, RawDescriptor, Reference, RepositoryName, Tag, VisibleSet,
    backend::{
        BlobRecord, Checked, Content, DeleteBlob, DeleteBlobOutcome, DeleteManifest,
        DeleteManifestOutcome, DeleteTag, DeleteTagOutcome, FactsVersion, ManifestRecord,
        MetadataError, MountBlob, MountBlobOutcome, ObjectKey, PutBlob, PutBlobOutcome,
        PutManifest, PutManifestOutcome, ReferenceTarget, ReferrersPage, Renewal, Scope,
    },
};
use rusqlite::Row;

use super::{
    SqliteMetadata,
    error::Failure,
    names::Names,
    owned::{self, DeleteContent},
    seen::Versioned,
    transaction::Transaction,
    value::Bits,
    view::View,
};

impl View<'_> {
    /// Whether a repository has something that may be relied upon.
    fn exists(
        &self,
        repository: i64,
        target: ReferenceTarget,
        digest: &Digest,
    ) -> Result<bool, Failure> {
        let condemned = self.condemned(repository, target, digest)?;
        Ok(condemned.is_some())
    }

    /// Whether something is condemned; `None` where it is not there.
    fn condemned(
        &self,
        repository: i64,
        target: ReferenceTarget,
        digest: &Digest,
    ) -> Result<Option<bool>, Failure> {
        let sql = match target {
            ReferenceTarget::Blob => {
                "SELECT l.pass IS NOT NULL FROM links l
                JOIN contents c ON c.digest = l.digest AND c.quarantined = 0
                WHERE l.repository = ?1 AND l.digest = ?2"
            }
            ReferenceTarget::Manifest => {
                "SELECT pass IS NOT NULL FROM manifests WHERE repository = ?1 AND digest = ?2"
            }
        };
        self.one(sql, (repository, digest.as_str()), |row| row.get(0))
    }

    fn holders(
        &self,
        digest: &Digest,
        visible: Option<&VisibleSet>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<RepositoryName>, Failure> {
        let sound = "SELECT 1 FROM contents WHERE digest = ?1 AND quarantined = 0";
        match self.any(sound, [digest.as_str()])? {
            true => self.page(Names::Holding(digest), visible, after, limit),
            false => Ok(Vec::new()),
        }
    }

    /// Whether something is condemned, looked up by names.
    fn renewable(
        &self,
        name: &RepositoryName,
        target: ReferenceTarget,
        digest: &Digest,
    ) -> Result<Option<bool>, Failure> {
        match self.repository_id(name)? {
            Some(repository) => self.condemned(repository, target, digest),
            None => Ok(None),
        }
    }

    /// Reads a page of a repository, if nothing has changed since its decision.
    fn page_of<T>(
        &self,
        scope: Scope<'_>,
        read: impl FnOnce(i64) -> Result<Vec<T>, Failure>,
    ) -> Result<Checked<Vec<T>>, Failure> {
        let place = self.place(scope.repository)?;
        if place.version() != scope.facts {
            return Ok(Checked::Stale);
        }
        let page = place.id().map_or_else(|| Ok(Vec::new()), read);
        page.map(Checked::Current)
    }
}

impl Transaction<'_> {
    /// Clears the mark of something that is relied upon.
    fn revive(
        &self,
        repository: i64,
        target: ReferenceTarget,
        digest: &Digest,
    ) -> Result<(), Failure> {
        let sql = match target {
            ReferenceTarget::Blob => {
                "UPDATE links SET pass = NULL
                WHERE repository = ?1 AND digest = ?2 AND pass IS NOT NULL"
            }
            ReferenceTarget::Manifest => {
                "UPDATE manifests SET pass = NULL
                WHERE repository = ?1 AND digest = ?2 AND pass IS NOT NULL"
            }
        };
        self.run(sql, (repository, digest.as_str()))?;
        Ok(())
    }

    fn renew(
        &self,
        name: &RepositoryName,
        target: ReferenceTarget,
        digest: &Digest,
    ) -> Result<bool, Failure> {
        let Some(repository) = self.repository_id(name)? else {
            return Ok(false);
        };
        let exists = self.exists(repository, target, digest)?;
        if exists {
            self.revive(repository, target, digest)?;
        }
        Ok(exists)
    }
}

/// The versions that a row begins with.
fn versions(row: &Row<'_>) -> rusqlite::Result<FactsVersion> {
    Ok(FactsVersion {
        namespace: row.get::<_, Bits>(0)?.0,
        repository: row
            .get::<_, Option<Bits>>(1)?
            .map_or(0, |version| version.0),
    })
}

/// What a statement that reads versions and content has read, if the versions are those of the scope.
/// No row is read where there is no namespace.
fn checked<T>(scope: Scope<'_>, found: Option<Versioned<T>>) -> Checked<Option<T>> {
    let (version, content) = found.unwrap_or_default();
    match version == scope.facts {
        true => Checked::Current(content),
        false => Checked::Stale,
    }
}

#[async_trait]
impl Content for SqliteMetadata {
    async fn blob(
        &self,
        scope: Scope<'_>,
        digest: &Digest,
    ) -> Result<Checked<Option<BlobRecord>>, MetadataError> {
        self.read(|view| view.blob(scope, digest))
    }

    async fn manifest(
        &self,
        scope: Scope<'_>,
        reference: &Reference,
    ) -> Result<Checked<Option<ManifestRecord>>, MetadataError> {
        self.read(|view| view.manifest(scope, reference))
    }

    async fn tags(
        &self,
        scope: Scope<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Checked<Vec<Tag>>, MetadataError> {
        self.read(|view| view.page_of(scope, |id| view.tags(id, after, limit)))
    }

    async fn referrers(
        &self,
        scope: Scope<'_>,
        page: ReferrersPage<'_>,
    ) -> Result<Checked<Vec<RawDescriptor>>, MetadataError> {
        self.read(|view| view.page_of(scope, |id| view.referrers(id, page)))
    }

    async fn holders(
        &self,
        digest: &Digest,
        visible: Option<&VisibleSet>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<RepositoryName>, MetadataError> {
        self.read(|view| view.holders(digest, visible, after, limit))
    }

    async fn renew(&self, renewal: Renewal<'_>) -> Result<bool, MetadataError> {
        let (name, target, digest) = (renewal.repository, renewal.target, renewal.digest);
        // What bears no mark is told to be there without a write.
        match self.read(|view| view.renewable(name, target, digest))? {
            None => Ok(false),
            Some(false) => Ok(true),
            Some(true) => {
                let (name, digest) = (name.clone(), digest.clone());
                self.write(move |transaction| transaction.renew(&name, target, &digest))
                    .await
            }
        }
    }

    async fn put_blob(
        &self,
        command: PutBlob<'_>,
    ) -> Result<Checked<PutBlobOutcome>, MetadataError> {
        let command = owned::PutBlob::from(command);
        self.write(move |transaction| transaction.put_blob(&command))
            .await
    }

    async fn mount_blob(
        &self,
        command: MountBlob<'_>,
    ) -> Result<Checked<MountBlobOutcome>, MetadataError> {
        let command = owned::MountBlob::from(command);
        self.write(move |transaction| transaction.mount_blob(&command))
            .await
    }

    async fn delete_blob(
        &self,
        command: DeleteBlob<'_>,
    ) -> Result<Checked<DeleteBlobOutcome>, MetadataError> {
        let command = DeleteContent::from(command);
        self.write(move |transaction| transaction.delete_blob(&command))
            .await
    }

    async fn put_manifest(
        &self,
        command: PutManifest<'_>,
    ) -> Result<Checked<PutManifestOutcome>, MetadataError> {
        let command = owned::PutManifest::from(command);
        self.write(move |transaction| transaction.put_manifest(&command))
            .await
    }

    async fn delete_tag(
        &self,
        command: DeleteTag<'_>,
    ) -> Result<Checked<DeleteTagOutcome>, MetadataError> {
        let command = owned::DeleteTag::from(command);
        self.write(move |transaction| transaction.delete_tag(&command))
            .await
    }

    async fn delete_manifest(
        &self,
        command: DeleteManifest<'_>,
    ) -> Result<Checked<DeleteManifestOutcome>, MetadataError> {
        let command = DeleteContent::from(command);
        self.write(move |transaction| transaction.delete_manifest(&command))
            .await
    }

    async fn quarantine(
        &self,
        digest: &Digest,
        object: Option<&ObjectKey>,
    ) -> Result<bool, MetadataError> {
        let (digest, object) = (digest.clone(), object.cloned());
        self.write(move |transaction| transaction.quarantine(&digest, object.as_ref()))
            .await
    }
}
