//! Servers of the built program that share services, which the tests start.
//!
//! They need programs that `.ci/run` brings: PostgreSQL, a store that speaks S3 (`VERSITYGW`), and ours
//! (`REGISTRY_BIN`). `.ci/services` runs them.

mod cluster;
mod commands;
mod encrypted;
mod migrate;
mod pooled;
mod replica;
mod services;
