//! Migrations, forward only.
//!
//! A file per version, run in one transaction with the number that says it was run. Comparing the
//! tables that are there with those that should be was the alternative; it cannot carry data over.

use rusqlite::Connection;

use super::error::OpenError;

/// Each takes a database of the version before to its own; the first makes one from nothing.
const MIGRATIONS: [&str; 4] = [
    include_str!("migrations/001.sql"),
    include_str!("migrations/002.sql"),
    include_str!("migrations/003.sql"),
    include_str!("migrations/004.sql"),
];

/// Marks a file as ours: `OReg` in the bytes that SQLite keeps for this.
const APPLICATION: i32 = i32::from_be_bytes(*b"OReg");

/// The version that this code reads and writes.
const CURRENT: usize = MIGRATIONS.len();

/// Brings a database up to the current version.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    refuse_newer(connection)?;
    let found = version(connection)?;
    run(connection, &MIGRATIONS, found)
}

/// Refuses what a newer version has written.
pub(super) fn refuse_newer(connection: &Connection) -> Result<(), OpenError> {
    match version(connection)? {
        found if found > CURRENT => Err(OpenError::Newer {
            found,
            current: CURRENT,
        }),
        _ => Ok(()),
    }
}

/// Refuses what is a sound database, but not of a registry.
pub(super) fn recognise(connection: &Connection) -> Result<(), OpenError> {
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    match application == APPLICATION && version(connection)? > 0 {
        true => Ok(()),
        false => Err(OpenError::Foreign),
    }
}

/// The version of a database; 0 for one that has none of ours.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(found as usize)
}

fn run(connection: &mut Connection, migrations: &[&str], from: usize) -> Result<(), OpenError> {
    for (before, migration) in migrations.iter().enumerate().skip(from) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", (before + 1).to_string())?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that a schema consists of, as text.
    fn drawn(connection: &Connection) -> Vec<String> {
        let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn of_version(version: usize) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection, &MIGRATIONS[..version], 0).unwrap();
        connection
    }

    #[test]
    fn every_older_schema_becomes_the_current_one() {
        let current = drawn(&of_version(CURRENT));
        assert!(!current.is_empty());
        for older in 0..=CURRENT {
            let mut connection = of_version(older);
            migrate(&mut connection).unwrap();
            assert_eq!(version(&connection).unwrap(), CURRENT, "from {older}");
            assert_eq!(drawn(&connection), current, "from {older}");
            recognise(&connection).unwrap();
        }
    }

    #[test]
    fn migrations_go_on_where_the_last_one_ended() {
        let steps = [
            "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7);",
            "ALTER TABLE a ADD COLUMN y TEXT; UPDATE a SET y = 'seven' WHERE x = 7;",
            "CREATE INDEX a_by_y ON a (y);",
        ];
        for stop in 0..=steps.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            run(&mut connection, &steps[..stop], 0).unwrap();
            assert_eq!(version(&connection).unwrap(), stop);
            run(&mut connection, &steps, stop).unwrap();
            let row = connection.query_row("SELECT y FROM a INDEXED BY a_by_y", [], |row| {
                row.get::<_, String>(0)
            });
            assert_eq!(row.unwrap(), "seven");
        }
    }

    #[test]
    fn a_migration_that_fails_leaves_the_version_before() {
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = [
            "CREATE TABLE a (x);",
            "CREATE TABLE b (y); CREATE TABLE a (z);",
        ];
        run(&mut connection, &steps, 0).unwrap_err();
        assert_eq!(version(&connection).unwrap(), 1);
        assert_eq!(drawn(&connection).len(), 1);
    }

    #[test]
    fn a_newer_schema_is_refused_with_a_sentence() {
        let mut connection = of_version(CURRENT);
        let newer = CURRENT + 1;
        connection
            .pragma_update(None, "user_version", newer.to_string())
            .unwrap();
        let message = migrate(&mut connection).unwrap_err().to_string();
        assert!(
            message.contains("newer version of the registry"),
            "{message}"
        );
        assert_eq!(version(&connection).unwrap(), newer);
    }
}
