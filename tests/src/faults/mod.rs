//! Faults between servers and what they share, and what clients are told meanwhile.
//!
//! Three servers of the real program over PostgreSQL, whose commits a standby has as well, and over MinIO. Proxies
//! on their ways delay, cut, fall silent, answer with errors; servers are killed, the database is restarted and
//! fails over, the store goes away. Clients (`clients`) ask any server, a request here and the next one there. What
//! was acknowledged has to be there at every server, at any time; an answer that did not come is settled a while
//! later by looking. Whoever cannot serve has to say so soon, with a time to come back, and to recover by itself.
//!
//! A history that is searched for an order in the end was the alternative. Here each repository and each tag
//! has one writer, so what a read may answer is known when it is asked for, and what is wrong is told at once.

pub mod calm;
pub mod cluster;
pub mod database;
mod http;
mod link;
pub mod phase;
pub mod proxy;
pub mod replica;
pub mod run;
pub mod store;
pub mod tags;
pub mod weather;
pub mod work;

/// The bucket, and who may use it.
const BUCKET: &str = "registry";
const KEY: &str = "registry";
const SECRET: &str = "registry-secret";
