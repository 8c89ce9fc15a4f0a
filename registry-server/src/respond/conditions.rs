//! Conditions of a request: `If-Match`, `If-None-Match` and `If-Range`.
//!
//! The entity tag of content is its quoted digest. It is a strong one, and the same for a tag and for
//! the manifest it points to. Times are not compared: content that never changes needs none, and a
//! tag that moves twice in a second would be missed.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE},
};
use registry_core::Digest;

/// The conditions that a request sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    if_match: Option<EntityTags>,
    if_none_match: Option<EntityTags>,
}

/// What conditions say about a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send it.
    Proceed,
    /// The client has it.
    NotModified,
    /// It is not what the client expects.
    Failed,
}

/// What a header lists.
#[derive(Clone, Debug, PartialEq, Eq)]
enum EntityTags {
    Any,
    Listed(Vec<EntityTag>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct EntityTag {
    weak: bool,
    text: String,
}

impl Conditions {
    /// The conditions of a request.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            if_match: EntityTags::of(headers, &IF_MATCH),
            if_none_match: EntityTags::of(headers, &IF_NONE_MATCH),
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// Whether the client may have the content already.
    pub(crate) fn may_spare_content(&self) -> bool {
        self.if_none_match.is_some()
    }

    /// Whether all they ask is that there be nothing yet.
    pub(crate) fn only_absent(&self) -> bool {
        self.if_match.is_none() && self.if_none_match == Some(EntityTags::Any)
    }

    /// The digest, if all they ask is that it be the current one.
    pub(crate) fn only_digest(&self) -> Option<Digest> {
        match (&self.if_match, &self.if_none_match) {
            (Some(EntityTags::Listed(tags)), None) => match tags.as_slice() {
                [tag] if !tag.weak => Digest::parse(&tag.text).ok(),
                _ => None,
            },
            _ => None,
        }
    }

    /// Judges a read of content that exists.
    pub(crate) fn judge_read(&self, digest: &Digest) -> Verdict {
        if !self.matches(Some(digest)) {
            return Verdict::Failed;
        }
        match &self.if_none_match {
            Some(tags) if tags.contains(digest, true) => Verdict::NotModified,
            _ => Verdict::Proceed,
        }
    }

    /// Judges a write over what is there now.
    pub(crate) fn allow_write(&self, current: Option<&Digest>) -> bool {
        let excluded = match (&self.if_none_match, current) {
            (Some(tags), Some(digest)) => tags.contains(digest, true),
            _ => false,
        };
        self.matches(current) && !excluded
    }

    fn matches(&self, current: Option<&Digest>) -> bool {
        match (&self.if_match, current) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(tags), Some(digest)) => tags.contains(digest, false),
        }
    }
}

impl EntityTags {
    fn of(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let mut listed = Vec::new();
        let mut present = false;
        for value in headers.get_all(name) {
            present = true;
            match value.to_str().unwrap_or_default().trim_ascii() {
                "*" => return Some(Self::Any),
                text => listed.extend(EntityTag::list(text)),
            }
        }
        present.then_some(Self::Listed(listed))
    }

    fn contains(&self, digest: &Digest, weakly: bool) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags
                .iter()
                .any(|tag| (weakly || !tag.weak) && tag.text == digest.as_str()),
        }
    }
}

impl EntityTag {
    /// Reads a list. A tag without quotes is taken as well: older clients send the bare digest.
    fn list(text: &str) -> Vec<Self> {
        let mut tags = Vec::new();
        let mut rest = text;
        while let Some((tag, after)) = Self::first(rest.trim_start_matches([' ', '\t', ','])) {
            tags.push(tag);
            rest = after;
        }
        tags
    }

    /// The first tag of a list, and what follows it.
    fn first(text: &str) -> Option<(Self, &str)> {
        let (weak, text) = match text.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (text, rest) = match text.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => text.split_at(text.find(',').unwrap_or(text.len())),
        };
        let text = text.trim_ascii().to_owned();
        (!text.is_empty()).then_some((Self { weak, text }, rest))
    }
}

/// The entity tag of content.
pub(crate) fn entity_tag(digest: &Digest) -> HeaderValue {
    let mut quoted = String::with_capacity(digest.as_str().len() + 2);
    quoted.push('"');
    quoted.push_str(digest.as_str());
    quoted.push('"');
    super::text_value(quoted)
}

