//! What the model store does, each as PostgreSQL 15 was seen to do it.

use std::rc::Rc;

use super::*;
use crate::explorer::id::Id;

const FIRST: usize = 0;
const SECOND: usize = 1;

fn id(text: &str) -> Id {
    Id::of(text)
}

fn link() -> Key {
    Key::Link(id("a"), id("L"))
}

fn image() -> Columns {
    let refers = Refers {
        to: Target::Blob(id("L")),
        required: true,
    };
    Columns::Manifest {
        subject: None,
        references: Rc::new([refers]),
    }
}

/// A store with one link, condemned by pass 1.
fn store() -> Database {
    let mut database = Database::new(2);
    let mark = Some(1);
    let columns = Columns::Link;
    database.put(link(), Row { mark, columns });
    database
}

fn statement(scan: Scan, when: Condition, action: Action) -> Statement {
    Statement {
        scan,
        when,
        action,
        waiting: Waiting::Wait,
        returning: Returning::Rows,
    }
}

fn unmark() -> Statement {
    let scan = Scan::Keys(vec![link()]);
    statement(scan, Condition::Marked, Action::Set(Assignment::Unmark))
}

fn removal() -> Statement {
    let (dead, marked) = (Scan::Dead(Rule::FULL), Condition::MarkedBy(vec![1]));
    statement(dead, marked, Action::Delete)
}

fn lock(mode: LockMode) -> Statement {
    let scan = Scan::Keys(vec![link()]);
    statement(scan, Condition::Always, Action::Lock(mode))
}

fn snapshot(database: &Database, client: usize, statement: &Statement) -> Running {
    match database.begin(client, statement) {
        Progress::More(running) => running,
        other => panic!("no rows to visit: {other:?}"),
    }
}

fn visit(
    database: &mut Database,
    client: usize,
    statement: &Statement,
    running: &Running,
) -> Option<Rows> {
    match database.advance(client, statement, running.clone()) {
        Progress::Done(rows) => Some(rows),
        _ => None,
    }
}

fn run(database: &mut Database, client: usize, statement: &Statement) -> Option<Rows> {
    let running = snapshot(database, client, statement);
    visit(database, client, statement, &running)
}

fn insert(database: &mut Database, client: usize, key: Key, columns: Columns) -> Option<Rows> {
    let conflict = OnConflict::Nothing;
    let insert = Insert {
        key,
        columns,
        conflict,
        in_time: false,
    };
    match database.insert(client, &insert) {
        Progress::Done(rows) => Some(rows),
        _ => None,
    }
}

#[test]
fn an_update_waits_for_the_row_and_looks_again_at_its_columns() {
    let mut database = store();
    assert!(run(&mut database, FIRST, &unmark()).is_some());
    let removal = removal();
    let running = snapshot(&database, SECOND, &removal);
    assert_eq!(visit(&mut database, SECOND, &removal, &running), None);
    database.commit(FIRST);
    let rows = visit(&mut database, SECOND, &removal, &running).unwrap();
    assert!(rows.is_empty());
}

#[test]
fn what_a_subquery_said_is_not_asked_again() {
    let mut database = store();
    assert!(run(&mut database, FIRST, &lock(LockMode::KeyShare)).is_some());
    let removal = removal();
    let running = snapshot(&database, SECOND, &removal);
    insert(
        &mut database,
        FIRST,
        Key::Manifest(id("a"), id("M")),
        image(),
    )
    .unwrap();
    assert_eq!(visit(&mut database, SECOND, &removal, &running), None);
    database.commit(FIRST);
    let rows = visit(&mut database, SECOND, &removal, &running).unwrap();
    assert_eq!(rows.len(), 1);
}

#[test]
fn a_row_inserted_anew_is_another_row() {
    let mut database = store();
    let unmark = unmark();
    let running = snapshot(&database, FIRST, &unmark);
    run(&mut database, SECOND, &removal()).unwrap();
    database.commit(SECOND);
    insert(&mut database, SECOND, link(), Columns::Link).unwrap();
    database.commit(SECOND);
    let rows = visit(&mut database, FIRST, &unmark, &running).unwrap();
    assert!(rows.is_empty());
}

#[test]
fn a_locked_row_is_skipped_on_request() {
    let mut database = store();
    assert!(run(&mut database, FIRST, &lock(LockMode::KeyShare)).is_some());
    let skipping = Statement {
        waiting: Waiting::Skip,
        ..removal()
    };
    let rows = run(&mut database, SECOND, &skipping).unwrap();
    assert!(rows.is_empty());
}

#[test]
fn key_share_does_not_wait_for_an_update_and_returns_old_columns() {
    let mut database = store();
    assert!(run(&mut database, FIRST, &unmark()).is_some());
    let lock = lock(LockMode::KeyShare);
    let running = snapshot(&database, SECOND, &lock);
    assert!(visit(&mut database.clone(), SECOND, &lock, &running).is_some());
    database.commit(FIRST);
    let rows = visit(&mut database, SECOND, &lock, &running).unwrap();
    assert_eq!(rows[0].1.mark, Some(1));
}

#[test]
fn an_insert_waits_for_who_deletes_the_key() {
    let mut database = store();
    run(&mut database, FIRST, &removal()).unwrap();
    let again = |database: &mut Database| insert(database, SECOND, link(), Columns::Link);
    assert_eq!(again(&mut database), None);
    database.commit(FIRST);
    assert_eq!(again(&mut database).unwrap().len(), 1);
}

#[test]
fn a_transaction_has_its_id_before_it_waits_and_after_its_snapshot() {
    let mut database = store();
    run(&mut database, FIRST, &unmark()).unwrap();
    let unmark = unmark();
    let running = snapshot(&database, SECOND, &unmark);
    assert!(!database.has_xid(SECOND));
    assert_eq!(visit(&mut database, SECOND, &unmark, &running), None);
    assert!(database.has_xid(SECOND));
}

#[test]
fn xmax_may_be_the_id_of_an_open_transaction() {
    let mut database = store();
    database.xid(FIRST);
    let open = database.xid(SECOND);
    database.commit(FIRST);
    assert_eq!(database.xmax(), open);
    assert_eq!(database.xmin(), open);
}
