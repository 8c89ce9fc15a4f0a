//! The parameters of a request.

use std::borrow::Cow;

use super::encoding::{EncodingError, Part, decode};

/// The query of a request. A parameter is unescaped when it is asked for; unknown ones are ignored,
/// as the specification wants it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// The query of a request target, without its question mark.
    pub(crate) fn new(text: Option<&'a str>) -> Self {
        Self(text.unwrap_or_default())
    }

    /// The first parameter of that name.
    pub(crate) fn first(self, name: &str) -> Result<Option<Cow<'a, str>>, EncodingError> {
        self.all(name).next().transpose()
    }

    /// Every parameter of that name, in order.
    pub(crate) fn all(
        self,
        name: &str,
    ) -> impl Iterator<Item = Result<Cow<'a, str>, EncodingError>> {
        self.0.split('&').filter_map(move |pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| decode(value, Part::Query))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_by_name() {
        let query = Query::new(Some("tag=a&digest=sha256%3Aab&tag=b%2Bc&n"));
        let tags: Vec<_> = query.all("tag").map(Result::unwrap).collect();
        assert_eq!(tags, ["a", "b+c"]);
        assert_eq!(query.first("digest").unwrap().unwrap(), "sha256:ab");
        assert_eq!(query.first("n").unwrap().unwrap(), "");
        assert_eq!(query.first("ta"), Ok(None));
        assert!(Query::new(Some("last=%zz")).first("last").is_err());
        assert_eq!(Query::new(None).first("n"), Ok(None));
    }
}
