//! As much of HTTP as a proxy needs in order to be wrong about it.

/// Methods that a store is asked with.
const METHODS: [&str; 5] = ["GET /", "PUT /", "HEAD /", "POST /", "DELETE /"];

/// Whether a request begins here.
pub(super) fn is_request(piece: &[u8]) -> bool {
    METHODS
        .iter()
        .any(|method| piece.starts_with(method.as_bytes()))
}

/// What a store says that cannot serve.
pub(super) fn refusal(status: u16) -> String {
    let (reason, code, message) = match status {
        503 => (
            "Service Unavailable",
            "SlowDown",
            "Please reduce your request rate.",
        ),
        _ => (
            "Internal Server Error",
            "InternalError",
            "We encountered an internal error. Please try again.",
        ),
    };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
         <Message>{message}</Message></Error>"
    );
    format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: application/xml\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Where an answer that begins here is cut: behind its head, and before its end. None where it has no body.
pub(super) fn cut(piece: &[u8], at: u64) -> Option<u64> {
    let head = piece.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&piece[..head]).ok()?;
    if !head.starts_with("HTTP/1.1 2") {
        return None;
    }
    let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: u64 = lengths.next()?.1.trim().parse().ok()?;
    (length > 0).then(|| head.len() as u64 + at % length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_cut_within_its_body() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
        assert_eq!(cut(answer, 0), Some(39));
        assert_eq!(cut(answer, 19), Some(48));
        assert_eq!(
            cut(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 1),
            None
        );
        assert_eq!(cut(b"0123456789\r\n\r\n", 1), None);
    }
}