/// Whether a request sets conditions, also such as are not looked at here.
pub(crate) fn is_conditional(headers: &HeaderMap) -> bool {
    let all = [
        IF_MATCH,
        IF_NONE_MATCH,
        IF_RANGE,
        IF_MODIFIED_SINCE,
        IF_UNMODIFIED_SINCE,
    ];
    all.iter().any(|name| headers.contains_key(name))
}

/// Whether a range of the content may be sent: `If-Range` names this very content, or is absent.
pub(crate) fn allow_range(headers: &HeaderMap, digest: &Digest) -> bool {
    let Some(value) = headers.get(IF_RANGE) else {
        return true;
    };
    let tags = EntityTag::list(value.to_str().unwrap_or_default());
    matches!(tags.as_slice(), [tag] if !tag.weak && tag.text == digest.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(headers: &[(HeaderName, &str)]) -> Conditions {
        Conditions::of(&map(headers))
    }

    fn map(headers: &[(HeaderName, &str)]) -> HeaderMap {
        let parse = |(name, value): &(HeaderName, &str)| (name.clone(), value.parse().unwrap());
        headers.iter().map(parse).collect()
    }

    fn digest() -> Digest {
        Digest::sha256(b"")
    }

    fn tag(prefix: &str, quote: &str) -> String {
        format!("{prefix}{quote}{}{quote}", digest())
    }

    #[track_caller]
    fn check(headers: &[(HeaderName, &str)], expected: Verdict) {
        assert_eq!(conditions(headers).judge_read(&digest()), expected);
    }

    #[test]
    fn none_proceeds() {
        assert!(conditions(&[]).is_empty());
        check(&[], Verdict::Proceed);
    }

    #[test]
    fn if_none_match_compares_weakly() {
        for value in [
            tag("", "\""),
            tag("W/", "\""),
            tag("", ""),
            tag("\"other\", ", "\""),
            tag("\"a,b\" ,,", "\""),
            "*".to_owned(),
        ] {
            check(&[(IF_NONE_MATCH, &value)], Verdict::NotModified);
        }
        for value in ["\"other\"", "", "\"", "W/", "\"unclosed"] {
            check(&[(IF_NONE_MATCH, value)], Verdict::Proceed);
        }
        let two = [(IF_NONE_MATCH, "\"other\""), (IF_NONE_MATCH, "*")];
        check(&two, Verdict::NotModified);
    }

    #[test]
    fn if_match_compares_strongly_and_comes_first() {
        check(&[(IF_MATCH, &tag("", "\""))], Verdict::Proceed);
        check(&[(IF_MATCH, "*")], Verdict::Proceed);
        check(&[(IF_MATCH, &tag("W/", "\""))], Verdict::Failed);
        check(&[(IF_MATCH, "\"other\"")], Verdict::Failed);
        let both = [(IF_MATCH, "\"other\""), (IF_NONE_MATCH, "*")];
        check(&both, Verdict::Failed);
    }

    #[test]
    fn writes_are_judged_by_what_is_there() {
        let absent = conditions(&[(IF_NONE_MATCH, "*")]);
        assert!(absent.only_absent());
        assert!(absent.allow_write(None) && !absent.allow_write(Some(&digest())));
        let exists = conditions(&[(IF_MATCH, "*")]);
        assert!(exists.allow_write(Some(&digest())) && !exists.allow_write(None));
        let is = conditions(&[(IF_MATCH, &tag("", "\""))]);
        assert_eq!(is.only_digest(), Some(digest()));
        assert!(is.allow_write(Some(&digest())) && !is.allow_write(None));
        let other = conditions(&[(IF_NONE_MATCH, &tag("", "\""))]);
        assert!(other.allow_write(None) && !other.allow_write(Some(&digest())));
        assert_eq!(other.only_digest(), None);
    }

    #[test]
    fn if_range_needs_the_exact_content() {
        let allowed = |value: &str| allow_range(&map(&[(IF_RANGE, value)]), &digest());
        assert!(allow_range(&HeaderMap::new(), &digest()));
        assert!(allowed(&tag("", "\"")));
        assert!(!allowed(&tag("W/", "\"")));
        assert!(!allowed("\"other\""));
        assert!(!allowed("Wed, 21 Oct 2015 07:28:00 GMT"));
    }
}
