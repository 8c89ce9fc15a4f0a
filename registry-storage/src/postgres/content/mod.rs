//! Blobs, manifests, tags and referrers.

mod blob;
mod kept;
mod link;
mod manifest;
mod mount;
mod references;
mod referrers;
mod renewal;
mod tag;

use async_trait::async_trait;
use registry_core::{
    Digest, RawDescriptor, Reference, RepositoryName, Tag, VisibleSet,
    backend::{
        BlobRecord, Checked, Content, DeleteBlob, DeleteBlobOutcome, DeleteManifest,
        DeleteManifestOutcome, DeleteTag, DeleteTagOutcome, FactsVersion, ManifestRecord,
        MetadataError, MountBlob, MountBlobOutcome, ObjectKey, PutBlob, PutBlobOutcome,
        PutManifest, PutManifestOutcome, ReferrersPage, Renewal, Scope,
    },
};
use tokio_postgres::Row;

pub(super) use self::referrers::without_zero;
use super::{
    PostgresMetadata,
    error::Failure,
    listings::Listing,
    names::Names,
    param::Param,
    transaction::{End, Transaction},
};
use crate::canonical::namespace_of;

/// What a command that changes content comes to.
type Outcome<T> = Result<End<Checked<T>>, Failure>;

/// Nothing is done, because this stands against it.
fn refused<T>(outcome: T) -> End<Checked<T>> {
    End::RollBack(Checked::Current(outcome))
}

/// It is done.
fn done<T>(outcome: T) -> End<Checked<T>> {
    End::Commit(Checked::Current(outcome))
}

/// What was decided rests on facts that are others now.
fn stale<T>() -> End<Checked<T>> {
    End::RollBack(Checked::Stale)
}

impl Transaction<'_> {
    /// Takes a content out of sight and keeps its object aside.
    async fn quarantine(
        &self,
        digest: &Digest,
        object: Option<&ObjectKey>,
    ) -> Result<End<bool>, Failure> {
        let object = object.map(ObjectKey::as_str);
        let sql = "UPDATE contents SET quarantined = true
            WHERE digest = $1 AND object IS NOT DISTINCT FROM $2 AND NOT quarantined";
        let digest = digest.as_str();
        if self.run(sql, &[digest.into(), object.into()]).await? == 0 {
            return Ok(End::RollBack(false));
        }
        let sql = "INSERT INTO quarantine (object, digest, size, since)
            SELECT object, digest, size, registry_now() FROM contents
            WHERE digest = $1 AND object IS NOT NULL";
        self.run(sql, &[digest.into()]).await?;
        Ok(End::Commit(true))
    }
}

impl PostgresMetadata {
    /// Reads rows of a repository that begin with the versions of its facts: one at least, whose other
    /// columns are null where there is nothing.
    async fn checked(
        &self,
        scope: Scope<'_>,
        sql: &str,
        rest: Vec<Param<'_>>,
    ) -> Result<Checked<Vec<Row>>, MetadataError> {
        self.checked_with(scope, sql, &placed(scope, rest)).await
    }

    async fn checked_with(
        &self,
        scope: Scope<'_>,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Checked<Vec<Row>>, MetadataError> {
        let rows = self.rows(sql, params).await?;
        Ok(match versions_of(&rows)? == scope.facts {
            true => Checked::Current(rows),
            false => Checked::Stale,
        })
    }

    /// The same of a listing. A standby may answer where it has these very facts: what it lists was there while
    /// they were those of the decision.
    async fn checked_listing(
        &self,
        scope: Scope<'_>,
        listing: Listing,
        rest: Vec<Param<'_>>,
    ) -> Result<Checked<Vec<Row>>, MetadataError> {
        let params = placed(scope, rest);
        let is_of_facts = |rows: &[Row]| versions_of(rows).is_ok_and(|found| found == scope.facts);
        match self.listed(listing, &params, is_of_facts).await {
            Some(rows) => Ok(Checked::Current(rows)),
            None => self.checked_with(scope, listing.sql, &params).await,
        }
    }
}

/// The parameters of a statement about a repository.
fn placed<'a>(scope: Scope<'a>, rest: Vec<Param<'a>>) -> Vec<Param<'a>> {
    let name = scope.repository;
    let mut params = vec![namespace_of(name).into(), name.as_str().into()];
    params.extend(rest);
    params
}

fn versions_of(rows: &[Row]) -> Result<FactsVersion, Failure> {
    Ok(rows.first().map(versions).transpose()?.unwrap_or_default())
}

fn versions(row: &Row) -> Result<FactsVersion, Failure> {
    let version = |column| row.try_get::<_, Option<i64>>(column);
    Ok(FactsVersion {
        namespace: version(0)?.map_or(0, i64::cast_unsigned),
        repository: version(1)?.map_or(0, i64::cast_unsigned),
    })
}

