//! The OCI distribution protocol as a tower service, listeners, and a registry for tests.

mod respond;
mod route;

pub use respond::{Body, BodyBroken, ParsePublicUrlError, PublicUrl};
