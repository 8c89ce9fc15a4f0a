//! The OCI distribution protocol as a tower service, listeners, and a registry for tests.
//!
//! [`RegistryService`] is the protocol: parse a request, call the engine, write the answer. It is
//! written on hyper's types and no web framework, because a framework would be in every embedder's
//! tree, and what is hard here (names that contain slashes, bodies of gigabytes, an error body for
//! every failure) is what frameworks do not do. [`Server`] listens for it; an embedder with a server
//! of their own mounts the service there and leaves this one.
//!
//! Everything that a client sends has a limit with its own answer ([`Limits`], [`ListenSettings`]).
//! What the HTTP parser refuses before there is a request (a malformed head; more header fields or a
//! larger head than `ListenSettings` allow; a target over 64 KiB) it answers itself, with 400, 431 or
//! 414 and without a body.

#[doc(hidden)]
pub mod fuzzing;

mod client_address;
mod incoming;
mod limit;
mod limits;
mod listen;
mod observe;
mod operations;
mod pacing;
mod proxies;
mod redirects;
mod respond;
mod route;
mod service;
mod spawner;
#[cfg(all(feature = "systemd", target_os = "linux"))]
pub mod systemd;
#[cfg(feature = "testing")]
pub mod testing;
mod timer;
mod v2;

pub use client_address::ClientAddress;
pub use limit::{ParseRateError, Rate, RateLimits};
pub use limits::{Limits, Pace};
pub use listen::{Address, Endpoint, ListenSettings, Listener, Running, Server};
#[cfg(feature = "tls")]
pub use listen::{ClientCertificates, Tls, TlsError, TlsFiles, TlsSettings, TlsVersion};
pub use observe::{
    AccessEntry, AccessLog, Buckets, Connections, EngineFigures, Exposition, Family, Gather,
    JsonLog, LogTarget, ProcessFigures, Traffic,
};
pub use operations::{
    HealthCheck, MetricsFor, Operations, OperationsFuture, OperationsService, Readiness,
    ReadinessSettings, Unhealthy,
};
pub use proxies::{ForwardedHeader, Network, ParseNetworkError, TrustedProxies};
pub use redirects::{Redirects, Selection};
pub use respond::{Body, BodyBroken, ParsePublicUrlError, PublicUrl};
pub use service::{RegistryService, RegistryServiceBuilder, ResponseFuture};
pub use spawner::TokioSpawner;
pub use timer::TokioTimer;
