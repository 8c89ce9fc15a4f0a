//! The store over real servers that are like S3, versitygw and MinIO, each test with a server and a bucket of its own.

mod checksums;
mod contract;
mod hedging;
pub(crate) mod proxy;
pub(crate) mod server;
pub(crate) mod trouble;

use server::open;
pub(crate) use server::{Bucket, Program};
