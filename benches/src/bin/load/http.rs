//! As much of HTTP/1.1 as a load generator needs: heads of answers, parsed where they lie.

use crate::failure::{Failure, Result};

/// The head of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) body: BodyLength,
    pub(crate) location: Option<String>,
    /// The last byte of a `Range`, which is how a registry tells what an upload has.
    pub(crate) range_end: Option<u64>,
    /// Whether the server closes the connection behind this answer.
    pub(crate) closes: bool,
}

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    Bytes(u64),
    Chunked,
    UntilClose,
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
        let (minor, status) = status(lines.next().unwrap_or_default())?;
        let mut head = Self {
            status,
            body: BodyLength::UntilClose,
            location: None,
            range_end: None,
            closes: minor == b'0',
        };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            head.take(name, value.trim_ascii())?;
        }
        if to_head || matches!(status, 100..=199 | 204 | 304) {
            head.body = BodyLength::Bytes(0);
        }
        head.closes |= head.body == BodyLength::UntilClose;
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
        } else if name.eq_ignore_ascii_case("range") {
            self.range_end = range_end(value);
        } else if name.eq_ignore_ascii_case("connection") {
            self.closes = !value.eq_ignore_ascii_case("keep-alive");
        }
        Ok(())
    }
}

/// The minor version and the status.
fn status(line: &str) -> Result<(u8, u16)> {
    let rest = line.strip_prefix("HTTP/1.");
    let rest = rest.filter(|rest| rest.len() >= 5 && rest.as_bytes()[1] == b' ');
    let status = rest.and_then(|rest| Some((rest.as_bytes()[0], rest.get(2..5)?.parse().ok()?)));
    status.ok_or_else(|| odd("it is not HTTP/1"))
}

/// Of `0-99`, or `bytes=0-99` as some write it.
fn range_end(value: &str) -> Option<u64> {
    value.rsplit_once('-')?.1.parse().ok()
}

fn odd(what: &str) -> Failure {
    Failure::new(format!("an answer cannot be read: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Head {
        Head::parse(text.as_bytes(), false).unwrap()
    }

    #[test]
    fn a_head_is_read() {
        let text = b"HTTP/1.1 202 Accepted\r\nLocation: /x?y\r\ncontent-length:  12\r\nRange: 0-41\r\n\r\nbody";
        let end = end_of_head(text).unwrap();
        assert_eq!(&text[end..], b"body");
        let expected = Head {
            status: 202,
            body: BodyLength::Bytes(12),
            location: Some("/x?y".to_owned()),
            range_end: Some(41),
            closes: false,
        };
        assert_eq!(Head::parse(&text[..end], false).unwrap(), expected);
        let to_head = Head::parse(&text[..end], true).unwrap();
        assert_eq!(to_head.body, BodyLength::Bytes(0));
        assert_eq!(end_of_head(b"HTTP/1.1 200 OK\r\n"), None);
    }

    #[test]
    fn it_is_known_which_answer_is_the_last_of_its_connection() {
        assert!(parse("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").closes);
        assert!(parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").closes);
        assert!(
            !parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n").closes
        );
        let without_length = parse("HTTP/1.1 200 OK\r\n\r\n");
        assert_eq!(without_length.body, BodyLength::UntilClose);
        assert!(without_length.closes);
        assert!(!parse("HTTP/1.1 204 No Content\r\n\r\n").closes);
    }

    #[test]
    fn what_is_not_http_is_a_failure() {
        for text in [
            "HTTP/2 200\r\n\r\n",
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 2é0\r\n\r\n",
            "",
        ] {
            assert!(Head::parse(text.as_bytes(), false).is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_are_read_in_both_forms() {
        assert_eq!(range_end("0-99"), Some(99));
        assert_eq!(range_end("bytes=0-99"), Some(99));
        assert_eq!(range_end("0"), None);
    }
}
