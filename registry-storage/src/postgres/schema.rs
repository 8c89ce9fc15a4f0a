//! Migrations, forward only, while the versions before are at work.
//!
//! A file per version. The versions that were run are rows of a table; whoever comes first runs what is
//! missing, and others wait for its transaction.
//!
//! Replicas are exchanged one by one, so for a while code of two versions uses one database. Each migration
//! therefore says which is the oldest version of the code that gets on with what it leaves, and that stands in
//! the database: older code refuses it, and code that is not so old uses it though it knows not all of it. The
//! alternative was to have everything stopped for each migration.
//!
//! - A migration adds only what the version before does not mind. What that one still reads or writes goes
//!   with the migration after, at the earliest.
//! - It waits for no request and lets none wait: it makes tables and indexes of its own, adds columns that may be
//!   absent, and its file says which locks it takes. Rows are changed by the code, a few at a time.

use super::{
    PostgresOpenError,
    error::Failure,
    moving::{self, MARKED, Mark},
    session::Session,
};

/// Takes a database of the version before to its own; the first makes one from nothing.
struct Migration {
    sql: &'static str,
    /// The oldest version of the code that may use the database from then on.
    oldest: i64,
}

const MIGRATIONS: [Migration; 4] = [
    Migration {
        sql: include_str!("migrations/001.sql"),
        oldest: 1,
    },
    Migration {
        sql: include_str!("migrations/002.sql"),
        oldest: 1,
    },
    Migration {
        sql: include_str!("migrations/003.sql"),
        oldest: 1,
    },
    Migration {
        sql: include_str!("migrations/004.sql"),
        oldest: 1,
    },
];

/// The version that this code reads and writes.
#[expect(clippy::cast_possible_wrap, reason = "there are few migrations")]
const CURRENT: i64 = MIGRATIONS.len() as i64;

/// The first version that has a table of who may use it.
const COMPATIBLE: i64 = 2;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (version bigint PRIMARY KEY)";

/// A row that all who migrate wait for.
const HOLD: &str = "BEGIN;
    INSERT INTO migrations VALUES (0) ON CONFLICT (version) DO UPDATE SET version = 0";

/// Brings a database up to the current version, or finds that this code gets on with a newer one. One that a
/// registry is on its way to, or has left, is refused, unless it is opened by whoever moves it.
pub(super) async fn migrate(session: &Session, moving: bool) -> Result<(), PostgresOpenError> {
    let found = found(session).await?;
    if found > 0 {
        match moving::mark(session).await? {
            Some(mark) if !moving => return Err(mark.refusal()),
            // It stays as it was left.
            Some(Mark::Moved(_)) => return Ok(()),
            Some(Mark::Arriving(_)) | None => {}
        }
    }
    if is_usable(session, found).await? {
        return Ok(());
    }
    have_table(session).await?;
    session.batch(HOLD).await?;
    let done = run_missing(session).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    session.batch(end).await?;
    done
}

/// Whether there is nothing to do.
async fn is_usable(session: &Session, found: i64) -> Result<bool, PostgresOpenError> {
    if found <= CURRENT {
        return Ok(found == CURRENT);
    }
    let oldest = oldest(session).await?.unwrap_or(found);
    match oldest <= CURRENT {
        true => Ok(true),
        false => Err(PostgresOpenError::Newer {
            found,
            oldest,
            current: CURRENT,
        }),
    }
}

async fn run_missing(session: &Session) -> Result<(), PostgresOpenError> {
    let found = found(session).await?;
    if is_usable(session, found).await? {
        return Ok(());
    }
    let missing = MIGRATIONS.iter().zip(1_i64..);
    for (migration, version) in missing.filter(|(_, version)| *version > found) {
        // Nobody else is at work in one that is made here.
        let oldest = if found == 0 {
            version
        } else {
            migration.oldest
        };
        session.batch(migration.sql).await?;
        let sql = "INSERT INTO migrations VALUES ($1)";
        session.run(sql, &[version.into()]).await?;
        if version >= COMPATIBLE {
            let sql = "INSERT INTO compatible VALUES ($1, $2)";
            let params = [version.into(), oldest.into()];
            session.run(sql, &params).await?;
        }
    }
    Ok(())
}

/// The oldest version whose code may be at work.
pub(super) async fn oldest_at_work(session: &Session) -> Result<i64, Failure> {
    if found(session).await? < COMPATIBLE {
        return Ok(1);
    }
    Ok(oldest(session).await?.unwrap_or(1))
}

async fn oldest(session: &Session) -> Result<Option<i64>, Failure> {
    let sql = "SELECT max(oldest) FROM compatible";
    let row = session.one(sql, &[]).await?;
    Ok(row.and_then(|row| row.get(0)))
}

/// Of several that make it at once the database lets one win, and tells the others that it is there.
async fn have_table(session: &Session) -> Result<(), Failure> {
    match session.batch(TABLE).await {
        Err(failure) if failure.is_there_already() => Ok(()),
        made => made,
    }
}

/// The version that is there; 0 where there is nothing. A mark is no version.
async fn found(session: &Session) -> Result<i64, Failure> {
    let sql = "SELECT 1 FROM information_schema.tables
        WHERE table_schema = current_schema() AND table_name = 'migrations'";
    if !session.any(sql, &[]).await? {
        return Ok(0);
    }
    let sql = "SELECT max(version) FROM migrations WHERE version < $1";
    let row = session.one(sql, &[MARKED.into()]).await?;
    Ok(row.and_then(|row| row.get(0)).unwrap_or(0))
}
