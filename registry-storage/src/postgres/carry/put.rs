//! Rows that are put, and dropped.

use registry_core::{
    Digest,
    backend::{
        BlobContent, CarriedManifest, KeptContent, NamespaceRecord, RepositoryRecord, Row, RowKey,
        RowKind,
    },
};

use crate::{
    canonical::{is_bare, namespace_of},
    postgres::{
        content::without_zero,
        error::Failure,
        param::Param,
        transaction::{End, Transaction},
        value::is_public,
    },
};

const NAMESPACE: &str = "INSERT INTO namespaces (name, public, collect_untagged, version, created)
    VALUES ($1, $2, $3, nextval('versions'), $4)
    ON CONFLICT (name) DO UPDATE SET public = excluded.public, version = excluded.version,
        collect_untagged = excluded.collect_untagged, created = excluded.created";

const INHERITED: &str = "UPDATE repositories SET public = $2
    WHERE namespace = $1 AND visibility IS NULL AND public <> $2";

const REPOSITORY: &str = "INSERT INTO repositories
        (name, namespace, bare, visibility, public, version, created)
    SELECT $1, n.name, $3, $4, coalesce($4, n.public), nextval('versions'), $5
        FROM namespaces n WHERE n.name = $2
    ON CONFLICT (name) DO UPDATE SET visibility = excluded.visibility, public = excluded.public,
        version = excluded.version, created = excluded.created
    RETURNING id";

const PULLS: &str = "INSERT INTO pulls (repository, tag, tag_id, pulls) VALUES ($1, $2, $3, $4)
    ON CONFLICT (repository, tag, tag_id) DO UPDATE SET pulls = excluded.pulls";

const CONTENT: &str = "INSERT INTO contents (digest, size, quarantined, object, inline)
    VALUES ($1, $2, $3, $4, $5)";

const ASIDE: &str = "INSERT INTO quarantine (object, digest, size, since)
    VALUES ($1, $2, $3, registry_now()) ON CONFLICT (object) DO NOTHING";

const LIVE: &str = "INSERT INTO objects (key, state) VALUES ($1, 'live') ON CONFLICT DO NOTHING";

const LINK: &str = "INSERT INTO links (repository, digest, bare, holder)
    SELECT id, $2, bare, name FROM repositories WHERE name = $1
    ON CONFLICT (repository, digest) DO UPDATE SET pass = NULL";

const MANIFEST: &str = "INSERT INTO manifests
        (repository, digest, media_type, subject, artifact_type, created, descriptor, bytes)
    SELECT id, $2, $3, $4, $5, $6, $7, $8 FROM repositories WHERE name = $1
    ON CONFLICT (repository, digest) DO UPDATE SET media_type = excluded.media_type,
        subject = excluded.subject, artifact_type = excluded.artifact_type, pass = NULL,
        created = excluded.created, descriptor = excluded.descriptor, bytes = excluded.bytes
    RETURNING id, repository";

const TAG: &str = "INSERT INTO tags (repository, tag, manifest)
    SELECT r.id, $2, m.id FROM repositories r
    JOIN manifests m ON m.repository = r.id AND m.digest = $3 WHERE r.name = $1
    ON CONFLICT (repository, tag) DO UPDATE SET manifest = excluded.manifest
    RETURNING id, repository";

const REPOSITORY_ID: &str = "(SELECT id FROM repositories WHERE name = $1)";

