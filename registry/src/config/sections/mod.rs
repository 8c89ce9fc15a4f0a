//! All keys, a file per section.

mod access_log;
mod auth;
mod cache;
mod collection;
mod database;
mod limits;
mod listen;
mod log;
mod objects;
mod operations;
mod push;
mod redirects;
mod scrub;
mod server;
mod storage;
mod tls;
mod traces;
mod uploads;

pub(crate) use access_log::AccessLog;
pub(crate) use auth::{Anonymous, Auth};
pub(crate) use cache::Cache;
pub(crate) use collection::Collection;
pub(crate) use database::Database;
pub(crate) use limits::Limits;
pub(crate) use listen::Listen;
pub(crate) use log::Log;
pub(crate) use objects::{Checksum, Encryption, Objects, Provider};
pub(crate) use operations::Operations;
pub(crate) use push::{Create, Push};
pub(crate) use redirects::Redirects;
pub(crate) use scrub::Scrub;
pub(crate) use server::Server;
pub(crate) use storage::Storage;
pub(crate) use tls::{Clients, Tls, Version};
pub(crate) use traces::Traces;
pub(crate) use uploads::Uploads;
