//! What of a place is moved.

use registry_core::{RepositoryName, Tag};
use serde::{Deserialize, Serialize};

use crate::Glob;

/// Which repositories and tags are taken. Where there are no patterns, all are.
///
/// A manifest without a tag comes with what refers to it; where tags are not filtered, those that
/// nothing refers to come as well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// Patterns of repositories; one that matches is enough.
    pub repositories: Vec<Glob>,
    /// Patterns of tags; one that matches is enough.
    pub tags: Vec<Glob>,
}

impl Selection {
    /// Whether the repository is taken.
    #[must_use]
    pub fn takes_repository(&self, name: &RepositoryName) -> bool {
        any(&self.repositories, name.as_str())
    }

    /// Whether the tag is taken, of a repository that is.
    #[must_use]
    pub fn takes_tag(&self, tag: &Tag) -> bool {
        any(&self.tags, tag.as_str())
    }

    /// The repositories, where patterns without a wildcard name them: they need not be looked for.
    pub(crate) fn named(&self) -> Option<Vec<RepositoryName>> {
        if self.repositories.is_empty() {
            return None;
        }
        let names = self.repositories.iter().map(ToString::to_string);
        let mut names: Vec<_> = names
            .map(RepositoryName::try_from)
            .collect::<Result<_, _>>()
            .ok()?;
        names.sort();
        names.dedup();
        Some(names)
    }

    /// Whether manifests are taken that have no tag and that nothing refers to.
    #[must_use]
    pub fn takes_untagged(&self) -> bool {
        self.tags.is_empty()
    }
}

fn any(globs: &[Glob], name: &str) -> bool {
    globs.is_empty() || globs.iter().any(|glob| glob.matches(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(patterns: &[&str]) -> Vec<Glob> {
        let globs = patterns.iter().map(|pattern| Glob::parse(pattern).unwrap());
        globs.collect()
    }

    #[test]
    fn no_pattern_takes_all() {
        let all = Selection::default();
        assert!(all.takes_repository(&RepositoryName::parse("a/b").unwrap()));
        assert!(all.takes_tag(&Tag::parse("v1").unwrap()) && all.takes_untagged());
    }

    #[test]
    fn one_pattern_of_several_is_enough() {
        let some = Selection {
            repositories: globs(&["team/*", "app"]),
            tags: globs(&["v*"]),
        };
        let takes = |name| some.takes_repository(&RepositoryName::parse(name).unwrap());
        assert!(takes("team/web") && takes("app") && !takes("other/app"));
        assert!(some.takes_tag(&Tag::parse("v1").unwrap()));
        assert!(!some.takes_tag(&Tag::parse("latest").unwrap()) && !some.takes_untagged());
    }

    #[test]
    fn patterns_without_a_wildcard_name_their_repositories() {
        let of = |patterns: &[&str]| Selection {
            repositories: globs(patterns),
            tags: Vec::new(),
        };
        let names = ["a/b", "c"].map(|name| RepositoryName::parse(name).unwrap());
        assert_eq!(of(&["c", "a/b", "c"]).named(), Some(names.to_vec()));
        assert_eq!(of(&["a/b", "c*"]).named(), None);
        assert_eq!(of(&[]).named(), None);
    }

    #[test]
    fn a_misspelt_filter_is_refused() {
        assert!(serde_json::from_str::<Selection>(r#"{"repository": ["a"]}"#).is_err());
    }
}
