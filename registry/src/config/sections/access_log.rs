//! A line for each request.

use std::{convert::Infallible, fmt, str::FromStr};

use registry_server::LogTarget;

use crate::config::{declaration::section, setting::texts};

section! {
    /// A line of JSON for each request, as `docs/access-log.md` describes.
    AccessLog = "access_log" {
        /// Where the lines go. A file is opened again on SIGHUP.
        to: Option<AccessLogTarget> = None;
    }
}

texts! {
    AccessLogTarget: "`\"stdout\"`, or the path of a file",
}

/// Where the lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessLogTarget(pub(crate) LogTarget);

impl FromStr for AccessLogTarget {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(match text {
            "stdout" => LogTarget::StandardOutput,
            path => LogTarget::File(path.into()),
        }))
    }
}

impl fmt::Display for AccessLogTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            LogTarget::StandardOutput => f.write_str("stdout"),
            LogTarget::File(path) => path.display().fmt(f),
        }
    }
}
