//! The `Link` header (RFC 8288), as far as pages need it.

/// The target of the first link of one header value whose relation is `next`.
pub(crate) fn next_link(value: &str) -> Option<&str> {
    let mut rest = value;
    loop {
        let (_, begun) = rest.split_once('<')?;
        let (target, parameters) = begun.split_once('>')?;
        let end = end_of_link(parameters);
        if is_next(&parameters[..end]) {
            return Some(target);
        }
        rest = &parameters[end..];
    }
}

/// Where the parameters of a link end: at the first comma outside quotes.
fn end_of_link(parameters: &str) -> usize {
    unquoted(parameters, b',').unwrap_or(parameters.len())
}

fn is_next(mut parameters: &str) -> bool {
    while let Some(start) = unquoted(parameters, b';') {
        parameters = &parameters[start + 1..];
        let end = unquoted(parameters, b';').unwrap_or(parameters.len());
        if let Some((name, value)) = parameters[..end].split_once('=')
            && name.trim_ascii().eq_ignore_ascii_case("rel")
        {
            // Only the first `rel` of a link counts, and it may hold several relations.
            let relations = value.trim_ascii().trim_matches('"');
            let mut relations = relations.split_ascii_whitespace();
            return relations.any(|relation| relation.eq_ignore_ascii_case("next"));
        }
    }
    false
}

/// The first place of a byte that does not stand in a quoted string.
fn unquoted(text: &str, wanted: u8) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    text.bytes().position(|byte| {
        let found = byte == wanted && !quoted;
        quoted ^= byte == b'"' && !escaped;
        escaped = quoted && byte == b'\\' && !escaped;
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_in_every_form() {
        for value in [
            r#"</v2/x?last=a>; rel="next""#,
            "</v2/x?last=a>;rel=next",
            r#"</v2/x?last=a> ; title="a, b; rel=prev" ; REL="prev next""#,
            r#"</first>; rel="first", </v2/x?last=a>; rel="next""#,
            r#"</t>; title="\", <evil>; rel=next", </v2/x?last=a>; rel=next"#,
        ] {
            assert_eq!(next_link(value), Some("/v2/x?last=a"), "{value}");
        }
    }

    #[test]
    fn no_other_link_is_taken_for_it() {
        for value in [
            "",
            "</x>",
            "</x>; rel=prev",
            "</x>; rel=prev; rel=next",
            r#"</x>; title="rel=next""#,
            "</x; rel=next",
        ] {
            assert_eq!(next_link(value), None, "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".*|[a-z<>;,=\"\\\\ ]*") {
            next_link(&text);
        }
    }
}
