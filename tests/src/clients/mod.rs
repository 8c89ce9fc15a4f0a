//! Clients of a registry that know what it must have, and the program that they ask.
//!
//! Each client has a repository to itself, one request at a time, and a ledger of what was acknowledged.
//! What is done to the registry meanwhile is the harnesses' business: `crash`, `soak` and `faults`.

pub mod checks;
pub mod client;
pub mod content;
pub mod crew;
pub mod http;
pub mod ledger;
pub mod library;
pub mod load;
pub mod moment;
pub mod random;
pub mod server;
