//! All keys, a file per section.

mod access_log;
mod auth;
mod collection;
mod limits;
mod log;
mod operations;
mod push;
mod server;
mod storage;

pub(crate) use access_log::AccessLog;
pub(crate) use auth::{Anonymous, Auth};
pub(crate) use collection::Collection;
pub(crate) use limits::Limits;
pub(crate) use log::Log;
pub(crate) use operations::Operations;
pub(crate) use push::Push;
pub(crate) use server::{Listen, Server};
pub(crate) use storage::Storage;
