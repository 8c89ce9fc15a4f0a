//! Where requests go, and how they are written.

use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::Range;

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::failure::{Failure, Result};
use crate::location::Location;

/// The address of a server, and who asks.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    address: SocketAddr,
    host: String,
    /// A line of the head, or nothing.
    authorization: String,
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub(crate) enum Credential {
    #[default]
    Nobody,
    /// A name and a password with a colon between them.
    Basic(String),
    Bearer(String),
}

impl Credential {
    fn line(&self) -> String {
        match self {
            Self::Nobody => String::new(),
            Self::Basic(pair) => {
                format!("Authorization: Basic {}\r\n", BASE64_STANDARD.encode(pair))
            }
            Self::Bearer(token) => format!("Authorization: Bearer {token}\r\n"),
        }
    }
}

impl Target {
    /// The server at `http://HOST:PORT`.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let host = url.strip_prefix("http://").unwrap_or(url);
        let host = host.trim_end_matches('/');
        let address = host.to_socket_addrs().ok().and_then(|mut all| all.next());
        let odd = || Failure::new(format!("{url} is not of the form http://127.0.0.1:PORT"));
        Ok(Self {
            address: address.ok_or_else(odd)?,
            host: host.to_owned(),
            authorization: String::new(),
        })
    }

    /// The same server, asked by somebody.
    pub(crate) fn with(mut self, credential: &Credential) -> Self {
        self.authorization = credential.line();
        self
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A request without a body.
    pub(crate) fn request(&self, method: &str, path: &str) -> Vec<u8> {
        self.request_with(method, path, "")
    }

    /// A request without a body, with whole lines of a head that are its own.
    pub(crate) fn request_with(&self, method: &str, path: &str, lines: &str) -> Vec<u8> {
        let length = match method {
            "GET" | "HEAD" => "",
            _ => "Content-Length: 0\r\n",
        };
        let accept = if path.contains("/manifests/") {
            "Accept: application/vnd.oci.image.manifest.v1+json\r\n"
        } else {
            ""
        };
        let start = self.start(method, path);
        format!("{start}{accept}{length}{lines}\r\n").into_bytes()
    }

    /// The head of a request whose body follows.
    pub(crate) fn request_head(&self, method: &str, path: &str, body: &BodyHead) -> Vec<u8> {
        let BodyHead {
            media_type,
            length,
            range,
        } = body;
        let start = self.start(method, path);
        let range = range.as_ref().map_or(String::new(), |range| {
            format!("Content-Range: {}-{}\r\n", range.start, range.end - 1)
        });
        format!("{start}Content-Type: {media_type}\r\nContent-Length: {length}\r\n{range}\r\n")
            .into_bytes()
    }

    fn start(&self, method: &str, path: &str) -> String {
        let (host, authorization) = (&self.host, &self.authorization);
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{authorization}")
    }

    /// The path and query that a `Location` leads to from a path that was asked.
    pub(crate) fn follow(&self, asked: &str, location: &str) -> Result<String> {
        let found = Location::resolve(asked, location).filter(|found| self.is_at(found));
        let elsewhere = || {
            Failure::new(format!(
                "the Location {location} leads away from {}",
                self.host
            ))
        };
        found.map(|found| found.path).ok_or_else(elsewhere)
    }

    fn is_at(&self, location: &Location) -> bool {
        let Some(authority) = &location.authority else {
            return true;
        };
        let same = || {
            Some(
                authority
                    .to_socket_addrs()
                    .ok()?
                    .any(|at| at == self.address),
            )
        };
        *authority == self.host || same().unwrap_or(false)
    }
}

/// What the head of a request says of its body.
pub(crate) struct BodyHead {
    pub(crate) media_type: &'static str,
    pub(crate) length: usize,
    /// Which bytes of an upload it is.
    pub(crate) range: Option<Range<usize>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_followed_on_the_same_server_alone() {
        let target = Target::parse("http://127.0.0.1:5000/").unwrap();
        let follow = |location| target.follow("/v2/a/", location).ok();
        assert_eq!(follow("http://127.0.0.1:5000/x?y"), Some("/x?y".to_owned()));
        assert_eq!(follow("b?y"), Some("/v2/a/b?y".to_owned()));
        assert_eq!(follow("http://127.0.0.1:5001/x"), None);
        assert_eq!(follow("https://127.0.0.1:5000/x"), None);
        assert!(Target::parse("https://127.0.0.1:5000").is_err());
    }

    #[test]
    fn each_request_says_who_asks() {
        let target = Target::parse("127.0.0.1:5000").unwrap();
        let written = |credential| {
            let request = target.clone().with(&credential).request("GET", "/v2/");
            String::from_utf8(request).unwrap()
        };
        assert!(!written(Credential::Nobody).contains("Authorization"));
        let basic = written(Credential::Basic("a:b".to_owned()));
        assert!(basic.ends_with("\r\nAuthorization: Basic YTpi\r\n\r\n"));
        let bearer = written(Credential::Bearer("t".to_owned()));
        assert!(bearer.ends_with("\r\nAuthorization: Bearer t\r\n\r\n"));
    }
}
