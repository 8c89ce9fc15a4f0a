//! Addresses of resources, in `Location` and `Link`.

use std::{fmt, str::FromStr};

use http::{HeaderValue, Uri};

use super::text_value;
use crate::route::encode;

/// The address under which clients reach the registry, e.g. `https://registry.example.com`.
///
/// - It is `http` or `https`, with a host, and it may have a path, below which `/v2/` is found.
/// - It has no query.
///
/// Among a request's extensions it is the one under which that client does, as a trusted proxy says.
///
/// ```
/// use registry_server::PublicUrl;
///
/// let url: PublicUrl = "https://example.com/registry/".parse().unwrap();
/// assert_eq!(url.to_string(), "https://example.com/registry");
/// assert!("example.com".parse::<PublicUrl>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

/// A text is not an address that clients can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a public address: write it as in https://registry.example.com")]
pub struct ParsePublicUrlError(String);

impl FromStr for PublicUrl {
    type Err = ParsePublicUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParsePublicUrlError(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| error())?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        let host = uri.host().is_some_and(|host| !host.is_empty());
        if !known || !host || uri.query().is_some() || text.contains(['#', '@']) {
            return Err(error());
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Writes addresses: relative ones, or absolute ones where a public address is set.
///
/// Relative is the default because it is right behind every proxy that forwards paths unchanged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    base: Option<PublicUrl>,
}

impl Links {
    pub(crate) fn new(base: Option<PublicUrl>) -> Self {
        Self { base }
    }

    /// Those for a client of whom a trusted proxy says which address it asked. A public address that was
    /// set counts more.
    pub(crate) fn asked_at(&self, forwarded: Option<&PublicUrl>) -> Self {
        let base = self.base.as_ref().or(forwarded);
        Self::new(base.cloned())
    }

    /// The address of a path, for `Location`.
    pub(crate) fn location(&self, path: &str) -> HeaderValue {
        text_value(self.absolute(path))
    }

    /// The address of a listing's next page, for `Link`.
    pub(crate) fn next(&self, path: &str, parameters: &[(&str, &str)]) -> HeaderValue {
        let mut link = String::from("<");
        link.push_str(&self.absolute(path));
        for (index, (name, value)) in parameters.iter().enumerate() {
            link.push(if index == 0 { '?' } else { '&' });
            link.push_str(name);
            link.push('=');
            encode(value, &mut link);
        }
        link.push_str(">; rel=\"next\"");
        text_value(link)
    }

    fn absolute(&self, path: &str) -> String {
        match &self.base {
            Some(PublicUrl(base)) => [base, path].concat(),
            None => path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_relative_unless_a_public_one_is_set() {
        let path = "/v2/a/blobs/uploads/x";
        assert_eq!(Links::default().location(path), path);
        let base = "https://example.com:5000/r".parse().unwrap();
        let absolute = Links::new(Some(base)).location(path);
        assert_eq!(absolute, "https://example.com:5000/r/v2/a/blobs/uploads/x");
    }

    #[test]
    fn parameters_of_a_link_are_escaped() {
        let link = Links::default().next("/v2/a/tags/list", &[("n", "2"), ("last", "a>&\"b")]);
        let expected = "</v2/a/tags/list?n=2&last=a%3E%26%22b>; rel=\"next\"";
        assert_eq!(link, expected);
    }

    #[test]
    fn a_public_address_is_checked() {
        for text in [
            "",
            "/registry",
            "example.com",
            "ftp://example.com",
            "https://",
            "https://example.com?x=1",
            "https://user:secret@example.com",
            "https://example.com/#a",
            "https://exa mple.com",
        ] {
            assert!(text.parse::<PublicUrl>().is_err(), "{text:?}");
        }
    }
}
