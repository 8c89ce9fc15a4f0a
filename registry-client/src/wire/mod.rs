//! How requests travel: connections at the bottom, then redirects, then signing in, then retries.
//!
//! Each layer is a file and knows only the one below. A stack of tower services was the alternative;
//! with one caller and four layers it would be more types than code.

mod answer;
#[cfg(feature = "tls")]
mod any_certificate;
mod call;
mod connector;
mod exchange;
mod idle;
mod outgoing;
mod redirect;
mod transport;

pub(crate) use self::answer::Answer;
pub(crate) use self::call::Call;
pub(crate) use self::connector::{Connector, ConnectorError, connector};
pub(crate) use self::exchange::{Budget, Wire};
pub(crate) use self::outgoing::{ContentError, Outgoing};
pub(crate) use self::transport::Transport;
