//! Explores every interleaving of the collection protocol.
//!
//! The steps are the statements that the methods of the metadata traits would send to PostgreSQL, on a
//! model of its READ COMMITTED (`store/`); every statement, every row that a statement visits, every
//! commit and every passing of a grace period is a step of its own, so a transaction is held open
//! across anything that anybody else does. After every step everything that must hold is checked;
//! where nothing more happens, the collector runs alone and must find all that is dead.
//!
//! A protocol that differs in one point ([`Mutation`]) must be found wrong: the explorer is only worth
//! what it can find.
//!
//! The alternatives were a specification in a language of its own, which nobody would keep in step with
//! the traits, and random interleavings against a real server, which find a race of three
//! transactions and two grace periods only by luck. A checker of threads and atomics is about
//! something else: here the interesting memory is a database.

mod backend;
mod client;
mod connection;
mod id;
mod mutation;
mod program;
mod promise;
mod quiesce;
mod scenario;
mod search;
mod store;
mod trace;
mod violation;
mod world;

pub use client::{Client, Manifest};
pub use mutation::Mutation;
pub use promise::Thing;
pub use scenario::{Counterexample, Exploration, Scenario};
pub use violation::Violation;
