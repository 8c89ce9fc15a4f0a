//! Where requests go, and how they are written.

use std::net::SocketAddr;

use crate::failure::{Failure, Result};

/// The address of a server.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    address: SocketAddr,
}

impl Target {
    /// The server at `http://ADDRESS:PORT`.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let address = url.strip_prefix("http://").unwrap_or(url);
        let address = address.trim_end_matches('/').parse();
        let odd = |_| Failure::new(format!("{url} is not of the form http://127.0.0.1:PORT"));
        address.map(|address| Self { address }).map_err(odd)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A request without a body.
    pub(crate) fn request(&self, method: &str, path: &str) -> Vec<u8> {
        let address = self.address;
        let length = match method {
            "GET" | "HEAD" => "",
            _ => "Content-Length: 0\r\n",
        };
        let accept = if path.contains("/manifests/") {
            "Accept: application/vnd.oci.image.manifest.v1+json\r\n"
        } else {
            ""
        };
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{accept}{length}\r\n").into_bytes()
    }

    /// The head of a request whose body follows.
    pub(crate) fn request_head(&self, method: &str, path: &str, body: &BodyHead) -> Vec<u8> {
        let address = self.address;
        let BodyHead { media_type, length } = body;
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\n\
             Content-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n"
        )
        .into_bytes()
    }

    /// The path and query of a `Location`, which may be absolute.
    pub(crate) fn path<'a>(&self, location: &'a str) -> &'a str {
        let own = format!("http://{}", self.address);
        location.strip_prefix(&own).unwrap_or(location)
    }
}

/// What the head of a request says of its body.
pub(crate) struct BodyHead {
    pub(crate) media_type: &'static str,
    pub(crate) length: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_read_in_both_forms() {
        let target = Target::parse("http://127.0.0.1:5000/").unwrap();
        assert_eq!(target.path("http://127.0.0.1:5000/x?y"), "/x?y");
        assert_eq!(target.path("/x?y"), "/x?y");
        assert!(Target::parse("https://127.0.0.1:5000").is_err());
    }
}
