//! The backend as the contract wants it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use registry_core::backend::Metadata;
use registry_storage::{
    contract::metadata::MetadataHarness,
    postgres::{PostgresMetadata, PostgresSettings, Statements},
    wrap::{Around, BackendError, Operation, WrappedMetadata},
};
use tokio_postgres::Client;

use super::database::Database;

/// A database of its own, and two processes that use it: one that prepares its statements, and one that
/// does not.
pub(crate) struct Harness {
    metadata: Arc<dyn Metadata>,
    second: Arc<dyn Metadata>,
    control: Arc<Client>,
    _database: Database,
}

impl Harness {
    pub(crate) async fn new() -> Self {
        let database = Database::new().await;
        let control = Arc::new(database.connect().await);
        let open = async |statements| {
            let settings = PostgresSettings {
                connections: 4,
                statements,
                ..PostgresSettings::default()
            };
            let opened = PostgresMetadata::connect(&database.address(), settings).await;
            let opened = Arc::new(opened.expect("a database"));
            let calm = Calm::new(Arc::clone(&control));
            Arc::new(WrappedMetadata::new(opened, Arc::new(calm))) as Arc<dyn Metadata>
        };
        Self {
            metadata: open(Statements::Named).await,
            second: open(Statements::Unnamed).await,
            control,
            _database: database,
        }
    }
}

#[async_trait]
impl MetadataHarness for Harness {
    fn metadata(&self) -> Arc<dyn Metadata> {
        Arc::clone(&self.metadata)
    }

    fn second(&self) -> Arc<dyn Metadata> {
        Arc::clone(&self.second)
    }

    async fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        let sql = "UPDATE test_clock SET ahead = ahead + $1";
        self.control.execute(sql, &[&by]).await.unwrap();
    }

    /// The server's clock is trusted.
    async fn set_back(&self, _: Duration) {}
}

/// A collector that nothing disturbs but what the clause has going on itself.
///
/// A pass settles when all older transactions of the *server* have ended, other tests' as well, and clauses
/// take it that a pass has settled when it was sealed and nothing is going on. And rows that a dropped
/// removal has locked are skipped until the server has noticed that its client is gone.
struct Calm {
    control: Arc<Client>,
    removal_was_dropped: AtomicBool,
}

impl Calm {
    fn new(control: Arc<Client>) -> Self {
        Self {
            control,
            removal_was_dropped: AtomicBool::new(false),
        }
    }

    /// Waits until every transaction has ended that is open now.
    async fn settled(&self) {
        let begun = "SELECT pg_current_xact_id()::text";
        let id: String = self.control.query_one(begun, &[]).await.unwrap().get(0);
        let ended = "SELECT $1::text::xid8 < pg_snapshot_xmin(pg_current_snapshot())";
        let ended = async || -> bool {
            let row = self.control.query_one(ended, &[&id]).await;
            row.unwrap().get(0)
        };
        while !ended().await {}
    }
}

impl Around for Calm {
    async fn around<T: Send, E: BackendError>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        if operation != Operation::Remove {
            let answer = call.await;
            if operation == Operation::Seal {
                self.settled().await;
            }
            return answer;
        }
        if self.removal_was_dropped.swap(true, Ordering::Relaxed) {
            self.settled().await;
        }
        let answer = call.await;
        self.removal_was_dropped.store(false, Ordering::Relaxed);
        answer
    }
}
