//! The protocol over real sockets, on the memory backends.

mod support;

mod access;
mod blobs;
mod connections;
mod errors;
#[cfg(feature = "http2")]
mod http2;
mod listeners;
mod listings;
mod manifests;
mod mounts;
mod referrers;
mod routes;
mod service;
#[cfg(feature = "tls")]
mod tls;
mod uploads;
