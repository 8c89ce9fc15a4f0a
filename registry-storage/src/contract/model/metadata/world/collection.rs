//! The collector.

use std::collections::BTreeSet;

use registry_core::backend::ReferenceTarget;

use super::{Answer, Call, Outcomes, Sealed, Unknown, World};
use crate::contract::model::metadata::{
    action::Write,
    stage::{Index, MANIFESTS},
};

/// How long an answer holds, in hours.
pub(in super::super) const GRACE: u32 = 2;

/// Something that the collector looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Blob(Index, Index),
    Manifest(Index, Index),
    Content(Index),
}

impl World {
    pub(super) fn after_collection(&self, call: &Call) -> Outcomes {
        match call.write {
            Write::Condemn => vec![self.then(Answer::Done, Self::condemn)],
            Write::Seal => vec![self.then(Answer::Done, |world| {
                let at = world.now;
                world.sealed.insert(world.pass, Sealed { at, seen: None });
                world.pass += 1;
            })],
            Write::Remove => self.after_remove(),
            Write::Unknown => self.after_unknown(&call.keys),
            Write::Doom => self.after_doom(&call.keys),
            Write::ForgetDoomed => vec![self.then(Answer::Done, |world| {
                call.keys.iter().for_each(|key| {
                    world.doomed.remove(key);
                });
            })],
            _ => Vec::new(),
        }
    }

    fn rows(&self) -> Vec<(Row, Option<u32>)> {
        let blobs = self.repositories.iter().flat_map(|(at, repository)| {
            let blobs = repository.blobs.iter();
            blobs.map(|(blob, pass)| (Row::Blob(*at, *blob), *pass))
        });
        let manifests = self.repositories.iter().flat_map(|(at, repository)| {
            let manifests = repository.manifests.iter();
            manifests.map(|(index, found)| (Row::Manifest(*at, *index), found.pass))
        });
        let contents = self.contents.iter();
        let contents = contents.map(|(blob, content)| (Row::Content(*blob), content.pass));
        blobs.chain(manifests).chain(contents).collect()
    }

    fn mark(&mut self, row: Row) -> Option<&mut Option<u32>> {
        match row {
            Row::Blob(at, blob) => self.repositories.get_mut(&at)?.blobs.get_mut(&blob),
            Row::Manifest(at, index) => {
                let manifests = &mut self.repositories.get_mut(&at)?.manifests;
                manifests.get_mut(&index).map(|found| &mut found.pass)
            }
            Row::Content(blob) => {
                let content = self.contents.get_mut(&blob);
                content.map(|content| &mut content.pass)
            }
        }
    }

    fn is_dead(&self, row: Row) -> bool {
        match row {
            Row::Blob(at, blob) => self.referring(at, ReferenceTarget::Blob, blob).is_empty(),
            Row::Manifest(at, index) => {
                let subject = MANIFESTS[index].subject;
                let mut tagged = self.repositories[&at].tags.values();
                self.collects(at)
                    && !tagged.any(|to| *to == index)
                    && self
                        .referring(at, ReferenceTarget::Manifest, index)
                        .is_empty()
                    && !subject.is_some_and(|subject| self.has_manifest(at, subject))
            }
            Row::Content(blob) => {
                let mut repositories = self.repositories.values();
                !repositories.any(|repository| repository.blobs.contains_key(&blob))
            }
        }
    }

    fn condemn(&mut self) {
        let pass = self.pass;
        for (row, mark) in self.rows() {
            if mark.is_none() && self.is_dead(row) {
                self.mark(row)
                    .into_iter()
                    .for_each(|mark| *mark = Some(pass));
            }
        }
    }

    /// Rows marked by these passes.
    fn marked_by(&self, passes: &BTreeSet<u32>) -> Vec<Row> {
        let rows = self.rows().into_iter();
        let marked = rows.filter(|(_, mark)| mark.is_some_and(|pass| passes.contains(&pass)));
        marked.map(|(row, _)| row).collect()
    }

    /// Passes whose grace is over, by each way of counting it that is allowed.
    fn ripe_passes(&self) -> Vec<BTreeSet<u32>> {
        let is_over = |since: u32| self.now - since >= GRACE;
        let over = self.sealed.iter().filter(|(_, sealed)| is_over(sealed.at));
        let (surely, perhaps): (Vec<_>, Vec<_>) =
            over.partition(|(_, sealed)| sealed.seen.is_some_and(is_over));
        let perhaps: Vec<_> = perhaps.into_iter().map(|(pass, _)| *pass).collect();
        let with_sure = |also: Vec<u32>| {
            let surely = surely.iter().map(|(pass, _)| **pass);
            surely.chain(also).collect()
        };
        subsets(&perhaps).into_iter().map(with_sure).collect()
    }

