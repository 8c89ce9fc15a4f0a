//! Listings of repository names by what may be seen of them.
//!
//! What may be seen is a union of ranges and of what is public. A page walks along the ranges in their
//! order with the same few statements, whose bounds are parameters, and stops when it is full: no
//! SQL is put together. Names of one component stand elsewhere among the canonical names than their
//! text does, so each index has them in a part of their own. A statement with a term per range was the
//! alternative; it would be another statement for every caller, and SQLite sorts what it unites.

use registry_core::{Digest, RepositoryName, VisibleSet};

use super::{
    error::Failure,
    value::{Text, limit},
    view::View,
};
use crate::prefixes::Prefixes;

/// Behind every name that begins with a prefix, put after it: no name has this character or a greater.
const END: &str = "\u{7f}";

/// Put after a text: the first text behind it.
const NEXT: char = '\0';

/// Names that are listed.
#[derive(Clone, Copy)]
pub(super) enum Names<'a> {
    /// Of all repositories.
    All,
    /// Of those that link a content.
    Holding(&'a Digest),
}

/// Part of a listing.
struct Range<'a> {
    bare: bool,
    from: &'a str,
    to: &'a str,
    limit: usize,
}

impl View<'_> {
    /// A page of some names: all of them, or those in a set.
    pub(super) fn page(
        &self,
        names: Names<'_>,
        visible: Option<&VisibleSet>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<RepositoryName>, Failure> {
        let from = after.map_or_else(String::new, |text| format!("{text}{NEXT}"));
        let mut page = match visible {
            None => self.under(names, &Prefixes::all(), &from, limit)?,
            Some(set) => self.under(names, &Prefixes::of_set(set), &from, limit)?,
        };
        if visible.is_some_and(|set| set.public) {
            page.extend(self.public(names, &from, limit)?);
        }
        page.sort_unstable();
        page.dedup();
        page.truncate(limit);
        Ok(page)
    }

    /// Names under some prefixes: at least the first `limit` of them, in no order.
    fn under(
        &self,
        names: Names<'_>,
        prefixes: &Prefixes,
        from: &str,
        limit: usize,
    ) -> Result<Vec<RepositoryName>, Failure> {
        let mut found = Vec::new();
        for (bare, prefixes) in [(false, &prefixes.nested), (true, &prefixes.bare)] {
            let most = limit.saturating_add(found.len());
            for prefix in prefixes {
                let to = format!("{prefix}{END}");
                let range = Range {
                    bare,
                    from: from.max(prefix),
                    to: &to,
                    limit: most - found.len(),
                };
                if range.limit > 0 && range.from < range.to {
                    found.extend(self.range(names, &range)?);
                }
            }
        }
        Ok(found)
    }

    fn range(&self, names: Names<'_>, range: &Range<'_>) -> Result<Vec<RepositoryName>, Failure> {
        let Range { bare, from, to, .. } = *range;
        let most = limit(range.limit);
        match names {
            Names::All => self.all(ALL, (bare, from, to, most), |row| {
                Ok(row.get::<_, Text<_>>(0)?.0)
            }),
            Names::Holding(digest) => {
                let params = (bare, from, to, most, digest.as_str());
                self.all(HOLDING, params, |row| Ok(row.get::<_, Text<_>>(0)?.0))
            }
        }
    }

    /// Names that everybody may see.
    fn public(
        &self,
        names: Names<'_>,
        from: &str,
        limit: usize,
    ) -> Result<Vec<RepositoryName>, Failure> {
        let mut found = Vec::new();
        for bare in [false, true] {
            match names {
                Names::All => found.extend(self.public_range(bare, from, limit)?),
                Names::Holding(digest) => {
                    found.extend(self.public_holders(digest, bare, from, limit)?);
                }
            }
        }
        Ok(found)
    }

    fn public_range(
        &self,
        bare: bool,
        from: &str,
        most: usize,
    ) -> Result<Vec<RepositoryName>, Failure> {
        self.all(PUBLIC, (bare, from, limit(most)), |row| {
            Ok(row.get::<_, Text<_>>(0)?.0)
        })
    }

    /// Holders that are public. Each of the two listings leaps to where the other stands, so that few
    /// names in either make few steps.
    fn public_holders(
        &self,
        digest: &Digest,
        bare: bool,
        from: &str,
        most: usize,
    ) -> Result<Vec<RepositoryName>, Failure> {
        let mut found = Vec::new();
        let mut from = from.to_owned();
        while found.len() < most {
            let range = Range {
                bare,
                from: &from,
                to: END,
                limit: 1,
            };
            let Some(holder) = self.range(Names::Holding(digest), &range)?.pop() else {
                break;
            };
            let Some(public) = self.public_range(bare, holder.as_str(), 1)?.pop() else {
                break;
            };
            from = public.as_str().to_owned();
            if holder == public {
                from.push(NEXT);
                found.push(holder);
            }
        }
        Ok(found)
    }
}

pub(super) const ALL: &str = "SELECT name FROM repositories
    WHERE bare = ?1 AND name >= ?2 AND name < ?3 ORDER BY name LIMIT ?4";

pub(super) const HOLDING: &str = "SELECT holder FROM links
    WHERE digest = ?5 AND bare = ?1 AND holder >= ?2 AND holder < ?3 ORDER BY holder LIMIT ?4";

pub(super) const PUBLIC: &str = "SELECT name FROM repositories
    WHERE public = 1 AND bare = ?1 AND name >= ?2 ORDER BY name LIMIT ?3";
