//! Databases that older versions left behind, with what was in them.

use std::sync::Arc;

use registry_core::{SystemClock, backend::Inspection};
use registry_storage::{Durability, sqlite::SqliteMetadata};
use rusqlite::Connection;

use super::fixture::Place;
use crate::left_behind::holds_all;

/// A database of each schema that there was.
const OLDER: [&str; 1] = [include_str!("older/001.sql")];

fn opened(place: &Place, sql: &str) -> SqliteMetadata {
    let connection = Connection::open(place.database()).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
    SqliteMetadata::open(place.database(), Arc::new(SystemClock), Durability::Strict).unwrap()
}

#[test]
fn what_was_in_a_database_of_every_older_schema_is_there() {
    for sql in OLDER {
        let place = Place::new();
        let metadata = opened(&place, sql);
        futures_executor::block_on(async {
            holds_all(&metadata).await;
            holds_what_was_set_aside(&metadata).await;
        });
    }
}

async fn holds_what_was_set_aside(metadata: &SqliteMetadata) {
    let aside = metadata.quarantined(None, 10).await.unwrap();
    assert_eq!(aside.len(), 1);
    assert_eq!(
        (aside[0].digest.algorithm(), aside[0].size),
        ("sha512", 63_000)
    );
}
