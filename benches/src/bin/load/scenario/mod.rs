//! What is measured: a file for each scenario, or for a few that are alike.
//!
//! A file holds what the scenario needs, what it does, how a smoke run checks it, and an `Entry` that
//! names it; `ALL` lists the entries in the order of the tables. One enum with a match for each of these
//! questions was the alternative: to add a scenario was then to edit five files.

mod blob;
mod catalog_page;
mod cold;
mod delete;
mod image;
mod known_image;
mod manifest;
mod mixed;
mod mount;
mod move_tag;
mod ping;
mod pull_large;
mod push_image;
mod push_large;
mod ranges;
mod referrers;
mod same;
mod tag_page;

use std::rc::Rc;

use async_trait::async_trait;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::failure::{Failure, Result};
use crate::fixture::Fixture;
use crate::worker::Worker;

/// All of them, in the order of the tables.
pub(crate) static ALL: [Entry; 23] = [
    ping::PING,
    manifest::BY_TAG,
    manifest::HEAD,
    manifest::BY_DIGEST,
    blob::HEAD,
    blob::SMALL,
    tag_page::TAG_PAGE,
    catalog_page::CATALOG_PAGE,
    referrers::REFERRERS,
    move_tag::MOVE_TAG,
    mount::MOUNT,
    delete::DELETE,
    push_image::SMALL,
    push_image::LARGE,
    known_image::PUSH_KNOWN,
    mixed::MIXED,
    pull_large::PULL_LARGE,
    ranges::PULL_RANGES,
    cold::PULL_COLD,
    push_large::PUSH_LARGE,
    push_large::PUSH_CHUNKED,
    push_large::PUSH_RESUMED,
    push_large::PUSH_SHA512,
];

/// What is measured of every server, as the limit of hyper is.
pub(crate) static LIMIT: &Entry = &ALL[0];

/// A scenario by name.
pub(crate) struct Entry {
    /// On the command line.
    pub(crate) name: &'static str,
    /// In tables.
    pub(crate) title: &'static str,
    pub(crate) unit: Unit,
    /// The most connections it uses.
    pub(crate) connections: usize,
    /// Pushes what it needs to the server of the fixture.
    pub(crate) prepare: Prepare,
}

type Prepare = fn(Rc<Fixture>) -> LocalBoxFuture<'static, Result<Box<dyn Scenario>>>;

/// What a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    /// Microseconds of CPU for each time it was carried out.
    Operation,
    /// Milliseconds of CPU for each 10⁹ bytes.
    Gigabyte,
}

/// Connections of a scenario that uses all there are.
const ALL_CONNECTIONS: usize = usize::MAX;
/// Connections of one that fills them.
const FEW_CONNECTIONS: usize = 4;

/// Something to do again and again.
#[async_trait(?Send)]
pub(crate) trait Scenario {
    /// Makes sure, before a round and uncounted, that there is something to do.
    async fn restock(&self) -> Result<()> {
        Ok(())
    }

    /// Does it once: how many bytes of content were transferred, or nothing if nothing is left to do.
    async fn step(&self, worker: &mut Worker) -> Result<Option<u64>>;

    /// Looks at an answer, or at what was left behind, when it was done a few times.
    async fn probe(&self, connection: &mut Connection) -> Result<()>;
}

impl Entry {
    pub(crate) fn named(name: &str) -> Result<&'static Self, String> {
        let found = ALL.iter().find(|entry| entry.name == name);
        found.ok_or_else(|| {
            let names: Vec<_> = ALL.iter().map(|entry| entry.name).collect();
            format!("it is one of {}", names.join(", "))
        })
    }

    pub(crate) async fn prepare(&self, fixture: &Rc<Fixture>) -> Result<Box<dyn Scenario>> {
        let prepared = (self.prepare)(Rc::clone(fixture)).await;
        prepared.map_err(|failure: Failure| failure.during("before it"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_titles_are_of_one_scenario_each() {
        for (at, entry) in ALL.iter().enumerate() {
            let same = |other: &Entry| other.name == entry.name || other.title == entry.title;
            assert_eq!(ALL.iter().position(same), Some(at), "{}", entry.name);
        }
        assert!(Entry::named("ping").is_ok());
        assert!(Entry::named("pong").is_err());
    }
}
