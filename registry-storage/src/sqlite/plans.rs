//! How SQLite goes about the listings: along an index, in its order, from where the page begins.

use registry_core::Timestamp;
use rusqlite::Connection;

use super::{
    changes::PENDING,
    collection::{
        MARKED_CONTENTS, MARKED_LINKS, MARKED_MANIFESTS, NEXT_CONTENTS, NEXT_LINKS, NEXT_MANIFESTS,
    },
    content::{
        manifest::{BY_DIGEST, BY_TAG},
        referrers::{OF_ANY_TYPE, OF_TYPE},
        tag::{TAGS, TAGS_OF},
    },
    inspection::{CONTENTS, MANIFESTS},
    names::{ALL, HOLDING, PUBLIC},
    objects::{DOOMED, NAMED},
    schema::migrate,
    uploads::{EXPIRED, IDLE},
    view::View,
};

/// The steps of a statement's plan.
fn plan(sql: &str) -> Vec<String> {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection).unwrap();
    let parameters = connection.prepare(sql).unwrap().parameter_count();
    let values = rusqlite::params_from_iter(std::iter::repeat_n("", parameters));
    let view = View::new(&connection, Timestamp::default());
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    view.all(&explain, values, |row| row.get(3)).unwrap()
}

fn check(sql: &str, steps: &[&str]) {
    assert_eq!(plan(sql), steps, "{sql}");
}

#[test]
fn names_go_along_their_index() {
    check(
        ALL,
        &[
            "SEARCH repositories USING COVERING INDEX repositories_listed \
           (bare=? AND name>? AND name<?)",
        ],
    );
    check(
        PUBLIC,
        &["SEARCH repositories USING COVERING INDEX repositories_public (bare=? AND name>?)"],
    );
    check(
        HOLDING,
        &["SEARCH links USING COVERING INDEX links_by_holder \
           (digest=? AND bare=? AND holder>? AND holder<?)"],
    );
}

#[test]
fn tags_go_along_their_key() {
    check(
        TAGS,
        &["SEARCH tags USING PRIMARY KEY (repository=? AND tag>?)"],
    );
    check(
        TAGS_OF,
        &["SEARCH tags USING COVERING INDEX tags_by_manifest (manifest=?)"],
    );
}

#[test]
fn referrers_go_along_their_index() {
    check(
        OF_ANY_TYPE,
        &["SEARCH manifests USING INDEX manifests_by_subject \
           (repository=? AND subject=? AND digest>?)"],
    );
    check(
        OF_TYPE,
        &["SEARCH manifests USING INDEX manifests_by_type \
           (repository=? AND subject=? AND artifact_type=? AND digest>?)"],
    );
}

#[test]
fn a_walk_goes_along_the_keys() {
    check(
        NEXT_LINKS,
        &["SEARCH links USING PRIMARY KEY ((repository,digest)>(?,?))"],
    );
    check(
        NEXT_MANIFESTS,
        &[
            "SEARCH manifests USING COVERING INDEX sqlite_autoindex_manifests_1 \
           ((repository,digest)>(?,?))",
        ],
    );
    check(
        NEXT_CONTENTS,
        &["SEARCH contents USING COVERING INDEX sqlite_autoindex_contents_1 (digest>?)"],
    );
}

#[test]
fn marked_rows_are_found_among_marked_rows() {
    check(
        MARKED_LINKS,
        &["SEARCH links USING COVERING INDEX links_marked (pass<?)"],
    );
    check(
        MARKED_MANIFESTS,
        &[
            "SEARCH m USING COVERING INDEX manifests_marked (pass<?)",
            "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)",
        ],
    );
    check(
        MARKED_CONTENTS,
        &["SEARCH contents USING COVERING INDEX contents_marked (pass<?)"],
    );
}

#[test]
fn what_waits_is_listed_in_its_order() {
    check(PENDING, &["SCAN changes"]);
    check(EXPIRED, &["SCAN expired"]);
    check(DOOMED, &["SCAN gone USING COVERING INDEX gone_doomed"]);
    check(
        IDLE,
        &["SEARCH uploads USING INDEX uploads_by_age (touched<?)"],
    );
}

#[test]
fn one_row_is_found_by_keys_alone() {
    for sql in [BY_TAG, BY_DIGEST, NAMED] {
        for step in plan(sql) {
            assert!(!step.contains("SCAN"), "{step} in {sql}");
            assert!(!step.contains("B-TREE"), "{step} in {sql}");
        }
    }
}

#[test]
fn inspection_goes_along_what_is_there() {
    check(
        CONTENTS,
        &["SEARCH contents USING INDEX sqlite_autoindex_contents_1 (digest>?)"],
    );
    check(
        MANIFESTS,
        &[
            "SEARCH r USING COVERING INDEX sqlite_autoindex_repositories_1 (name>?)",
            "SEARCH m USING INDEX sqlite_autoindex_manifests_1 (repository=?)",
        ],
    );
}
