//! Traces of requests, sent to a collector.

use std::{fmt, str::FromStr};

use http::{HeaderName, HeaderValue, Uri};

use crate::config::{
    Setting,
    declaration::section,
    raw::{Raw, quoted},
    setting::texts,
};

section! {
    /// Traces of requests, sent to an OpenTelemetry collector, as `docs/operations.md` describes. Nothing is traced unless
    /// there is an endpoint.
    Traces = "traces" {
        /// The collector's address. It is sent OTLP over HTTP, in JSON. An address without a path gets `/v1/traces`.
        endpoint: Option<Endpoint> = None;

        /// Header fields for the collector, such as those that sign in to it. They are never shown.
        headers: Vec<Header> = Vec::new();

        /// The name under which this server's spans are found.
        service: String = "registry".to_owned();

        /// Record one of so many traces. 1 records all.
        one_in: usize = 1;

        /// A request that comes with a `traceparent` is part of its caller's trace in any case. Record it where the
        /// caller does, and only there. Turned off, `one_in` decides that as well: strangers cannot have themselves recorded.
        follow_callers: bool = true;
    }
}

texts! {
    Endpoint: "an address, as in `\"http://127.0.0.1:4318\"`, without a user in it",
}

/// Where spans are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint(pub(crate) Uri);

/// A text is no address of a collector.
#[derive(Debug)]
pub(crate) struct NoEndpoint;

impl FromStr for Endpoint {
    type Err = NoEndpoint;

    fn from_str(text: &str) -> Result<Self, NoEndpoint> {
        let read = |text: &str| text.parse::<Uri>().map_err(|_| NoEndpoint);
        let uri = read(text)?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        if !known || uri.host().is_none_or(str::is_empty) || text.contains(['@', '#', '?']) {
            return Err(NoEndpoint);
        }
        match uri.path() {
            "/" => read(&format!("{}/v1/traces", text.trim_end_matches('/'))).map(Self),
            _ => Ok(Self(uri)),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A header field whose value is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: HeaderName,
    pub(crate) value: HeaderValue,
}

impl Setting for Header {
    const SECRET: bool = true;

    fn kind() -> String {
        "a secret, as in `\"authorization: Basic …\"`".to_owned()
    }

    fn read(raw: &Raw) -> Result<Self, String> {
        let parts = raw.text().and_then(|text| text.split_once(':'));
        let field = parts.and_then(|(name, value)| {
            let name = name.trim().parse().ok()?;
            let mut value: HeaderValue = value.trim().parse().ok()?;
            value.set_sensitive(true);
            Some(Self { name, value })
        });
        field.ok_or_else(|| "it must be a header field, as in \"name: value\"".to_owned())
    }

    fn write(&self) -> Option<String> {
        Some(quoted("(hidden)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_gets_the_usual_one() {
        for (text, address) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://example.com/", "https://example.com/v1/traces"),
            ("https://example.com/otlp", "https://example.com/otlp"),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), address);
        }
        for wrong in [
            "",
            "x",
            "grpc://x",
            "http://",
            "http://a:b@x/",
            "http://x?y",
            "http://x/#y",
            "/v1",
        ] {
            assert!(wrong.parse::<Endpoint>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn hazard_31_a_header_is_never_shown() {
        let header = Header::read(&Raw::Text("authorization: Basic c2VjcmV0".into())).unwrap();
        assert_eq!(header.write().unwrap(), "\"(hidden)\"");
        assert!(!format!("{header:?}").contains("c2VjcmV0"));
        assert_eq!(header.value, "Basic c2VjcmV0");
        for wrong in ["", "x", ": y", "a b: c", "a: b\nc"] {
            let refused = Header::read(&Raw::Text(wrong.into())).unwrap_err();
            assert!(wrong.len() < 5 || !refused.contains(wrong));
        }
    }
}
