//! A client of container registries: token flow, transfers, retries.
//!
//! It speaks the OCI distribution protocol to registries of any make: to copy images in and out, to
//! test a registry, to load one. What it receives is verified against its digest; what breaks on the
//! way is resumed; and a credential goes only to the host it belongs to.
//!
//! It is no image library: manifests and blobs are bytes here. A client of one's own over `hyper` was
//! chosen above `reqwest` because the rules for redirects and credentials are the point of this crate,
//! and because an embedder should not compile a second TLS stack for it.
//!
//! With the feature `tls` registries behind https can be spoken to.

mod auth;
mod builder;
mod client;
mod content;
mod error;
mod error_answer;
mod limits;
mod link;
mod pages;
mod repository;
mod retries;
mod url;
mod wire;

pub use builder::{BuildError, Builder};
pub use client::Client;
pub use content::{ByteStream, Content};
pub use error::{Error, Result};
pub use error_answer::{ErrorAnswer, OciError};
pub use limits::Limits;
pub use pages::Pages;
pub use repository::{Blob, FetchedManifest, Repository};
pub use retries::{Pause, Retries, Sleep, TokioSleep};
