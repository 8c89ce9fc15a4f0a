//! The OCI distribution protocol as a tower service, listeners, and a registry for tests.

mod incoming;
mod limits;
mod pacing;
mod respond;
mod route;
mod service;
mod v2;

pub use limits::{Limits, Pace};
pub use respond::{Body, BodyBroken, ParsePublicUrlError, PublicUrl};
pub use service::{RegistryService, RegistryServiceBuilder, ResponseFuture};
