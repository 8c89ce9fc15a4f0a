//! Whose address it is: scheme, host and port.

use std::fmt;

use http::Uri;

use super::UrlError;

/// Scheme, host and port: what a credential belongs to.
///
/// - The host is in lower case; the port is always known.
/// - `Display` writes it as URLs begin, without a port that the scheme implies.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    https: bool,
    host: String,
    port: u16,
}

impl Origin {
    pub(super) fn of(uri: &Uri) -> Result<Self, UrlError> {
        let https = uri.scheme_str() == Some("https");
        let authority = uri.authority().ok_or(UrlError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(UrlError::User);
        }
        if authority.host().is_empty() {
            return Err(UrlError::Malformed);
        }
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None => default_port(https),
        };
        Ok(Self {
            https,
            host: authority.host().to_ascii_lowercase(),
            port,
        })
    }

    /// Whether it is reached through TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.https
    }

    /// Host and, unless the scheme implies it, port.
    pub(crate) fn authority(&self) -> String {
        if self.port == default_port(self.https) {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
