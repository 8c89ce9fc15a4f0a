//! Errors as registries write them.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

use crate::url::Origin;

const LONGEST_TEXT: usize = 300;
const MOST_ERRORS: usize = 16;

/// An answer with an error status, and what the registry wrote in it.
///
/// The texts come from the other side: control characters are taken out and they are cut to a
/// readable length, so that they may go into a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorAnswer {
    host: String,
    status: StatusCode,
    errors: Vec<OciError>,
    retry_after: Option<Duration>,
}

/// One error of the body that the OCI distribution specification describes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OciError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct ErrorBody {
    errors: Vec<OciError>,
}

impl ErrorAnswer {
    pub(crate) fn new(
        origin: &Origin,
        status: StatusCode,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> Self {
        // Proxies answer with pages of their own; the status is then all there is to say.
        let body = serde_json::from_slice::<ErrorBody>(body);
        let errors = body.map(|body| body.errors).unwrap_or_default();
        Self {
            host: origin.authority(),
            status,
            errors: errors
                .iter()
                .take(MOST_ERRORS)
                .map(OciError::cleaned)
                .collect(),
            retry_after,
        }
    }

    /// The host that answered, and its port where it is not the usual one.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The errors of the body; none where it was not in the form of the specification.
    #[must_use]
    pub fn errors(&self) -> &[OciError] {
        &self.errors
    }

    /// Whether one of the errors has this code, e.g. `MANIFEST_UNKNOWN`.
    #[must_use]
    pub fn has_code(&self, code: &str) -> bool {
        self.errors.iter().any(|error| error.code == code)
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl OciError {
    /// The code, e.g. `BLOB_UNKNOWN`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What the registry says to people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    fn cleaned(&self) -> Self {
        Self {
            code: printable(&self.code),
            message: printable(&self.message),
        }
    }
}

impl std::error::Error for ErrorAnswer {}

impl fmt::Display for ErrorAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}", self.host, self.status)?;
        for error in &self.errors {
            write!(f, "; {}: {}", error.code, error.message)?;
        }
        Ok(())
    }
}

/// The beginning of a text from the other side, fit for a log.
fn printable(text: &str) -> String {
    let visible = text.chars().filter(|c| !c.is_control());
    visible.take(LONGEST_TEXT).collect()
}
