//! Names as keys that can be asked for by any text.
//!
//! A listing goes on after a text that need not be the name of anything, so the maps that are listed
//! must be searched by `&str`. The domain's types cannot all lend themselves as `str`; this wrapper
//! orders and hashes them by their text alone, and so can.

use std::{
    borrow::Borrow,
    cmp::Ordering,
    hash::{Hash, Hasher},
    ops::Bound,
};

/// A name, equal, ordered and hashed by its text.
#[derive(Clone, Debug)]
pub(super) struct Key<T>(pub(super) T);

impl<T: AsRef<str>> Key<T> {
    fn text(&self) -> &str {
        self.0.as_ref()
    }
}

impl<T: AsRef<str>> Borrow<str> for Key<T> {
    fn borrow(&self) -> &str {
        self.text()
    }
}

impl<T: AsRef<str>> PartialEq for Key<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl<T: AsRef<str>> Eq for Key<T> {}

impl<T: AsRef<str>> PartialOrd for Key<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: AsRef<str>> Ord for Key<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text().cmp(other.text())
    }
}

impl<T: AsRef<str>> Hash for Key<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

/// Everything strictly after a text, or everything.
pub(super) fn after(text: Option<&str>) -> (Bound<&str>, Bound<&str>) {
    let start = text.map_or(Bound::Unbounded, Bound::Excluded);
    (start, Bound::Unbounded)
}
