//! What operators see of a service: figures, and a line for each request.
//!
//! Figures are written in the text format of Prometheus by a writer of our own. A metrics crate was the
//! alternative: it would bring a global registry, labels as maps that are hashed for each request, and
//! more code than the hundred lines that writing the format takes. Here the label values are enums, so a
//! request is counted in an array, and no name that a client sends can become a series.

mod access_log;
mod classes;
mod connections;
mod engine;
mod exchange;
mod exposition;
mod histogram;
mod json_log;
mod process;
mod span;
mod traffic;

pub use access_log::{AccessEntry, AccessLog};
pub(crate) use classes::RouteClass;
pub use connections::Connections;
pub use engine::EngineFigures;
pub(crate) use exchange::{Exchange, Tail, Watchers};
pub use exposition::{Exposition, Family, Gather};
pub use histogram::Buckets;
pub use json_log::{JsonLog, LogTarget};
pub use process::ProcessFigures;
pub use traffic::Traffic;
