//! What systemd and a service tell each other: sockets that are there already, and how the service is.
//!
//! The protocols are a few environment variables and lines of text, so libsystemd is not linked.

mod activation;
mod notify;

pub use activation::{Activated, activated};
pub use notify::Notifier;
