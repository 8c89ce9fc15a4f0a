//! Sets of repository names that are listed by what may be seen of them.
//!
//! What a caller may see is a union of prefixes of *canonical* names and of the public ones, while
//! names are listed in the order of their *own* text. The two differ only for names of one component,
//! which live in `library` and stand anywhere between the others; so these are kept in a set of their
//! own, where the part of a prefix behind `library/` is a prefix again. A set in canonical order was
//! the alternative; it would have to be sorted for every page.
//!
//! Prefixes of which none begins with another are disjoint ranges in the order of their text. A page
//! is therefore a walk along a few ranges, and never looks at what lies between.

use std::{
    cmp::Ordering,
    collections::BTreeSet,
    iter,
    ops::Bound::{self, Excluded, Included, Unbounded},
};

use registry_core::RepositoryName;

use super::key::{Key, after};
use crate::prefixes::Prefixes;

type NameSet = BTreeSet<Key<RepositoryName>>;

/// A set of repository names.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Those of several components, which are canonical.
    nested: NameSet,
    /// Those of one component.
    bare: NameSet,
}

impl Names {
    pub(super) fn insert(&mut self, name: RepositoryName) {
        self.of_kind(&name).insert(Key(name));
    }

    pub(super) fn remove(&mut self, name: &RepositoryName) {
        self.of_kind(name).remove(name.as_str());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nested.is_empty() && self.bare.is_empty()
    }

    /// All of them in byte order, strictly after a text.
    pub(super) fn all<'a>(
        &'a self,
        text: Option<&'a str>,
    ) -> impl Iterator<Item = &'a RepositoryName> {
        let names = |set: &'a NameSet| set.range::<str, _>(after(text)).map(|key| &key.0);
        merged(names(&self.nested), names(&self.bare))
    }

    /// Those under some prefixes, in byte order, strictly after a text.
    pub(super) fn under<'a>(
        &'a self,
        prefixes: &'a Prefixes,
        text: Option<&'a str>,
    ) -> impl Iterator<Item = &'a RepositoryName> {
        let nested = ranges(&self.nested, &prefixes.nested, text);
        merged(nested, ranges(&self.bare, &prefixes.bare, text))
    }

    /// Those that another set has too, in byte order, strictly after a text.
    ///
    /// Each set leaps to where the other stands, so that few names in either make few steps.
    pub(super) fn common<'a>(
        &'a self,
        other: &'a Self,
        text: Option<&'a str>,
    ) -> impl Iterator<Item = &'a RepositoryName> {
        let (mut from, _) = after(text);
        iter::from_fn(move || {
            loop {
                let here = self.first(from)?;
                let there = other.first(Included(here.as_str()))?;
                if here == there {
                    from = Excluded(here.as_str());
                    return Some(here);
                }
                from = Included(there.as_str());
            }
        })
    }

    fn first(&self, from: Bound<&str>) -> Option<&RepositoryName> {
        let nested = self.nested.range::<str, _>((from, Unbounded)).next();
        let bare = self.bare.range::<str, _>((from, Unbounded)).next();
        nested.into_iter().chain(bare).min().map(|key| &key.0)
    }

    fn of_kind(&mut self, name: &RepositoryName) -> &mut NameSet {
        match name.components().nth(1) {
            Some(_) => &mut self.nested,
            None => &mut self.bare,
        }
    }
}

/// The names of a set under disjoint prefixes.
fn ranges<'a>(
    set: &'a NameSet,
    prefixes: &'a [String],
    text: Option<&'a str>,
) -> impl Iterator<Item = &'a RepositoryName> {
    prefixes.iter().flat_map(move |prefix| {
        let start = match text {
            Some(text) if text >= prefix.as_str() => Excluded(text),
            _ => Included(prefix.as_str()),
        };
        let names = set.range::<str, _>((start, Unbounded)).map(|key| &key.0);
        names.take_while(move |name| name.as_str().starts_with(prefix.as_str()))
    })
}

/// Two sequences in byte order as one, without what is in both.
pub(super) fn merged<'a>(
    left: impl Iterator<Item = &'a RepositoryName>,
    right: impl Iterator<Item = &'a RepositoryName>,
) -> impl Iterator<Item = &'a RepositoryName> {
    let (mut left, mut right) = (left.peekable(), right.peekable());
    iter::from_fn(move || {
        let order = match (left.peek(), right.peek()) {
            (Some(left), Some(right)) => left.cmp(right),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        match order {
            Ordering::Less => left.next(),
            Ordering::Greater => right.next(),
            Ordering::Equal => left.next().and(right.next()),
        }
    })
}

