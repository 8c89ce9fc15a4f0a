//! Who is calling the registry, and simple rules of what they may do.
//!
//! An [`Authenticator`](registry_core::Authenticator) turns credentials into a caller; a
//! [`Policy`](registry_core::Policy) decides what the caller may do. Both are traits of
//! `registry-core`: an embedder with users of their own implements them and needs nothing from here.
//!
//! ```
//! use registry_auth::{BasicUsers, SignedIn};
//! use registry_core::Secret;
//!
//! let users = BasicUsers::new("registry").user("ada", &Secret::new("lovelace".to_owned()));
//! let policy = SignedIn; // whoever signed in may do everything, others pull what is public
//! # drop((users, policy));
//! ```

mod basic;
#[cfg(feature = "htpasswd")]
mod htpasswd;
mod policies;

pub use basic::BasicUsers;
#[cfg(feature = "htpasswd")]
pub use htpasswd::{Htpasswd, HtpasswdError, HtpasswdFile};
pub use policies::{OpenToPull, ReadOnly, SignedIn};
pub use registry_core::AllowAll;