/// What is current, read; the rows of a page without the one that says that there is nothing.
fn read_page<T>(
    rows: Checked<Vec<Row>>,
    read: impl Fn(&Row) -> Result<Option<T>, Failure>,
) -> Result<Checked<Vec<T>>, MetadataError> {
    let Checked::Current(rows) = rows else {
        return Ok(Checked::Stale);
    };
    let page: Result<_, Failure> = rows
        .iter()
        .filter_map(|row| read(row).transpose())
        .collect();
    Ok(Checked::Current(page?))
}

/// The same of the only row.
fn read_one<T>(
    rows: Checked<Vec<Row>>,
    read: impl Fn(&Row) -> Result<Option<T>, Failure>,
) -> Result<Checked<Option<T>>, MetadataError> {
    Ok(match read_page(rows, read)? {
        Checked::Current(page) => Checked::Current(page.into_iter().next()),
        Checked::Stale => Checked::Stale,
    })
}

/// A cursor as a text of the database, which has no zero: nothing that is listed has one either.
fn cursor(after: Option<&str>) -> &str {
    after
        .and_then(|after| after.split('\0').next())
        .unwrap_or_default()
}

#[async_trait]
impl Content for PostgresMetadata {
    async fn blob(
        &self,
        scope: Scope<'_>,
        digest: &Digest,
    ) -> Result<Checked<Option<BlobRecord>>, MetadataError> {
        let rows = self
            .checked(scope, blob::BLOB, vec![digest.as_str().into()])
            .await?;
        read_one(rows, blob::record)
    }

    async fn manifest(
        &self,
        scope: Scope<'_>,
        reference: &Reference,
    ) -> Result<Checked<Option<ManifestRecord>>, MetadataError> {
        let (sql, text) = match reference {
            Reference::Tag(tag) => (manifest::BY_TAG, tag.as_str()),
            Reference::Digest(digest) => (manifest::BY_DIGEST, digest.as_str()),
        };
        let rows = self.checked(scope, sql, vec![text.into()]).await?;
        read_one(rows, manifest::record)
    }

    async fn tags(
        &self,
        scope: Scope<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Checked<Vec<Tag>>, MetadataError> {
        let params = vec![cursor(after).into(), super::value::limit(limit).into()];
        let rows = self.checked_listing(scope, tag::TAGS, params).await?;
        read_page(rows, |row| super::value::optional_text(row, 2))
    }

    async fn referrers(
        &self,
        scope: Scope<'_>,
        page: ReferrersPage<'_>,
    ) -> Result<Checked<Vec<RawDescriptor>>, MetadataError> {
        let kind = page.artifact_type.map(referrers::without_zero);
        let (sql, params) = referrers::page(&page, kind.as_deref());
        let rows = self.checked(scope, sql, params).await?;
        read_page(rows, referrers::descriptor)
    }

    async fn holders(
        &self,
        digest: &Digest,
        visible: Option<&VisibleSet>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<RepositoryName>, MetadataError> {
        let sound = "SELECT 1 FROM contents WHERE digest = $1 AND NOT quarantined";
        match self.one(sound, &[digest.as_str().into()]).await? {
            Some(_) => {
                self.page(Names::Holding(digest), visible, after, limit)
                    .await
            }
            None => Ok(Vec::new()),
        }
    }

    async fn renew(&self, renewal: Renewal<'_>) -> Result<bool, MetadataError> {
        self.renew_marked(renewal).await
    }

    async fn put_blob(
        &self,
        command: PutBlob<'_>,
    ) -> Result<Checked<PutBlobOutcome>, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.put_blob(&command)))
            .await
    }

    async fn mount_blob(
        &self,
        command: MountBlob<'_>,
    ) -> Result<Checked<MountBlobOutcome>, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.mount_blob(&command)))
            .await
    }

    async fn delete_blob(
        &self,
        command: DeleteBlob<'_>,
    ) -> Result<Checked<DeleteBlobOutcome>, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.delete_blob(command)))
            .await
    }

    async fn put_manifest(
        &self,
        command: PutManifest<'_>,
    ) -> Result<Checked<PutManifestOutcome>, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.put_manifest(&command)))
            .await
    }

    async fn delete_tag(
        &self,
        command: DeleteTag<'_>,
    ) -> Result<Checked<DeleteTagOutcome>, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.delete_tag(&command)))
            .await
    }

    async fn delete_manifest(
        &self,
        command: DeleteManifest<'_>,
    ) -> Result<Checked<DeleteManifestOutcome>, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.delete_manifest(command)))
            .await
    }

    async fn quarantine(
        &self,
        digest: &Digest,
        object: Option<&ObjectKey>,
    ) -> Result<bool, MetadataError> {
        self.transact(|transaction| Box::pin(transaction.quarantine(digest, object)))
            .await
    }
}
