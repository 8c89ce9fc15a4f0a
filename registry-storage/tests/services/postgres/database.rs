//! Databases of the tests' own, copied from one that has its schema.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use registry_storage::postgres::{PostgresMetadata, PostgresSettings};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

use super::{cluster, counted::Counter};

const TEMPLATE: &str = "registry_template";

/// The backend's time is the server's and what a test adds to it.
const CLOCK: &str = "CREATE TABLE test_clock (ahead bigint NOT NULL);
    INSERT INTO test_clock VALUES (0);
    CREATE OR REPLACE FUNCTION registry_now() RETURNS bigint LANGUAGE sql VOLATILE
        AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint + ahead FROM test_clock'";

/// Databases that no test needs any more.
static DONE_WITH: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A database, empty but for its schema. The next one that is made removes it.
pub(crate) struct Database {
    name: String,
}

impl Database {
    pub(crate) async fn new() -> Self {
        static TEMPLATE_IS_THERE: OnceCell<()> = OnceCell::const_new();
        let server = connect("postgres").await;
        TEMPLATE_IS_THERE
            .get_or_init(|| make_template(&server))
            .await;
        Self::copied(&server, TEMPLATE).await
    }

    /// One without a schema.
    pub(crate) async fn empty() -> Self {
        Self::copied(&connect("postgres").await, "template0").await
    }

    /// What a dump has.
    pub(crate) async fn of_dump(sql: &str) -> Self {
        let database = Self::empty().await;
        database.connect().await.batch_execute(sql).await.unwrap();
        database
    }

    async fn copied(server: &Client, template: &str) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        remove_done_with(server).await;
        let name = format!("test_{}", MADE.fetch_add(1, Ordering::Relaxed));
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        run(server, &sql).await;
        Self { name }
    }

    /// How it is connected to.
    pub(crate) fn address(&self) -> String {
        cluster::shared().address(&self.name)
    }

    /// A way to it that counts.
    pub(crate) fn counted(&self) -> Counter {
        Counter::start(cluster::shared().socket())
    }

    /// How it is connected to by that way.
    pub(crate) fn through(&self, counter: &Counter) -> String {
        counter.address(&self.name)
    }

    pub(crate) async fn connect(&self) -> Client {
        connect(&self.name).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let mut done_with = DONE_WITH.lock().unwrap_or_else(PoisonError::into_inner);
        done_with.push(std::mem::take(&mut self.name));
    }
}

async fn make_template(server: &Client) {
    run(server, &format!("CREATE DATABASE {TEMPLATE}")).await;
    let address = cluster::shared().address(TEMPLATE);
    let migrated = PostgresMetadata::connect(&address, PostgresSettings::default()).await;
    drop(migrated.expect("the schema"));
    run(&connect(TEMPLATE).await, CLOCK).await;
}

async fn remove_done_with(server: &Client) {
    let names = std::mem::take(&mut *DONE_WITH.lock().unwrap_or_else(PoisonError::into_inner));
    for name in names {
        run(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

async fn connect(name: &str) -> Client {
    client(&(cluster::shared().address(name) + " application_name=test")).await
}

/// Somebody who is connected to a database.
pub(crate) async fn client(address: &str) -> Client {
    let connected = tokio_postgres::connect(address, NoTls).await;
    let (client, connection) = connected.expect("a connection");
    tokio::spawn(connection);
    client
}

async fn run(client: &Client, sql: &str) {
    let done = client.batch_execute(sql).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}