    fn after_remove(&self) -> Outcomes {
        let choices = self.ripe_passes().into_iter();
        let worlds = choices.flat_map(|passes| self.after_removal_of(&passes));
        let seen = worlds.map(|mut world| {
            for sealed in world.sealed.values_mut() {
                sealed.seen.get_or_insert(world.now);
            }
            (Answer::Done, world)
        });
        seen.collect()
    }

    /// All that is marked and dead goes, and what dies by that and is marked. What lives loses its mark,
    /// before others go or after that.
    fn after_removal_of(&self, passes: &BTreeSet<u32>) -> Vec<Self> {
        let marked = self.marked_by(passes).into_iter();
        let living: Vec<_> = marked.filter(|row| !self.is_dead(*row)).collect();
        let mut worlds = Vec::new();
        for first in subsets(&living) {
            let mut world = self.clone();
            world.clear(first);
            while let Some(row) = world.dead_of(passes) {
                world.remove(row);
            }
            world.clear(world.marked_by(passes));
            worlds.push(world);
        }
        worlds
    }

    fn clear(&mut self, rows: Vec<Row>) {
        for row in rows {
            self.mark(row).into_iter().for_each(|mark| *mark = None);
        }
    }

    fn dead_of(&self, passes: &BTreeSet<u32>) -> Option<Row> {
        let mut marked = self.marked_by(passes).into_iter();
        marked.find(|row| self.is_dead(*row))
    }

    fn remove(&mut self, row: Row) {
        match row {
            Row::Blob(at, blob) => {
                self.repository(at).blobs.remove(&blob);
            }
            Row::Manifest(at, index) => self.drop_manifest(at, index),
            Row::Content(blob) => {
                let content = self.contents.remove(&blob);
                let given_up = content.filter(|content| !content.quarantined);
                let key = given_up.and_then(|content| content.key);
                key.into_iter().for_each(|key| self.doom_key(&key));
            }
        }
    }

    fn is_named(&self, key: &str) -> bool {
        let mut contents = self.contents.values();
        let serves = contents.any(|content| content.key.as_deref() == Some(key));
        let is_named = serves || self.names_write(key);
        is_named || self.doomed.contains(key) || self.aside.contains(key)
    }

    /// Where a key had been named for a while, its age may have begun anew.
    fn after_unknown(&self, keys: &[String]) -> Outcomes {
        let (named, unnamed): (Vec<_>, Vec<_>) =
            keys.iter().cloned().partition(|key| self.is_named(key));
        let anew = Unknown {
            since: self.now,
            named_since: false,
        };
        vec![self.then(Answer::Keys(unnamed.clone()), |world| {
            named.iter().for_each(|key| {
                world.unknown.remove(key);
            });
            for key in unnamed {
                world.unknown.entry(key).or_insert(anew);
            }
        })]
    }

    fn after_doom(&self, keys: &[String]) -> Outcomes {
        let given: BTreeSet<_> = keys.iter().collect();
        let ripe = self.unknown.iter().filter(|(key, unknown)| {
            given.contains(key) && self.now - unknown.since >= GRACE && !self.is_named(key)
        });
        let (unsure, sure): (Vec<_>, Vec<_>) = ripe.partition(|(_, unknown)| unknown.named_since);
        let unsure: Vec<_> = unsure.into_iter().map(|(key, _)| key.clone()).collect();
        let outcomes = subsets(&unsure).into_iter().map(|also| {
            let also = also.iter();
            let doomed: Vec<_> = sure.iter().map(|(key, _)| *key).chain(also).collect();
            self.then(Answer::Count(doomed.len() as u64), |world| {
                doomed.iter().for_each(|key| world.doom_key(key));
            })
        });
        outcomes.collect()
    }
}

/// Every choice of some of these.
fn subsets<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let mut subsets = vec![Vec::new()];
    for item in items {
        let with = subsets.clone().into_iter().map(|mut subset: Vec<T>| {
            subset.push(item.clone());
            subset
        });
        subsets.extend(with.collect::<Vec<_>>());
    }
    subsets
}
