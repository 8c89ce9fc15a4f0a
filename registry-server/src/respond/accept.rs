//! What a client says it accepts.
//!
//! A manifest is served as it was pushed, always: a rewritten one would have another digest. So
//! `Accept` chooses nothing here; where the stored type is not among what is accepted, the answer
//! warns, because the error that the client is about to show would not name the cause.

use http::{HeaderMap, header::ACCEPT};

/// Whether a request accepts a media type. One that says nothing accepts everything.
pub(crate) fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let mut values = headers.get_all(ACCEPT).iter().peekable();
    values.peek().is_none()
        || values.any(|value| value.to_str().is_ok_and(|value| lists(value, media_type)))
}

/// Whether one `Accept` header lists a media type, by name or by wildcard.
pub(crate) fn lists(value: &str, media_type: &str) -> bool {
    value.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim_ascii);
        let name = parts.next().unwrap_or_default();
        covers(name, media_type) && !parts.any(is_refusal)
    })
}

fn covers(range: &str, media_type: &str) -> bool {
    match range.strip_suffix("/*") {
        Some("*") => true,
        Some(kind) => media_type
            .split_once('/')
            .is_some_and(|(own, _)| own.eq_ignore_ascii_case(kind)),
        None => range.eq_ignore_ascii_case(media_type),
    }
}

/// Whether a parameter is a weight of zero, which means: not this.
fn is_refusal(parameter: &str) -> bool {
    let weight = parameter
        .strip_prefix("q=")
        .or_else(|| parameter.strip_prefix("Q="));
    weight.is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight == 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "application/vnd.oci.image.index.v1+json";

    #[test]
    fn a_type_is_accepted_by_name_or_wildcard() {
        for value in [
            INDEX,
            "*/*",
            "application/*",
            "text/html, application/*;q=0.8",
            "text/plain ,APPLICATION/vnd.oci.image.index.v1+JSON",
            "application/vnd.oci.image.index.v1+json;q=0.001",
        ] {
            assert!(lists(value, INDEX), "{value:?}");
        }
        for value in [
            "",
            "*",
            "text/*",
            "application/json",
            "*/*;q=0",
            "application/*; q=0.000",
            ", ;,",
        ] {
            assert!(!lists(value, INDEX), "{value:?}");
        }
    }

    #[test]
    fn headers_add_up_and_none_accepts_everything() {
        let mut headers = HeaderMap::new();
        assert!(accepts(&headers, INDEX));
        headers.append(ACCEPT, "text/html".parse().unwrap());
        assert!(!accepts(&headers, INDEX));
        headers.append(ACCEPT, INDEX.parse().unwrap());
        assert!(accepts(&headers, INDEX));
    }
}
