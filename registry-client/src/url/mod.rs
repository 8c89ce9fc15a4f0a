//! Addresses, and whose they are.
//!
//! A credential belongs to an [`Origin`], so every address carries its own, parsed once: comparing
//! texts of URLs is where credentials leak (`http://registry:443`, `registry@evil`). The `url` crate
//! was the alternative; it brings Unicode tables for host names that registries do not have.

mod encode;
mod origin;
mod resolve;

use std::fmt;

use http::Uri;

pub(crate) use self::encode::encode;
pub(crate) use self::origin::Origin;

/// An absolute address.
///
/// - It is `http` or `https`, with a host and without a user.
/// - The path begins with `/`; the query follows it; there is no fragment.
/// - `Display` leaves the query out: signed addresses carry their secret there.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Url {
    origin: Origin,
    path: String,
}

/// A text is not an address that this client follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    #[error("it is not a valid URL")]
    Malformed,
    #[error("it must begin with https:// or http://")]
    Scheme,
    #[error("it carries a user name or password")]
    User,
    #[error("it would leave https")]
    Downgrade,
}

impl Url {
    /// An address of an origin; the path begins with `/`.
    pub(crate) fn new(origin: Origin, path: String) -> Self {
        Self { origin, path }
    }

    /// Parses an absolute address.
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        if !resolve::is_absolute(text) {
            return Err(UrlError::Scheme);
        }
        let uri: Uri = text.parse().map_err(|_| UrlError::Malformed)?;
        let path = match uri.path_and_query().map_or("/", |path| path.as_str()) {
            query if query.starts_with('?') => format!("/{query}"),
            path => path.to_owned(),
        };
        Ok(Self::new(Origin::of(&uri)?, path))
    }

    /// The address that a `Location` or `Link` of this address's answer names, never one that leaves
    /// TLS.
    pub(crate) fn resolve(&self, location: &str) -> Result<Self, UrlError> {
        let url = resolve::resolve(self, location)?;
        if self.origin.is_https() && !url.origin.is_https() {
            return Err(UrlError::Downgrade);
        }
        Ok(url)
    }

    /// This address with one more parameter in its query.
    pub(crate) fn with_query(mut self, name: &str, value: &str) -> Self {
        let separator = if self.path.contains('?') { '&' } else { '?' };
        self.path.push(separator);
        self.path.push_str(name);
        self.path.push('=');
        self.path.push_str(&encode(value));
        self
    }

    /// Whether it names nothing but its origin.
    pub(crate) fn is_root(&self) -> bool {
        self.path == "/"
    }

    /// Whose address it is.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The address as hyper takes it.
    pub(crate) fn uri(&self) -> Result<Uri, UrlError> {
        let text = format!("{}{}", self.origin, self.path);
        text.parse().map_err(|_| UrlError::Malformed)
    }

    fn path(&self) -> &str {
        self.path.split('?').next().unwrap_or(&self.path)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_default_port_is_the_same_origin_as_none() {
        assert_eq!(
            url("https://example.com").origin(),
            url("HTTPS://Example.COM:443/v2/").origin()
        );
        assert_eq!(
            url("http://example.com").origin(),
            url("http://example.com:80/").origin()
        );
    }

    #[test]
    fn another_scheme_port_or_host_is_another_origin() {
        let own = url("https://example.com/");
        for other in [
            "http://example.com/",
            "http://example.com:443/",
            "https://example.com:8443/",
            "https://example.com.evil.test/",
            "https://sub.example.com/",
        ] {
            assert_ne!(own.origin(), url(other).origin(), "{other}");
        }
    }

    #[test]
    fn an_address_with_a_user_or_another_scheme_is_refused() {
        assert_eq!(
            Url::parse("https://example.com@evil.test/"),
            Err(UrlError::User)
        );
        assert_eq!(Url::parse("ftp://example.com/"), Err(UrlError::Scheme));
        assert_eq!(Url::parse("example.com"), Err(UrlError::Scheme));
        assert_eq!(Url::parse("https:///v2/"), Err(UrlError::Malformed));
    }

    #[test]
    fn hazard_30_no_location_leaves_https() {
        let https = url("https://example.com/v2/");
        for location in [
            "http://example.com/v2/",
            "http://example.com:443/",
            "HTTP://other.test/",
        ] {
            assert_eq!(
                https.resolve(location),
                Err(UrlError::Downgrade),
                "{location}"
            );
        }
        let http = url("http://example.com/v2/");
        assert!(http.resolve("http://other.test/").is_ok());
        assert!(http.resolve("https://other.test/").is_ok());
    }

    #[test]
    fn a_query_is_encoded_and_never_displayed() {
        let url = url("https://example.com/v2/").with_query("scope", "a:b/c d+e");
        let url = url.with_query("n", "1");
        assert_eq!(
            url.uri().unwrap().to_string(),
            "https://example.com/v2/?scope=a:b/c%20d%2Be&n=1"
        );
        assert_eq!(url.to_string(), "https://example.com/v2/");
        assert_eq!(format!("{url:?}"), "https://example.com/v2/");
    }

    #[test]
    fn a_query_without_a_path_has_the_root_path() {
        assert_eq!(
            url("http://example.com?a=b").uri().unwrap().to_string(),
            "http://example.com/?a=b"
        );
    }
}
