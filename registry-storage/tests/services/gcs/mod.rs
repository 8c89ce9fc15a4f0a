//! The store over Google's client.
//!
//! Google's own server was not to be had, nor one like it with uploads of several parts. But its XML is S3's, but
//! for some headers: so this is Google's client over MinIO, each test with a server and a bucket of its own. It
//! shows that the client does what the store needs of it, and nothing of how Google keeps what it promises.

mod answers;
mod contract;
mod links;
mod marker;
mod registry;
mod requests;
mod server;
mod trouble;

pub(crate) use server::{OpenBucket, open};
