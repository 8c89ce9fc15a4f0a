//! Backends that are broken on purpose, each in one way that other registries were, and the clauses
//! that have to catch it.
//!
//! A suite that passes says little unless it also fails. Every mutant here is a sound backend with one
//! thing done as it should not be, so that what fails is that thing.

mod catalogue;
mod collection;
mod content;
mod engines;
mod file_store;
mod leases;
mod lost_answers;
mod mutant;
mod stores;
mod uploads;

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use registry_storage::contract::{self, metadata::MetadataHarness};

/// Panics unless the clause holds of a sound backend, and fails of the broken one with these words.
fn assert_caught(
    clause: impl AsyncFn(&dyn MetadataHarness),
    broken: &dyn MetadataHarness,
    words: &str,
) {
    assert_fails(
        || contract::run(clause(&mutant::sound())),
        || contract::run(clause(broken)),
        words,
    );
}

/// Panics unless the first is done, and the second panics with these words.
fn assert_fails(sound: impl FnOnce(), broken: impl FnOnce(), words: &str) {
    if let Err(message) = outcome(sound) {
        panic!("a sound backend is caught: {message}");
    }
    match outcome(broken) {
        Ok(()) => panic!("the broken backend is not caught"),
        Err(message) => assert!(
            message.contains(words),
            "caught for another reason: {message}"
        ),
    }
}

/// How it ends: the words of its panic, if it does.
fn outcome(run: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let fixed = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let made = panic.downcast_ref::<String>().cloned();
    made.or(fixed).unwrap_or_default()
}
