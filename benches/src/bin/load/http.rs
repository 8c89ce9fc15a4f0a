//! As much of HTTP/1.1 as a load generator needs: heads of answers, parsed where they lie.

use crate::failure::{Failure, Result};

/// The head of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) body: BodyLength,
    pub(crate) location: Option<String>,
}

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    Bytes(u64),
    Chunked,
}

/// Where a head ends in `bytes`: behind its empty line.
pub(crate) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}

impl Head {
    /// Parses a head up to and including its empty line; `to_head` if a HEAD was asked.
    pub(crate) fn parse(bytes: &[u8], to_head: bool) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| odd("it is not text"))?;
        let mut lines = text.split("\r\n");
        let status = status(lines.next().unwrap_or_default())?;
        let mut head = Self {
            status,
            body: BodyLength::Bytes(0),
            location: None,
        };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            head.take(name, value.trim_ascii())?;
        }
        if to_head || matches!(status, 204 | 304) {
            head.body = BodyLength::Bytes(0);
        }
        Ok(head)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<()> {
        if name.eq_ignore_ascii_case("content-length") {
            let length = value.parse().map_err(|_| odd("its length is no number"))?;
            self.body = BodyLength::Bytes(length);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            self.body = BodyLength::Chunked;
        } else if name.eq_ignore_ascii_case("location") {
            self.location = Some(value.to_owned());
        } else if name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close") {
            return Err(odd("it closes the connection"));
        }
        Ok(())
    }
}

fn status(line: &str) -> Result<u16> {
    let status = line
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    let status = status.and_then(|status| status.parse().ok());
    status.ok_or_else(|| odd("it is not HTTP/1.1"))
}

fn odd(what: &str) -> Failure {
    Failure::new(format!("an answer cannot be read: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read() {
        let text = b"HTTP/1.1 202 Accepted\r\nLocation: /x?y\r\ncontent-length:  12\r\n\r\nbody";
        let end = end_of_head(text).unwrap();
        assert_eq!(&text[end..], b"body");
        let expected = Head {
            status: 202,
            body: BodyLength::Bytes(12),
            location: Some("/x?y".to_owned()),
        };
        assert_eq!(Head::parse(&text[..end], false).unwrap(), expected);
        let to_head = Head::parse(&text[..end], true).unwrap();
        assert_eq!(to_head.body, BodyLength::Bytes(0));
    }

    #[test]
    fn a_head_that_ends_the_connection_is_a_failure() {
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", false).is_err());
        assert!(Head::parse(b"HTTP/1.0 200 OK\r\n\r\n", false).is_err());
        assert_eq!(end_of_head(b"HTTP/1.1 200 OK\r\n"), None);
    }
}
