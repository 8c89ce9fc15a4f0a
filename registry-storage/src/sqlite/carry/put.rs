//! Rows that are put, and dropped.

use registry_core::{
    Digest, RepositoryName,
    backend::{
        BlobContent, CarriedManifest, KeptContent, NamespaceRecord, ObjectKey, ReferenceTarget,
        RepositoryRecord, Row, RowKey, RowKind,
    },
};

use crate::{
    canonical::{is_bare, namespace_of},
    sqlite::{
        error::Failure,
        transaction::Transaction,
        value::{Bits, Millis, Readable},
    },
};

const NAMESPACE: &str = "INSERT INTO namespaces (name, public, collect_untagged, version, created)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (name) DO UPDATE SET public = excluded.public, version = excluded.version,
        collect_untagged = excluded.collect_untagged, created = excluded.created";

const INHERITED: &str = "UPDATE repositories SET public = ?2
    WHERE namespace = ?1 AND visibility IS NULL AND public <> ?2";

const REPOSITORY: &str = "INSERT INTO repositories
        (name, namespace, bare, visibility, public, version, created, pulls)
    SELECT ?1, n.name, ?3, ?4, ifnull(?4, n.public), ?5, ?6, ?7 FROM namespaces n WHERE n.name = ?2
    ON CONFLICT (name) DO UPDATE SET visibility = excluded.visibility, public = excluded.public,
        version = excluded.version, created = excluded.created, pulls = excluded.pulls";

const CONTENT: &str = "INSERT INTO contents (digest, size, quarantined, object, inline)
    VALUES (?1, ?2, ?3, ?4, ?5)";

const ASIDE: &str = "INSERT INTO quarantine (object, digest, size, since) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (object) DO NOTHING";

const LINK: &str = "INSERT INTO links (repository, digest, bare, holder)
    SELECT id, ?2, bare, name FROM repositories WHERE name = ?1
    ON CONFLICT DO UPDATE SET pass = NULL";

const MANIFEST: &str = "INSERT INTO manifests
        (repository, digest, media_type, subject, artifact_type, created, descriptor, bytes)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (repository, digest) DO UPDATE SET media_type = excluded.media_type,
        subject = excluded.subject, artifact_type = excluded.artifact_type, pass = NULL,
        created = excluded.created, descriptor = excluded.descriptor, bytes = excluded.bytes";

const REFERENCE: &str =
    "INSERT INTO manifest_references (repository, target, digest, required, manifest)
    VALUES (?1, ?2, ?3, ?4, ?5)";

const TAG: &str = "INSERT INTO tags (repository, tag, manifest, pulls)
    SELECT r.id, ?2, m.id, ?4 FROM repositories r
    JOIN manifests m ON m.repository = r.id AND m.digest = ?3 WHERE r.name = ?1
    ON CONFLICT DO UPDATE SET manifest = excluded.manifest, pulls = excluded.pulls";

const MANIFEST_ID: &str = "SELECT m.id FROM manifests m JOIN repositories r ON r.id = m.repository
    WHERE r.name = ?1 AND m.digest = ?2";

