//! Rows that the collector looks at, and its passes over them.
//!
//! Every link, manifest and content has a number that grows in the order of arrival. `condemn` walks
//! along the numbers, so it goes on where it stopped whatever came or went meanwhile; the marked rows
//! stand in a set of their own by pass, so `remove` looks at nothing else. Walking along the maps by
//! key was the alternative; they are hashed, and have no order to go on in.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound::{Excluded, Unbounded},
    time::Duration,
};

use registry_core::{Digest, RepositoryName, Timestamp};

/// A row by its name.
#[derive(Clone, Debug)]
pub(super) enum RowName {
    /// A link of a repository to a content.
    Blob(RepositoryName, Digest),
    /// A manifest of a repository.
    Manifest(RepositoryName, Digest),
    /// A content.
    Content(Digest),
}

/// A row's place among the rows.
#[derive(Debug)]
pub(super) struct Row {
    number: u64,
    /// The pass that condemned it.
    pass: Option<u64>,
}

impl Row {
    pub(super) fn is_condemned(&self) -> bool {
        self.pass.is_some()
    }
}

/// All rows, the marks on them, and the passes that made the marks.
#[derive(Debug, Default)]
pub(super) struct Rows {
    last: u64,
    names: BTreeMap<u64, RowName>,
    /// Pass and number of the condemned rows.
    marks: BTreeSet<(u64, u64)>,
    /// The current pass, and the last row it has looked at.
    pass: u64,
    cursor: u64,
    /// When earlier passes were sealed.
    sealed: BTreeMap<u64, Timestamp>,
}

impl Rows {
    /// How many are condemned.
    pub(super) fn condemned(&self) -> u64 {
        self.marks.len() as u64
    }

    pub(super) fn add(&mut self, name: RowName) -> Row {
        self.last += 1;
        self.names.insert(self.last, name);
        Row {
            number: self.last,
            pass: None,
        }
    }

    pub(super) fn drop(&mut self, mut row: Row) {
        self.revive(&mut row);
        self.names.remove(&row.number);
    }

    /// Clears a row's mark.
    pub(super) fn revive(&mut self, row: &mut Row) {
        if let Some(pass) = row.pass.take() {
            self.marks.remove(&(pass, row.number));
        }
    }

    /// Marks a row with the current pass, unless it has a mark.
    pub(super) fn condemn(&mut self, row: &mut Row) -> bool {
        if row.is_condemned() {
            return false;
        }
        row.pass = Some(self.pass);
        self.marks.insert((self.pass, row.number))
    }

    /// The next rows of this pass, and whether more follow. A pass that has come to the end looks from
    /// the beginning when it is asked again.
    pub(super) fn walk(&mut self, limit: usize) -> (Vec<RowName>, bool) {
        let rest = self.names.range((Excluded(self.cursor), Unbounded));
        let (numbers, rows): (Vec<_>, Vec<_>) = rest
            .take(limit)
            .map(|(number, name)| (*number, name.clone()))
            .unzip();
        let walked = numbers.last().copied().unwrap_or(self.cursor);
        let rest = self.names.range((Excluded(walked), Unbounded));
        let more = rest.take(1).count() > 0;
        self.cursor = if more { walked } else { 0 };
        (rows, more)
    }

    /// Ends the current pass.
    pub(super) fn seal(&mut self, now: Timestamp) {
        self.sealed.insert(self.pass, now);
        self.pass += 1;
        self.cursor = 0;
        let oldest = self.marks.first().map_or(self.pass, |(pass, _)| *pass);
        self.sealed = self.sealed.split_off(&oldest);
    }

    /// Rows marked by passes that were sealed that long ago, at most so many.
    pub(super) fn removable(&self, now: Timestamp, grace: Duration, limit: usize) -> Vec<RowName> {
        let mut ripe = self.sealed.iter().rev();
        let ripe = ripe.find(|(_, sealed)| now.since(**sealed) >= grace);
        let Some((pass, _)) = ripe else {
            return Vec::new();
        };
        let marks = self.marks.range(..=(*pass, u64::MAX)).take(limit);
        marks
            .filter_map(|(_, number)| self.names.get(number).cloned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> (Rows, Vec<Row>) {
        let mut rows = Rows::default();
        let row = |text: usize| RowName::Content(Digest::sha256(text.to_string().as_bytes()));
        let made = (0..count).map(|text| rows.add(row(text))).collect();
        (rows, made)
    }

    #[test]
    fn a_walk_looks_at_every_row_once_and_then_begins_again() {
        let (mut rows, _) = rows(5);
        for _ in 0..2 {
            let steps: Vec<_> = (0..3).map(|_| rows.walk(2)).collect();
            let seen: Vec<_> = steps
                .iter()
                .map(|(names, more)| (names.len(), *more))
                .collect();
            assert_eq!(seen, [(2, true), (2, true), (1, false)]);
        }
    }

    #[test]
    fn a_walk_goes_on_where_a_row_was_dropped() {
        let (mut rows, made) = rows(4);
        assert_eq!(rows.walk(2).0.len(), 2);
        for row in made.into_iter().take(3) {
            rows.drop(row);
        }
        let (names, more) = rows.walk(2);
        assert_eq!((names.len(), more), (1, false));
    }

    #[test]
    fn only_passes_sealed_long_enough_ago_are_removable() {
        let (mut rows, mut made) = rows(2);
        let at = Timestamp::from_millis;
        let grace = Duration::from_millis(10);
        assert!(rows.condemn(&mut made[0]));
        assert!(rows.removable(at(100), grace, 9).is_empty());
        rows.seal(at(100));
        assert!(rows.condemn(&mut made[1]));
        assert!(!rows.condemn(&mut made[0]));
        rows.seal(at(105));
        assert!(rows.removable(at(109), grace, 9).is_empty());
        assert_eq!(rows.removable(at(110), grace, 9).len(), 1);
        assert_eq!(rows.removable(at(115), grace, 9).len(), 2);
        rows.revive(&mut made[0]);
        assert_eq!(rows.removable(at(115), grace, 9).len(), 1);
    }

    #[test]
    fn passes_without_marks_are_forgotten() {
        let (mut rows, _) = rows(1);
        for time in 0..9 {
            rows.seal(Timestamp::from_millis(time));
        }
        assert_eq!(rows.sealed.len(), 0);
    }
}