impl Transaction<'_> {
    pub(super) async fn put_all(&self, rows: &[Row]) -> Result<End<()>, Failure> {
        for row in rows {
            self.put_row(row).await?;
        }
        Ok(End::Commit(()))
    }

    pub(super) async fn drop_all(
        &self,
        kind: RowKind,
        keys: &[RowKey],
    ) -> Result<End<()>, Failure> {
        for key in keys {
            self.drop_row(kind, key).await?;
        }
        Ok(End::Commit(()))
    }

    async fn put_row(&self, row: &Row) -> Result<(), Failure> {
        match row {
            Row::Namespace(record) => self.put_namespace(record).await,
            Row::Repository { record, pulls } => self.put_repository(record, *pulls).await,
            Row::Content(content) => self.put_content(content).await,
            Row::Link { repository, digest } => {
                let params = [repository.as_str().into(), digest.as_str().into()];
                self.run(LINK, &params).await.map(drop)
            }
            Row::Manifest(manifest) => self.put_carried(manifest).await,
            Row::Tag {
                repository,
                tag,
                digest,
                pulls,
            } => {
                let place = (repository.as_str(), tag.as_str());
                self.put_tag(place, digest, *pulls).await
            }
        }
    }

    async fn put_namespace(&self, record: &NamespaceRecord) -> Result<(), Failure> {
        let (name, settings) = (record.name.as_str(), record.settings);
        let public = is_public(settings.visibility);
        let params = [
            name.into(),
            public.into(),
            settings.collect_untagged.into(),
            record.created.as_millis().cast_signed().into(),
        ];
        self.run(NAMESPACE, &params).await?;
        self.run(INHERITED, &[name.into(), public.into()]).await?;
        Ok(())
    }

    async fn put_repository(&self, record: &RepositoryRecord, pulls: u64) -> Result<(), Failure> {
        let name = &record.name;
        let params = [
            name.as_str().into(),
            namespace_of(name).into(),
            is_bare(name).into(),
            record.visibility.map(is_public).into(),
            record.created.as_millis().cast_signed().into(),
        ];
        let Some(row) = self.one(REPOSITORY, &params).await? else {
            return Ok(());
        };
        let id: i64 = row.try_get(0)?;
        let sql = "DELETE FROM appended_pulls WHERE repository = $1";
        self.run(sql, &[id.into()]).await?;
        self.set_pulls((id, "", 0), pulls).await
    }

    async fn set_pulls(&self, of: (i64, &str, i64), pulls: u64) -> Result<(), Failure> {
        let (repository, tag, id) = of;
        let pulls = pulls.cast_signed().into();
        let params = [repository.into(), tag.into(), id.into(), pulls];
        self.run(PULLS, &params).await?;
        Ok(())
    }

    async fn put_content(&self, content: &KeptContent) -> Result<(), Failure> {
        let (object, inline) = match &content.content {
            BlobContent::Object(key) => (Some(key.as_str()), None),
            BlobContent::Inline(bytes) => (None, Some(&**bytes)),
        };
        let digest = content.digest.as_str();
        self.drop_content(digest, object).await?;
        let size = content.size.cast_signed();
        let params = [
            digest.into(),
            size.into(),
            content.quarantined.into(),
            object.into(),
            inline.into(),
        ];
        self.run(CONTENT, &params).await?;
        let Some(object) = object else {
            return Ok(());
        };
        if content.quarantined {
            let params = [object.into(), digest.into(), size.into()];
            self.run(ASIDE, &params).await?;
        }
        self.make_known(&[object]).await?;
        self.run(LIVE, &[object.into()]).await?;
        Ok(())
    }

    /// Drops a content and gives up its object, unless that is to stay.
    async fn drop_content(&self, digest: &str, but: Option<&str>) -> Result<(), Failure> {
        let sql = "DELETE FROM contents WHERE digest = $1 RETURNING object";
        let Some(row) = self.one(sql, &[digest.into()]).await? else {
            return Ok(());
        };
        let Some(object) = row.try_get::<_, Option<&str>>(0)? else {
            return Ok(());
        };
        let sql = "DELETE FROM quarantine WHERE object = $1";
        self.run(sql, &[object.into()]).await?;
        match but {
            Some(stays) if stays == object => Ok(()),
            _ => self.give_up(&[object]).await,
        }
    }

    async fn put_carried(&self, manifest: &CarriedManifest) -> Result<(), Failure> {
        let artifact_type = manifest.descriptor.artifact_type.as_deref();
        let artifact_type = artifact_type.map(without_zero);
        let descriptor = serde_json::to_string(&manifest.descriptor)?;
        let params = [
            manifest.repository.as_str().into(),
            manifest.digest.as_str().into(),
            manifest.media_type.as_str().into(),
            manifest.subject.as_ref().map(Digest::as_str).into(),
            artifact_type.as_deref().into(),
            manifest.created.as_millis().cast_signed().into(),
            descriptor.as_str().into(),
            (&*manifest.bytes).into(),
        ];
        let Some(row) = self.one(MANIFEST, &params).await? else {
            return Ok(());
        };
        let (id, repository) = (row.try_get(0)?, row.try_get(1)?);
        self.set_references(repository, id, &manifest.references)
            .await
    }

    /// A tag that is moved counts on, as where it comes from.
    async fn put_tag(
        &self,
        (repository, tag): (&str, &str),
        digest: &Digest,
        pulls: u64,
    ) -> Result<(), Failure> {
        let params = [repository.into(), tag.into(), digest.as_str().into()];
        let Some(row) = self.one(TAG, &params).await? else {
            return Ok(());
        };
        let (id, repository) = (row.try_get(0)?, row.try_get(1)?);
        self.set_pulls((repository, tag, id), pulls).await
    }

    async fn drop_row(&self, kind: RowKind, key: &RowKey) -> Result<(), Failure> {
        let within = format!("repository = {REPOSITORY_ID}");
        let sql = match kind {
            // Nothing drops places.
            RowKind::Namespaces | RowKind::Repositories => return Ok(()),
            RowKind::Contents => return self.drop_content(&key.place, None).await,
            RowKind::Links => format!("DELETE FROM links WHERE {within} AND digest = $2"),
            RowKind::Manifests => return self.drop_carried(key).await,
            RowKind::Tags => {
                let sql = format!("DELETE FROM pulls WHERE {within} AND tag = $2");
                self.run(&sql, &params(key)).await?;
                format!("DELETE FROM tags WHERE {within} AND tag = $2")
            }
        };
        self.run(&sql, &params(key)).await?;
        Ok(())
    }

    async fn drop_carried(&self, key: &RowKey) -> Result<(), Failure> {
        let sql =
            format!("SELECT id FROM manifests WHERE repository = {REPOSITORY_ID} AND digest = $2");
        let Some(row) = self.one(&sql, &params(key)).await? else {
            return Ok(());
        };
        let id: i64 = row.try_get(0)?;
        self.drop_manifest(id).await?;
        Ok(())
    }
}

fn params(key: &RowKey) -> [Param<'_>; 2] {
    [key.place.as_str().into(), key.item.as_str().into()]
}
