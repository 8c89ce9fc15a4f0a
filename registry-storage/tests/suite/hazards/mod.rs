//! Backends that are broken on purpose, each in one way that other registries were, and the clauses
//! that have to catch it.
//!
//! A suite that passes says little unless it also fails. Every mutant here is a sound backend with one
//! thing done as it should not be, so that what fails is that thing.

mod catalogue;
mod collection;
mod content;
mod file_store;
mod mutant;
mod stores;
mod uploads;

use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
};

use registry_storage::contract::{self, metadata::MetadataHarness};

/// Panics unless the clause holds of a sound backend, and fails of the broken one with these words.
fn assert_caught(
    clause: impl AsyncFn(&dyn MetadataHarness),
    broken: &dyn MetadataHarness,
    words: &str,
) {
    assert_fails(clause(&*mutant::sound()), clause(broken), words);
}

/// Panics unless the clause is done with the sound backend, and panics with the broken one, with these
/// words.
fn assert_fails(sound: impl Future<Output = ()>, broken: impl Future<Output = ()>, words: &str) {
    if let Err(message) = outcome(sound) {
        panic!("the clause does not hold of a sound backend: {message}");
    }
    match outcome(broken) {
        Ok(()) => panic!("the clause does not catch it"),
        Err(message) => assert!(
            message.contains(words),
            "caught for another reason: {message}"
        ),
    }
}

/// How a clause ends: the words of its panic, if it does.
fn outcome(clause: impl Future<Output = ()>) -> Result<(), String> {
    let run = AssertUnwindSafe(|| contract::run(clause));
    catch_unwind(run).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let fixed = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let made = panic.downcast_ref::<String>().cloned();
    made.or(fixed).unwrap_or_default()
}
