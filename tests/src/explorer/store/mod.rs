//! A small store of rows with the concurrency of PostgreSQL under READ COMMITTED.
//!
//! What the protocol of collection may rely on, and no more:
//!
//! - *A snapshot per statement.* A statement decides in its snapshot which rows it visits, subqueries
//!   included: it sees what had committed when it began, and its own transaction's changes.
//! - *Rows one by one.* It then visits these rows in separate steps, others in between. A row locked in a
//!   conflicting mode makes it wait, or skip the row with `SKIP LOCKED`. Once it has the lock it
//!   looks at the newest version of that row, and only at that row's own columns: what subqueries
//!   said is not asked again. A row deleted meanwhile is gone, also when its key was inserted anew.
//! - *`FOR KEY SHARE` reads old columns.* It does not wait for an `UPDATE` that leaves the key alone, and
//!   returns what the snapshot had.
//! - *Unique keys wait.* An `INSERT` waits for a transaction that inserts, changes or deletes the same
//!   key, then inserts, or does what `ON CONFLICT` says to the newest version.
//! - *Ids come late.* A transaction gets its id with its first write or lock, after the snapshot of
//!   that statement, unless it asks for one before; but before it waits for the row.
//! - *`xmax` is one past the newest id that has ended*, not past the newest given out; `xmin` is the oldest
//!   id that is open, or `xmax`.
//!
//! Several tables of a statement with data-modifying `WITH` parts share its snapshot, so they are one
//! statement here as well. The order in which waiting transactions get a lock is left open.

mod column;
mod database;
mod dead;
mod execute;
mod row;
mod statement;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use database::Database;
pub(crate) use dead::is_dead;
pub(crate) use execute::{Progress, Running};
pub(crate) use row::{Columns, Grace, Key, ObjectState, Refers, Row, Target};
pub(crate) use statement::{
    Action, Assignment, Condition, Insert, LockMode, OnConflict, Returning, Rows, Rule, Scan,
    Statement, Waiting,
};
pub(crate) use text::rows_text;
