//! `WWW-Authenticate`, read by the grammar of RFC 9110, section 11.
//!
//! One header may hold several challenges, a challenge several parameters, and both are separated by
//! commas; values are tokens or quoted strings. Splitting at commas, or at the first space, is what
//! goes wrong in practice: scopes contain commas, and proxies add a second challenge.

/// One way to sign in that a registry offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// All challenges of one header value. What is malformed ends the list, and keeps what came before.
    pub(crate) fn parse(value: &str) -> Vec<Self> {
        let mut challenges = Vec::new();
        let mut rest = Scanner(value);
        while let Some(item) = rest.item() {
            match item {
                Item::Scheme(scheme) => challenges.push(Self {
                    scheme: scheme.to_ascii_lowercase(),
                    parameters: Vec::new(),
                }),
                Item::Parameter(name, value) => match challenges.last_mut() {
                    Some(challenge) => challenge.parameters.push((name, value)),
                    None => break,
                },
            }
        }
        challenges
    }

    /// Whether it is of that scheme, given in lower case.
    pub(crate) fn is(&self, scheme: &str) -> bool {
        self.scheme == scheme
    }

    /// The first parameter of that name, given in lower case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

enum Item<'a> {
    Scheme(&'a str),
    Parameter(String, String),
}

struct Scanner<'a>(&'a str);

impl<'a> Scanner<'a> {
    fn item(&mut self) -> Option<Item<'a>> {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b','));
        let name = self.take(is_token)?;
        let before = self.0;
        self.skip(is_space);
        if let Some(value) = self.0.strip_prefix('=') {
            self.0 = value;
            return Some(Item::Parameter(name.to_ascii_lowercase(), self.value()?));
        }
        if before.len() != self.0.len() {
            self.skip_token68();
        }
        Some(Item::Scheme(name))
    }

    fn value(&mut self) -> Option<String> {
        self.skip(is_space);
        match self.0.strip_prefix('"') {
            Some(quoted) => self.quoted(quoted),
            None => self.take(is_token).map(str::to_owned),
        }
    }

    fn quoted(&mut self, quoted: &'a str) -> Option<String> {
        let mut value = String::new();
        let mut characters = quoted.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.0 = &quoted[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(characters.next()?.1),
                other => value.push(other),
            }
        }
        None
    }

    /// Skips credentials like those of `Negotiate`: one word that may end in `=`, alone up to a comma.
    fn skip_token68(&mut self) {
        let mut ahead = Scanner(self.0);
        ahead.skip(is_token68);
        ahead.skip(|byte| byte == b'=');
        ahead.skip(is_space);
        if ahead.0.is_empty() || ahead.0.starts_with(',') {
            self.0 = ahead.0;
        }
    }

    fn take(&mut self, wanted: fn(u8) -> bool) -> Option<&'a str> {
        let whole = self.0;
        self.skip(wanted);
        let taken = &whole[..whole.len() - self.0.len()];
        (!taken.is_empty()).then_some(taken)
    }

    fn skip(&mut self, unwanted: impl Fn(u8) -> bool) {
        let end = self.0.bytes().position(|byte| !unwanted(byte));
        self.0 = &self.0[end.unwrap_or(self.0.len())..];
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: &[(&str, &[(&str, &str)])]) {
        let expected: Vec<_> = expected.iter().map(challenge).collect();
        assert_eq!(Challenge::parse(value), expected, "{value}");
    }

    fn challenge((scheme, parameters): &(&str, &[(&str, &str)])) -> Challenge {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Challenge {
            scheme: (*scheme).to_owned(),
            parameters: parameters.iter().map(owned).collect(),
        }
    }

    #[test]
    fn a_bearer_challenge_keeps_the_commas_of_its_scope() {
        check(
            r#"Bearer realm="https://a.test/token",service="a.test",scope="repository:x:pull,push""#,
            &[(
                "bearer",
                &[
                    ("realm", "https://a.test/token"),
                    ("service", "a.test"),
                    ("scope", "repository:x:pull,push"),
                ],
            )],
        );
    }

    #[test]
    fn several_challenges_stand_in_one_header() {
        check(
            r#"Negotiate, Basic realm=r , charset="UTF-8", BEARER Realm = "x"; y"#,
            &[
                ("negotiate", &[]),
                ("basic", &[("realm", "r"), ("charset", "UTF-8")]),
                ("bearer", &[("realm", "x")]),
            ],
        );
        check(
            "Negotiate YWJj==, Basic realm=r",
            &[("negotiate", &[]), ("basic", &[("realm", "r")])],
        );
        check("NTLM YWJj", &[("ntlm", &[])]);
    }

    #[test]
    fn a_quoted_string_is_unescaped() {
        check(
            r#"Basic realm="a \"b\" \\ , Bearer c""#,
            &[("basic", &[("realm", r#"a "b" \ , Bearer c"#)])],
        );
        check(r#"Basic realm="""#, &[("basic", &[("realm", "")])]);
    }

    #[test]
    fn what_is_malformed_ends_the_list() {
        check("", &[]);
        check("realm=x", &[]);
        check(r#"Basic realm="open"#, &[("basic", &[])]);
        check("Basic realm=", &[("basic", &[])]);
        check("Basic \u{e9}", &[("basic", &[])]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".*|[A-Za-z =,\"\\\\]*") {
            Challenge::parse(&text);
        }

        #[test]
        fn any_value_is_found_again(value in ".*") {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            let header = format!("Basic a=b,Bearer realm=\"{escaped}\",service=x");
            let challenges = Challenge::parse(&header);
            proptest::prop_assert_eq!(challenges[1].parameter("realm"), Some(&*value));
            proptest::prop_assert_eq!(challenges[1].parameter("service"), Some("x"));
        }
    }
}