impl Transaction<'_> {
    pub(super) fn put_row(&mut self, row: &Row) -> Result<(), Failure> {
        match row {
            Row::Namespace(record) => self.put_namespace(record),
            Row::Repository { record, pulls } => self.put_repository(record, *pulls),
            Row::Content(content) => self.put_content(content),
            Row::Link { repository, digest } => self
                .run(LINK, (repository.as_str(), digest.as_str()))
                .map(drop),
            Row::Manifest(manifest) => self.put_carried(manifest),
            Row::Tag {
                repository,
                tag,
                digest,
                pulls,
            } => {
                let (name, digest) = (repository.as_str(), digest.as_str());
                self.run(TAG, (name, tag.as_str(), digest, Bits(*pulls)))
                    .map(drop)
            }
        }
    }

    fn put_namespace(&mut self, record: &NamespaceRecord) -> Result<(), Failure> {
        let (name, settings) = (record.name.as_str(), record.settings);
        let public = Readable(settings.visibility);
        let (version, created) = (self.next_version(), Millis(record.created));
        let params = (name, &public, settings.collect_untagged, version, created);
        self.run(NAMESPACE, params)?;
        self.run(INHERITED, (name, public)).map(drop)
    }

    fn put_repository(&mut self, record: &RepositoryRecord, pulls: u64) -> Result<(), Failure> {
        let name = &record.name;
        let params = (
            name.as_str(),
            namespace_of(name),
            is_bare(name),
            record.visibility.map(Readable),
            self.next_version(),
            Millis(record.created),
            Bits(pulls),
        );
        self.run(REPOSITORY, params).map(drop)
    }

    fn put_content(&self, content: &KeptContent) -> Result<(), Failure> {
        let (object, inline) = match &content.content {
            BlobContent::Object(key) => (Some(key), None),
            BlobContent::Inline(bytes) => (None, Some(&**bytes)),
        };
        self.drop_carried(content.digest.as_str(), object)?;
        let (digest, size) = (content.digest.as_str(), Bits(content.size));
        let key = object.map(ObjectKey::as_str);
        self.run(CONTENT, (digest, size, content.quarantined, key, inline))?;
        let Some(object) = object else {
            return Ok(());
        };
        if content.quarantined {
            let size = Bits(content.size);
            self.run(ASIDE, (key, digest, size, Millis(self.now)))?;
        }
        self.make_known(object)
    }

    /// Drops a content and gives up its object, unless that is to stay.
    fn drop_carried(&self, digest: &str, but: Option<&ObjectKey>) -> Result<(), Failure> {
        let sql = "SELECT object FROM contents WHERE digest = ?1";
        let object: Option<Option<String>> = self.one(sql, [digest], |row| row.get(0))?;
        self.run("DELETE FROM contents WHERE digest = ?1", [digest])?;
        let Some(object) = object.flatten().map(ObjectKey::new) else {
            return Ok(());
        };
        let sql = "DELETE FROM quarantine WHERE object = ?1";
        self.run(sql, [object.as_str()])?;
        match but {
            Some(stays) if *stays == object => Ok(()),
            _ => self.give_up(&object),
        }
    }

    fn put_carried(&self, manifest: &CarriedManifest) -> Result<(), Failure> {
        let Some(repository) = self.repository_id(&manifest.repository)? else {
            return Ok(());
        };
        let params = (
            repository,
            manifest.digest.as_str(),
            manifest.media_type.as_str(),
            manifest.subject.as_ref().map(Digest::as_str),
            &manifest.descriptor.artifact_type,
            Millis(manifest.created),
            serde_json::to_string(&manifest.descriptor)?,
            &*manifest.bytes,
        );
        self.run(MANIFEST, params)?;
        let Some(id) = self.carried_id(&manifest.repository, &manifest.digest)? else {
            return Ok(());
        };
        self.run("DELETE FROM manifest_references WHERE manifest = ?1", [id])?;
        for reference in &manifest.references {
            let target = match reference.target {
                ReferenceTarget::Blob => 0,
                ReferenceTarget::Manifest => 1,
            };
            let digest = reference.digest.as_str();
            let params = (repository, target, digest, reference.required, id);
            self.run(REFERENCE, params)?;
        }
        Ok(())
    }

    fn carried_id(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Option<i64>, Failure> {
        let params = (repository.as_str(), digest.as_str());
        self.one(MANIFEST_ID, params, |row| row.get(0))
    }

    pub(super) fn drop_row(&mut self, kind: RowKind, key: &RowKey) -> Result<(), Failure> {
        let params = (&key.place, &key.item);
        let within = "repository = (SELECT id FROM repositories WHERE name = ?1)";
        match kind {
            // Nothing drops places.
            RowKind::Namespaces | RowKind::Repositories => Ok(()),
            RowKind::Contents => self.drop_carried(&key.place, None),
            RowKind::Links => {
                let sql = format!("DELETE FROM links WHERE {within} AND digest = ?2");
                self.run(&sql, params).map(drop)
            }
            RowKind::Manifests => {
                let tags = format!("DELETE FROM tags WHERE manifest = ({MANIFEST_ID})");
                self.run(&tags, params)?;
                let sql = format!("DELETE FROM manifests WHERE {within} AND digest = ?2");
                self.run(&sql, params).map(drop)
            }
            RowKind::Tags => {
                let sql = format!("DELETE FROM tags WHERE {within} AND tag = ?2");
                self.run(&sql, params).map(drop)
            }
        }
    }
}
