//! Pages of a listing.

use super::Result;

/// Asks for a page.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest<'a> {
    /// What the page before ended with: its [`Page::next`], or any text in whose place to go on.
    pub after: Option<&'a str>,
    /// At most so many; the registry's own limit may be less.
    pub limit: usize,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    pub(super) fn empty() -> Self {
        Self {
            items: Vec::new(),
            next: None,
        }
    }

    /// A page of `limit` from a listing that was asked for one more.
    pub(super) fn cut(
        mut items: Vec<T>,
        limit: usize,
        key: impl Fn(&T) -> Result<String>,
    ) -> Result<Self> {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(key).transpose()?;
        Ok(Self { items, next })
    }
}
