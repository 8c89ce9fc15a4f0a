//! Commands that stand in the way of others, as under a failed serialisation.

use std::time::Duration;

use registry_core::backend::{Collection, MetadataError, MetadataErrorKind, ObjectKey};
use registry_storage::contract::run;

use super::place::Place;

/// A place where the first so many that insert into a table are told of a conflict: by the statement or by the commit.
async fn in_the_way(table: &str, when: &str, first: i64) -> Place {
    let place = Place::new().await;
    let sql = format!(
        "CREATE SEQUENCE met;
        CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('met') <= {first} THEN
                RAISE EXCEPTION 'somebody is in the way' USING ERRCODE = 'serialization_failure';
            END IF;
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER in_the_way AFTER INSERT ON {table}
            DEFERRABLE INITIALLY {when} FOR EACH ROW EXECUTE FUNCTION meet()"
    );
    place.run(&sql).await;
    place
}

/// A transaction that inserts into `objects`, and a statement by itself that inserts into `gone_objects`.
async fn command(place: &Place, table: &str) -> Result<(), MetadataError> {
    let key = [ObjectKey::new("objects/1")];
    let doomed = place.metadata.doom(&key, Duration::ZERO).await;
    match table {
        "objects" => doomed.map(drop),
        _ => place.metadata.forget_doomed(&key).await,
    }
}

const WAYS: [(&str, &str); 4] = [
    ("objects", "IMMEDIATE"),
    ("objects", "DEFERRED"),
    ("gone_objects", "IMMEDIATE"),
    ("gone_objects", "DEFERRED"),
];

#[test]
fn who_stood_in_the_way_of_another_is_tried_again() {
    run(async {
        for (table, when) in WAYS {
            let place = in_the_way(table, when, 3).await;
            command(&place, table).await.unwrap();
            assert_eq!(place.number("SELECT last_value FROM met").await, 4);
            let rows = format!("SELECT count(*) FROM {table}");
            assert_eq!(place.number(&rows).await, 1);
        }
    });
}

#[test]
fn who_always_stands_in_the_way_is_told_that_nothing_happened() {
    run(async {
        for (table, when) in WAYS {
            let place = in_the_way(table, when, i64::MAX).await;
            let error = command(&place, table).await.unwrap_err();
            assert_eq!(error.kind, MetadataErrorKind::Unavailable, "{error}");
            assert_eq!(place.number("SELECT last_value FROM met").await, 8);
            let rows = format!("SELECT count(*) FROM {table}");
            assert_eq!(place.number(&rows).await, 0);
        }
    });
}
