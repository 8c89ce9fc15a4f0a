//! Where a `Location` leads, by the rules of RFC 3986 for references.

/// A `Location`, seen from the request that it answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// `host:port`, where it names one.
    pub(crate) authority: Option<String>,
    /// Path and query, as they are sent.
    pub(crate) path: String,
}

impl Location {
    /// `None` for what is not reached over HTTP without TLS.
    pub(crate) fn resolve(asked: &str, location: &str) -> Option<Self> {
        let rest = match location.split_once("://") {
            Some(("http", rest)) => Some(rest),
            Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                return None;
            }
            _ => location.strip_prefix("//"),
        };
        let Some(rest) = rest else {
            let path = relative(asked, location);
            let authority = None;
            return Some(Self { authority, path });
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let slash = if path.starts_with('/') { "" } else { "/" };
        Some(Self {
            authority: Some(authority.to_owned()),
            path: format!("{slash}{path}"),
        })
    }
}

fn relative(asked: &str, location: &str) -> String {
    let asked = asked.split('?').next().unwrap_or_default();
    match location.as_bytes().first() {
        Some(b'/') => location.to_owned(),
        Some(b'?') | None => format!("{asked}{location}"),
        Some(_) => {
            let folder = asked.rsplit_once('/').map_or("", |(folder, _)| folder);
            without_dots(&format!("{folder}/{location}"))
        }
    }
}

/// Without `.` and `..`, which a server may refuse.
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut parts = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}{query}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_followed_in_each_of_its_forms() {
        let asked = "/v2/a/blobs/uploads/?mount=x";
        let check = |location, authority: Option<&str>, path: &str| {
            let authority = authority.map(str::to_owned);
            let path = path.to_owned();
            let expected = Some(Location { authority, path });
            assert_eq!(Location::resolve(asked, location), expected, "{location}");
        };
        check("/x?y=/z&a", None, "/x?y=/z&a");
        check("http://h:1/x?y", Some("h:1"), "/x?y");
        check("http://h:1?y", Some("h:1"), "/?y");
        check("//h/x", Some("h"), "/x");
        check("17", None, "/v2/a/blobs/uploads/17");
        check("../17?s=../a", None, "/v2/a/blobs/17?s=../a");
        check("?s=1", None, "/v2/a/blobs/uploads/?s=1");
        check("/x?to=http://h/", None, "/x?to=http://h/");
        assert_eq!(Location::resolve(asked, "https://h/x"), None);
    }
}
