//! Migrations, forward only.
//!
//! A file per version. The versions that were run are rows of a table; whoever comes first runs what is
//! missing, and others wait for its transaction. Old and new versions of the registry run side by side while replicas
//! are exchanged one by one, so a migration adds what the version before does not mind.

use super::{PostgresOpenError, error::Failure, session::Session};

/// Each takes a database of the version before to its own; the first makes one from nothing.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/001.sql")];

/// The version that this code reads and writes.
#[expect(clippy::cast_possible_wrap, reason = "there are few migrations")]
const CURRENT: i64 = MIGRATIONS.len() as i64;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (version bigint PRIMARY KEY)";

/// A row that all who migrate wait for.
const HOLD: &str = "BEGIN;
    INSERT INTO migrations VALUES (0) ON CONFLICT (version) DO UPDATE SET version = 0";

/// Brings a database up to the current version.
pub(super) async fn migrate(session: &Session) -> Result<(), PostgresOpenError> {
    if found(session).await? == Some(CURRENT) {
        return Ok(());
    }
    have_table(session).await?;
    session.batch(HOLD).await?;
    let found = found(session).await?.unwrap_or(0);
    if found > CURRENT {
        session.batch("ROLLBACK").await?;
        return Err(PostgresOpenError::Newer {
            found,
            current: CURRENT,
        });
    }
    let missing = MIGRATIONS
        .iter()
        .zip(1_i64..)
        .filter(|(_, version)| *version > found);
    for (migration, version) in missing {
        session.batch(migration).await?;
        let sql = "INSERT INTO migrations VALUES ($1)";
        session.run(sql, &[version.into()]).await?;
    }
    session.batch("COMMIT").await?;
    Ok(())
}

/// Of several that make it at once the database lets one win, and tells the others that it is there.
async fn have_table(session: &Session) -> Result<(), Failure> {
    match session.batch(TABLE).await {
        Err(failure) if failure.is_there_already() => Ok(()),
        made => made,
    }
}

/// The version that is there; none where there is nothing.
async fn found(session: &Session) -> Result<Option<i64>, Failure> {
    let sql = "SELECT 1 FROM information_schema.tables
        WHERE table_schema = current_schema() AND table_name = 'migrations'";
    if !session.any(sql, &[]).await? {
        return Ok(None);
    }
    let row = session
        .one("SELECT max(version) FROM migrations", &[])
        .await?;
    Ok(row.and_then(|row| row.get(0)))
}
