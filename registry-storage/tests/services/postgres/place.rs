//! A database, a client that knows its tables, and steps that tests share.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::join;
use registry_core::{
    Descriptor, Digest, MediaType, RepositoryName, Tag, Timestamp, Visibility,
    backend::{
        BlobContent, Checked, Collection, Content, CreateRule, DeleteBlob, DeleteBlobOutcome,
        DeleteManifest, DeleteTag, MetadataError, MountBlob, MountBlobOutcome, NamespaceSettings,
        ObjectKey, Origin, PutBlob, PutBlobOutcome, PutManifest, PutManifestOutcome, ReferenceRow,
        ReferenceTarget, Removed, Repositories, Scope, TagCondition, TagMove,
    },
};
use registry_storage::postgres::{PostgresMetadata, PostgresSettings};
use tokio_postgres::{Client, types::ToSql};

use super::database::Database;

pub(crate) const GRACE: Duration = Duration::from_hours(6);

pub(crate) const NEW: CreateRule = CreateRule {
    namespace: Some(NamespaceSettings {
        visibility: Visibility::Private,
        collect_untagged: true,
    }),
    repository: true,
};

pub(crate) const ALICE: Origin<'static> = Origin {
    actor: Some("alice"),
    record: true,
};

/// A database and the backend in it, which waits for a lock no longer than seconds.
pub(crate) struct Place {
    pub(crate) metadata: Arc<PostgresMetadata>,
    database: Database,
    control: Client,
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self::with_connections(4).await
    }

    pub(crate) async fn with_connections(connections: usize) -> Self {
        let database = Database::new().await;
        let control = database.connect().await;
        let settings = PostgresSettings {
            connections,
            deadline: Duration::from_secs(5),
            ..PostgresSettings::default()
        };
        let opened = PostgresMetadata::connect(&database.address(), settings).await;
        Self {
            metadata: Arc::new(opened.unwrap()),
            database,
            control,
        }
    }

    /// Waits until the backend has closed its connections, and the server has counted what they did.
    pub(crate) async fn disconnect(self) {
        drop(self.metadata);
        let connected = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name <> 'test'";
        while self
            .control
            .query_one(connected, &[])
            .await
            .unwrap()
            .get::<_, i64>(0)
            > 0
        {}
    }

    /// Runs `meanwhile` while a command is held up before it writes to a table; to `changes` it writes last.
    pub(crate) async fn while_held_up<T>(
        &self,
        table: &str,
        command: impl Future<Output = T>,
        meanwhile: impl AsyncFnOnce(),
    ) -> T {
        let other = self.connect().await;
        let hold = format!("BEGIN; LOCK TABLE {table} IN SHARE MODE");
        other.batch_execute(&hold).await.unwrap();
        let others = async {
            self.waiting(1).await;
            meanwhile().await;
            other.batch_execute("ROLLBACK").await.unwrap();
        };
        join(command, others).await.0
    }

    /// Waits until so many commands wait for a lock.
    pub(crate) async fn waiting(&self, commands: i64) {
        let waiting = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while self.number(waiting).await < commands {}
    }

    /// Another client's connection.
    pub(crate) async fn connect(&self) -> Client {
        self.database.connect().await
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.control.batch_execute(sql).await.unwrap();
    }

    /// The number that a statement answers.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.control.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub(crate) async fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        let params: &[&(dyn ToSql + Sync)] = &[&by];
        let sql = "UPDATE test_clock SET ahead = ahead + $1";
        self.control.execute(sql, params).await.unwrap();
    }

    /// Marks what is dead, and ends the pass.
    pub(crate) async fn seal_a_pass(&self) {
        while self.metadata.condemn(1000).await.unwrap().more {}
        self.metadata.seal().await.unwrap();
    }

    pub(crate) async fn remove(&self) -> Removed {
        self.metadata.remove(GRACE, 1000, ALICE).await.unwrap()
    }

    /// Waits until nothing is open that was when this was called, and has the backend see it.
    pub(crate) async fn settle(&self) {
        let id = self
            .control
            .query_one("SELECT pg_current_xact_id()::text", &[])
            .await;
        let id: String = id.unwrap().get(0);
        let ended =
            "SELECT 1::bigint WHERE $1::text::xid8 < pg_snapshot_xmin(pg_current_snapshot())";
        while self.control.query(ended, &[&id]).await.unwrap().is_empty() {}
        self.metadata.remove(GRACE, 0, ALICE).await.unwrap();
    }

    async fn ask<T>(
        &self,
        name: &RepositoryName,
        ask: impl AsyncFn(Scope<'_>) -> Result<Checked<T>, MetadataError>,
    ) -> Result<T, MetadataError> {
        loop {
            let facts = self.metadata.facts(name).await?.version;
            let repository = name;
            if let Checked::Current(answer) = ask(Scope { repository, facts }).await? {
                return Ok(answer);
            }
        }
    }

    pub(crate) async fn put_blob(&self, name: &str, text: &str, key: &str) -> PutBlobOutcome {
        self.put_blob_begun(name, text, key, self.now().await).await
    }

    /// The database's time.
    pub(crate) async fn now(&self) -> Timestamp {
        let name = "team/app".parse().unwrap();
        self.metadata.facts(&name).await.unwrap().now
    }

    /// Of a writer that began at some time.
    pub(crate) async fn put_blob_begun(
        &self,
        name: &str,
        text: &str,
        key: &str,
        since: Timestamp,
    ) -> PutBlobOutcome {
        let digest = Digest::sha256(text.as_bytes());
        let put = async |scope: Scope<'_>| {
            let command = PutBlob {
                scope,
                digest: &digest,
                size: text.len() as u64,
                content: BlobContent::Object(ObjectKey::new(key)),
                since,
                session: None,
                create: NEW,
                origin: ALICE,
            };
            self.metadata.put_blob(command).await
        };
        self.ask(&name.parse().unwrap(), put).await.unwrap()
    }

    pub(crate) async fn mount(&self, from: &str, to: &str, text: &str) -> MountBlobOutcome {
        let from: RepositoryName = from.parse().unwrap();
        let mount = async |to: Scope<'_>| {
            let facts = self.metadata.facts(&from).await?.version;
            let command = MountBlob {
                from: Scope {
                    repository: &from,
                    facts,
                },
                to,
                digest: &Digest::sha256(text.as_bytes()),
                create: NEW,
                origin: ALICE,
            };
            self.metadata.mount_blob(command).await
        };
        self.ask(&to.parse().unwrap(), mount).await.unwrap()
    }

    /// Pushes a manifest of that text that requires a blob.
    pub(crate) async fn push(
        &self,
        name: &str,
        text: &str,
        blob: Option<&str>,
        tag: Option<&str>,
    ) -> PutManifestOutcome {
        let references: Vec<_> = blob
            .map(|blob| ReferenceRow {
                target: ReferenceTarget::Blob,
                digest: Digest::sha256(blob.as_bytes()),
                required: true,
            })
            .into_iter()
            .collect();
        let tags: Vec<_> = tag
            .map(|tag| TagMove {
                tag: tag.parse().unwrap(),
                condition: TagCondition::Any,
            })
            .into_iter()
            .collect();
        let put = async |scope: Scope<'_>| {
            let command = PutManifest {
                scope,
                digest: &Digest::sha256(text.as_bytes()),
                media_type: &MediaType::OCI_MANIFEST,
                bytes: Bytes::copy_from_slice(text.as_bytes()),
                subject: None,
                descriptor: &Descriptor::of(MediaType::OCI_MANIFEST, text.as_bytes()),
                references: &references,
                tags: &tags,
                create: NEW,
                origin: ALICE,
            };
            self.metadata.put_manifest(command).await
        };
        self.ask(&name.parse().unwrap(), put).await.unwrap()
    }

    pub(crate) async fn delete_blob(&self, name: &str, text: &str) -> DeleteBlobOutcome {
        let digest = Digest::sha256(text.as_bytes());
        let delete = async |scope: Scope<'_>| {
            let (digest, origin) = (&digest, ALICE);
            let command = DeleteBlob {
                scope,
                digest,
                origin,
            };
            self.metadata.delete_blob(command).await
        };
        self.ask(&name.parse().unwrap(), delete).await.unwrap()
    }

    pub(crate) async fn delete_tag(&self, name: &str, tag: &str) {
        let tag: Tag = tag.parse().unwrap();
        let delete = async |scope: Scope<'_>| {
            let command = DeleteTag {
                scope,
                tag: &tag,
                condition: TagCondition::Any,
                origin: ALICE,
            };
            self.metadata.delete_tag(command).await
        };
        self.ask(&name.parse().unwrap(), delete).await.unwrap();
    }

    pub(crate) async fn delete_manifest(&self, name: &str, text: &str) {
        let digest = Digest::sha256(text.as_bytes());
        let delete = async |scope: Scope<'_>| {
            let (digest, origin) = (&digest, ALICE);
            let command = DeleteManifest {
                scope,
                digest,
                origin,
            };
            self.metadata.delete_manifest(command).await
        };
        self.ask(&name.parse().unwrap(), delete).await.unwrap();
    }

    pub(crate) async fn has_blob(&self, name: &str, text: &str) -> bool {
        let digest = Digest::sha256(text.as_bytes());
        let has = async |scope: Scope<'_>| self.metadata.blob(scope, &digest).await;
        self.ask(&name.parse().unwrap(), has)
            .await
            .unwrap()
            .is_some()
    }
}
