//! Servers of the built program that share services, which the tests start.
//!
//! They need programs that `.ci/run` brings: PostgreSQL, stores (`VERSITYGW`, `MINIO`, `AZURITE`), a client (`CRANE`),
//! and ours (`REGISTRY_BIN`). `.ci/services` runs them.

mod azure;
mod cached;
mod cluster;
mod commands;
mod credentials;
mod encrypted;
mod gcs;
mod http;
mod kept;
mod listings;
mod migrate;
mod pooled;
mod redirects;
mod replica;
mod rolling;
mod services;
mod stalled;
mod turns;
mod unanswered;
mod until;
