//! The protocol over real sockets, on the memory backends.

mod support;

mod access;
mod access_log;
mod blobs;
mod connections;
mod errors;
mod full_disk;
#[cfg(feature = "http2")]
mod http2;
mod listeners;
mod listings;
mod manifests;
mod metrics;
mod mounts;
mod rate_limits;
mod readiness;
mod redirects;
mod referrers;
mod routes;
mod service;
#[cfg(feature = "tls")]
mod tls;
mod too_large;
mod uploads;
