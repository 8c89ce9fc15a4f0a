//! Headers that list things: `Accept`, entity tags, and the `Link` that we write.

use http::HeaderValue;
use http::header::{HeaderMap, IF_NONE_MATCH};
use registry_core::Digest;
use registry_server::fuzzing;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Reads the bytes as an `Accept` header. Something that is added to a list leaves what it lists.
///
/// # Panics
/// When it does not.
pub fn accept(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let listed = fuzzing::accepts(text, INDEX);
    assert!(!listed || fuzzing::accepts(&format!("text/html;q=0, {text}"), INDEX));
    assert!(fuzzing::accepts(&format!("{text},{INDEX}"), INDEX));
    assert!(!listed || text.contains('/'));
}

/// Reads the bytes as entity tags. They spare content only if they name it, or anything.
///
/// # Panics
/// When they spare other content.
pub fn entity_tags(data: &[u8]) {
    let (Ok(text), Ok(value)) = (std::str::from_utf8(data), HeaderValue::from_bytes(data)) else {
        return;
    };
    let digest = Digest::sha256(b"");
    let headers: HeaderMap = std::iter::once((IF_NONE_MATCH, value)).collect();
    let spared = fuzzing::not_modified(&headers, &digest);
    assert!(!spared || text.trim() == "*" || text.contains(digest.as_str()));
}

/// Writes the bytes as the place where a next page begins, into a `Link`, and reads them again.
///
/// # Panics
/// When the link is not well-formed or leads elsewhere.
pub fn link(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let link = fuzzing::next_link("/v2/a/tags/list", text);
    assert!(
        link.bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ')
    );
    let target = link.strip_suffix(">; rel=\"next\"");
    let target = target.and_then(|target| target.strip_prefix("</v2/a/tags/list?"));
    let query = target.expect("a link with a query");
    assert!(!query.contains(['<', '>', '"', ' ', '#']));
    let expected: &[&str] = if text.contains('\0') { &[] } else { &[text] };
    assert_eq!(fuzzing::parameters(query, "last"), expected);
}
