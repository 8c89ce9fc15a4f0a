//! The store over real servers that are like S3, versitygw and MinIO, each test with a server and a bucket of its own.

mod checksums;
mod contract;
mod hedging;
mod proxy;
mod server;
mod trouble;

use server::open;
pub(crate) use server::{Bucket, Program};
