//! The store over a real S3 server, versitygw, each test with a server and a bucket of its own.

mod contract;
mod server;
mod trouble;

use server::{Bucket, open};