#[cfg(test)]
mod tests {
    use registry_core::VisibleSet;

    use super::*;

    const NAMES: [&str; 9] = [
        "a",
        "a/b",
        "alpine",
        "lib/a",
        "library/a",
        "library/b",
        "team/app",
        "team/x/y",
        "teams/z",
    ];

    fn names(texts: &[&str]) -> Names {
        let mut names = Names::default();
        for text in texts {
            names.insert(RepositoryName::parse(text).unwrap());
        }
        names
    }

    fn set(namespaces: &[&str], prefixes: &[&str]) -> VisibleSet {
        VisibleSet {
            public: false,
            namespaces: namespaces
                .iter()
                .map(|text| text.parse().unwrap())
                .collect(),
            prefixes: prefixes.iter().map(ToString::to_string).collect(),
        }
    }

    fn may_see(set: &VisibleSet, name: &str) -> bool {
        let name = RepositoryName::parse(name).unwrap();
        let canonical = name.canonical();
        set.namespaces.contains(&name.namespace())
            || set
                .prefixes
                .iter()
                .any(|prefix| canonical.as_str().starts_with(prefix))
    }

    /// Compares every page with what a look at each single name says.
    fn check(namespaces: &[&str], prefixes: &[&str]) {
        let (all, set) = (names(&NAMES), set(namespaces, prefixes));
        let ranges = Prefixes::of_set(&set);
        for after in [
            None,
            Some(""),
            Some("a"),
            Some("a0"),
            Some("library/a"),
            Some("team/b"),
            Some("~"),
        ] {
            let listed: Vec<_> = all
                .under(&ranges, after)
                .map(RepositoryName::as_str)
                .collect();
            let wanted = NAMES.iter().copied().filter(|name| may_see(&set, name));
            let wanted: Vec<_> = wanted.filter(|name| Some(*name) > after).collect();
            assert_eq!(listed, wanted, "{set:?} after {after:?}");
        }
    }

    #[test]
    fn nothing_is_seen_of_an_empty_set() {
        check(&[], &[]);
    }

    #[test]
    fn a_namespace_ends_before_one_whose_name_it_begins() {
        check(&["team"], &[]);
        check(&["lib"], &[]);
    }

    #[test]
    fn names_of_one_component_belong_to_library() {
        check(&["library"], &[]);
        check(&["library", "team"], &[]);
        check(&["a"], &[]);
    }

    #[test]
    fn prefixes_are_of_canonical_names() {
        check(&[], &["library/al"]);
        check(&[], &["lib"]);
        check(&[], &["library"]);
        check(&[], &["al"]);
        check(&[], &["a"]);
        check(&[], &[""]);
    }

    #[test]
    fn ranges_that_overlap_list_a_name_once() {
        check(&["team", "library"], &["team/a", "te", "library/a", "t"]);
        check(&["team", "teams"], &["team"]);
    }

    #[test]
    fn all_are_in_byte_order() {
        let names = names(&NAMES);
        let listed: Vec<_> = names.all(None).map(RepositoryName::as_str).collect();
        assert_eq!(listed, NAMES);
        let rest: Vec<_> = names
            .all(Some("library"))
            .map(RepositoryName::as_str)
            .collect();
        assert_eq!(rest, NAMES[4..]);
    }

    #[test]
    fn common_names_are_those_of_both_sets() {
        let (left, right) = (names(&NAMES), names(&["alpine", "b", "library/b", "z"]));
        let common: Vec<_> = left
            .common(&right, None)
            .map(RepositoryName::as_str)
            .collect();
        assert_eq!(common, ["alpine", "library/b"]);
        let rest: Vec<_> = right
            .common(&left, Some("alpine"))
            .map(RepositoryName::as_str)
            .collect();
        assert_eq!(rest, ["library/b"]);
    }

    #[test]
    fn a_name_removed_is_listed_no_more() {
        let mut names = names(&["a", "a/b"]);
        names.remove(&RepositoryName::parse("a").unwrap());
        names.remove(&RepositoryName::parse("a/b").unwrap());
        assert!(names.is_empty());
    }
}
