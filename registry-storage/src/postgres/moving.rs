//! A registry that moves into a database, or out of it.
//!
//! The mark is a version that no migration has, so also a version of the registry that knows nothing of moving
//! refuses the database, and a table beside it that says what it means. Both are there only while they mean something.
//!
//! Servers that are at work when a registry leaves have never asked for such a mark, and asking with every command would
//! cost each of them something for ever. So the database itself refuses: whoever leaves locks the tables, which lets
//! reads go on and lets writes wait, and before the lock goes leaves triggers behind that refuse every write. A write
//! has then either committed before the lock, and is carried, or is never told done.

use registry_core::backend::MetadataError;

use super::{PostgresMetadata, PostgresOpenError, TRIES, error::Failure, session::Session};

/// Behind every migration.
pub(super) const MARKED: i64 = i64::MAX;

/// What a database is marked as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// This registry, by its id in hex digits, is on its way here.
    Arriving(String),
    /// The registry has moved there, in words.
    Moved(String),
}

const TABLE: &str = "CREATE TABLE moving (arriving boolean NOT NULL, said text NOT NULL)";

/// Everything that is carried, and what readiness probes.
const TABLES: [&str; 11] = [
    "namespaces",
    "repositories",
    "contents",
    "objects",
    "links",
    "manifests",
    "manifest_references",
    "tags",
    "pulls",
    "appended_pulls",
    "registry",
];

/// An error of no other meaning, by which servers know it.
pub(super) const CLOSED: &str = "RG001";

/// How long the lock is waited for; whoever writes meanwhile waits behind.
const PATIENCE: &str = "SET LOCAL lock_timeout = '20s'";

/// How a database is marked, if it is.
pub(super) async fn mark(session: &Session) -> Result<Option<Mark>, Failure> {
    let sql = "SELECT 1 FROM migrations WHERE version = $1";
    if !session.any(sql, &[MARKED.into()]).await? {
        return Ok(None);
    }
    let row = session
        .one("SELECT arriving, said FROM moving", &[])
        .await?;
    let row = row.ok_or_else(|| Failure::Unreadable("a mark that says nothing".to_owned()))?;
    let said = row.try_get(1)?;
    Ok(Some(match row.try_get(0)? {
        true => Mark::Arriving(said),
        false => Mark::Moved(said),
    }))
}

impl Mark {
    /// Why a server does not start on it.
    pub(super) fn refusal(self) -> PostgresOpenError {
        match self {
            Self::Arriving(_) => PostgresOpenError::Arriving,
            Self::Moved(said) => PostgresOpenError::Moved(said),
        }
    }
}

async fn put(session: &Session, arriving: bool, said: &str) -> Result<(), Failure> {
    session.batch(TABLE).await?;
    let sql = "INSERT INTO moving VALUES ($1, $2)";
    session.run(sql, &[arriving.into(), said.into()]).await?;
    let sql = "INSERT INTO migrations VALUES ($1)";
    session.run(sql, &[MARKED.into()]).await?;
    Ok(())
}

impl PostgresMetadata {
    /// How the database is marked, if it is.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn mark(&self) -> Result<Option<Mark>, MetadataError> {
        let session = self.session().await?;
        let mark = mark(&session).await;
        Ok(session.leave(mark)?)
    }

    /// Says that a registry is on its way here, by its id in hex digits: no server starts on it until it has
    /// [`arrived`](Self::arrived).
    ///
    /// # Errors
    /// Where it is marked already, or cannot be written.
    pub async fn arriving(&self, registry: &str) -> Result<(), MetadataError> {
        let session = self.session().await?;
        session.batch("BEGIN").await?;
        put(&session, true, registry).await?;
        session.batch("COMMIT").await?;
        session.end();
        Ok(())
    }

    /// Takes the mark away: all of the registry is here.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub async fn arrived(&self) -> Result<(), MetadataError> {
        let session = self.session().await?;
        let sql = format!(
            "BEGIN; DELETE FROM migrations WHERE version = {MARKED}; DROP TABLE moving; COMMIT"
        );
        let done = session.batch(&sql).await;
        Ok(session.leave(done)?)
    }

    /// Takes no writes from now on, of this process or any other: they wait. When it answers, every write that was
    /// told done is seen by every read, and no other is told done while this is held.
    ///
    /// # Errors
    /// Where the tables cannot be locked.
    pub async fn close_to_writes(&self) -> Result<Closing, MetadataError> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.lock().await {
                // A command holds one of the tables and waits for another.
                Err(failure) if failure.is_conflict() && tries > 0 => {}
                locked => return Ok(locked?),
            }
        }
    }

    async fn lock(&self) -> Result<Closing, Failure> {
        let session = self.session().await?;
        session.batch("BEGIN").await?;
        session.batch(PATIENCE).await?;
        let tables = TABLES.join(", ");
        let lock = format!("LOCK TABLE {tables} IN EXCLUSIVE MODE");
        session.batch(&lock).await?;
        Ok(Closing(session))
    }
}

/// While it is there, nothing writes. Dropped, it lets writes go on.
pub struct Closing(Session);

impl Closing {
    /// Leaves the database marked as one whose registry has moved, and refusing every write.
    ///
    /// # Errors
    /// Where that is not certain. [`mark`](PostgresMetadata::mark) then says what became of it.
    pub async fn moved(self, to: &str) -> Result<(), MetadataError> {
        let done = async {
            put(&self.0, false, to).await?;
            self.0.batch(&refusing()).await?;
            self.0.batch("COMMIT").await
        };
        done.await.map_err(Failure::of_commit)?;
        self.0.end();
        Ok(())
    }
}

/// Has the database refuse every write. Where to is not for clients.
fn refusing() -> String {
    let mut sql = format!(
        "CREATE FUNCTION registry_moved() RETURNS trigger LANGUAGE plpgsql AS $moved$
            BEGIN RAISE EXCEPTION USING ERRCODE = '{CLOSED}', MESSAGE =
                'this registry has moved to other storage, and nothing is written here any more';
            END $moved$;"
    );
    for table in TABLES {
        sql += &format!(
            "CREATE TRIGGER moved BEFORE INSERT OR UPDATE OR DELETE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION registry_moved();"
        );
    }
    sql
}
