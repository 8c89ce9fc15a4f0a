//! All keys, a file per section.

mod auth;
mod collection;
mod limits;
mod log;
mod push;
mod server;
mod storage;

pub(crate) use auth::{Anonymous, Auth};
pub(crate) use collection::Collection;
pub(crate) use limits::Limits;
pub(crate) use log::Log;
pub(crate) use push::Push;
pub(crate) use server::{Listen, Server};
pub(crate) use storage::Storage;
