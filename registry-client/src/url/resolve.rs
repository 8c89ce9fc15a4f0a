//! Relative references (RFC 3986, section 5): registries send them in `Location` and `Link`.

use super::{Url, UrlError};

/// Whether the text begins with a scheme that this client speaks.
pub(super) fn is_absolute(text: &str) -> bool {
    begins(text, "http://") || begins(text, "https://")
}

/// Resolves `location` against the address whose answer carried it.
pub(super) fn resolve(base: &Url, location: &str) -> Result<Url, UrlError> {
    let location = location.trim_ascii();
    let location = location.split('#').next().unwrap_or(location);
    if is_absolute(location) {
        return Url::parse(location);
    }
    if has_scheme(location) {
        return Err(UrlError::Scheme);
    }
    if let Some(rest) = location.strip_prefix("//") {
        let scheme = if base.origin.is_https() {
            "https"
        } else {
            "http"
        };
        return Url::parse(&format!("{scheme}://{rest}"));
    }
    let url = Url::new(base.origin.clone(), merge(base, location));
    url.uri().map(|_| url)
}

fn merge(base: &Url, location: &str) -> String {
    match location.as_bytes().first() {
        None => base.path.clone(),
        Some(b'/') => location.to_owned(),
        Some(b'?') => format!("{}{location}", base.path()),
        Some(_) => {
            let folder = base
                .path()
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder);
            let (path, query) = match location.split_once('?') {
                Some((path, query)) => (path, format!("?{query}")),
                None => (location, String::new()),
            };
            without_dots(&format!("{folder}/{path}")) + &query
        }
    }
}

/// The path with `.` and `..` carried out.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_folder = false;
    for segment in path.split('/').skip(1) {
        ends_in_folder = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    if ends_in_folder {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

fn has_scheme(text: &str) -> bool {
    let end = text.find(['/', '?', ':']);
    end.is_some_and(|end| end > 0 && text[end..].starts_with(':'))
}

fn begins(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(location: &str, expected: Result<&str, UrlError>) {
        let base = Url::parse("https://example.com/v2/app/blobs/uploads/?old=1").unwrap();
        let resolved = resolve(&base, location).map(|url| url.uri().unwrap().to_string());
        assert_eq!(resolved.as_deref().map_err(|error| *error), expected);
    }

    #[test]
    fn an_absolute_location_stands_for_itself() {
        check("http://other.test/x?y=1", Ok("http://other.test/x?y=1"));
        check("//other.test:444/x", Ok("https://other.test:444/x"));
    }

    #[test]
    fn a_relative_location_is_read_from_the_address() {
        check("/v2/x?y=1#z", Ok("https://example.com/v2/x?y=1"));
        check(
            "id?y=1",
            Ok("https://example.com/v2/app/blobs/uploads/id?y=1"),
        );
        check("../x", Ok("https://example.com/v2/app/blobs/x"));
        check("./", Ok("https://example.com/v2/app/blobs/uploads/"));
        check("..", Ok("https://example.com/v2/app/blobs/"));
        check("../../../../../x", Ok("https://example.com/x"));
        check("?y=1", Ok("https://example.com/v2/app/blobs/uploads/?y=1"));
        check("", Ok("https://example.com/v2/app/blobs/uploads/?old=1"));
    }

    #[test]
    fn a_location_of_another_scheme_or_with_a_user_is_refused() {
        check("file:///etc/passwd", Err(UrlError::Scheme));
        check("javascript:alert(1)", Err(UrlError::Scheme));
        check("//example.com@evil.test/", Err(UrlError::User));
        check("/v2/\u{7f}", Err(UrlError::Malformed));
    }

    proptest::proptest! {
        #[test]
        fn any_location_is_refused_or_an_address_of_a_known_origin(
            location in ".*|[a-z:/?#.@]*|(https?:)?//[a-z:@/.]*"
        ) {
            let base = Url::parse("https://example.com/v2/").unwrap();
            if let Ok(url) = resolve(&base, &location) {
                let uri = url.uri().unwrap();
                let again = Url::parse(&uri.to_string()).unwrap();
                proptest::prop_assert_eq!(again.origin(), url.origin());
                let own = url.origin() == base.origin();
                proptest::prop_assert!(own || location.contains("//"), "{}", location);
            }
        }
    }
}
