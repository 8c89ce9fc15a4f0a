//! A day's mixture, while the registry collects by itself: each connection pulls manifests and blobs,
//! pushes small images, moves tags and deletes what it has pushed, in proportions that are the same in
//! every run, by a seed of its own.

use std::cell::RefCell;
use std::rc::Rc;

use async_trait::async_trait;
use registry_core::Digest;

use super::image::Image;
use super::{ALL_CONNECTIONS, Entry, Scenario, Unit};
use crate::connection::Connection;
use crate::expect;
use crate::failure::Result;
use crate::fixture::{APP, Fixture};
use crate::worker::Worker;

const LAYERS: usize = 4;
const LAYER: usize = 2 << 10;

pub(super) const MIXED: Entry = Entry {
    name: "mixed",
    title: "mixed: 88 % pulls, the rest writes",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture)),
};

/// What is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    PullManifest,
    PullBlob,
    PushImage,
    MoveTag,
    Delete,
}

/// In percent.
const PROPORTIONS: [(Deed, u64); 5] = [
    (Deed::PullManifest, 50),
    (Deed::PullBlob, 38),
    (Deed::PushImage, 4),
    (Deed::MoveTag, 5),
    (Deed::Delete, 3),
];

struct Mixed {
    fixture: Rc<Fixture>,
    manifest: Vec<u8>,
    blob: Vec<u8>,
    lanes: RefCell<Vec<Lane>>,
}

/// What a connection draws from, and paths of the manifests that it has pushed.
#[derive(Clone, Default)]
struct Lane {
    drawn: u64,
    pushed: Vec<String>,
}

async fn prepare(fixture: Rc<Fixture>) -> Result<Box<dyn Scenario>> {
    fixture.app().await?;
    let target = &fixture.target;
    let manifest = target.request("GET", &format!("/v2/{APP}/manifests/v1"));
    let digest = fixture.small.digest();
    let blob = target.request("GET", &format!("/v2/{APP}/blobs/{digest}"));
    Ok(Box::new(Mixed {
        fixture,
        manifest,
        blob,
        lanes: RefCell::default(),
    }))
}

impl Lane {
    fn draw(&mut self, number: usize) -> Deed {
        self.drawn += 1;
        deed(mix(self.drawn ^ ((number as u64) << 40)) % 100)
    }
}

fn deed(mut percent: u64) -> Deed {
    for (deed, part) in PROPORTIONS {
        if percent < part {
            return deed;
        }
        percent -= part;
    }
    Deed::PullManifest
}

/// The finaliser of splitmix64: numbers that follow each other become numbers that do not.
fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl Mixed {
    /// What comes next, with the path of what is to be deleted. Without one, something is pulled.
    fn draw(&self, number: usize) -> (Deed, Option<String>) {
        let mut lanes = self.lanes.borrow_mut();
        let most = lanes.len().max(number + 1);
        lanes.resize(most, Lane::default());
        match lanes[number].draw(number) {
            Deed::Delete => match lanes[number].pushed.pop() {
                None => (Deed::PullManifest, None),
                path => (Deed::Delete, path),
            },
            deed => (deed, None),
        }
    }

    async fn push_image(&self, worker: &mut Worker) -> Result<u64> {
        let contents = &self.fixture.contents;
        let repository = format!("bench/mixed-{}", worker.number);
        let image = Image::new(contents, LAYERS, LAYER);
        let connection = &mut worker.connection;
        image.push_blobs(connection, contents, &repository).await?;
        let manifest = image.manifest(contents);
        let pushed = connection.put_manifest(&repository, "latest", &manifest);
        pushed.await?;
        let digest = Digest::sha256(manifest.as_bytes());
        let path = format!("/v2/{repository}/manifests/{digest}");
        self.lanes.borrow_mut()[worker.number].pushed.push(path);
        Ok(image.size())
    }

    async fn move_tag(&self, worker: &mut Worker) -> Result<u64> {
        let manifest = match worker.made % 2 {
            0 => &self.fixture.other_manifest,
            _ => &self.fixture.manifest,
        };
        let tag = format!("mixed-{}", worker.number);
        let pushed = worker.connection.put_manifest(APP, &tag, manifest);
        pushed.await?;
        Ok(manifest.len() as u64)
    }
}

#[async_trait(?Send)]
impl Scenario for Mixed {
    async fn step(&self, worker: &mut Worker) -> Result<Option<u64>> {
        let (deed, path) = self.draw(worker.number);
        let connection = &mut worker.connection;
        let bytes = match deed {
            Deed::PullManifest => connection.exchange(&self.manifest, 200).await?.bytes,
            Deed::PullBlob => connection.exchange(&self.blob, 200).await?.bytes,
            Deed::PushImage => self.push_image(worker).await?,
            Deed::MoveTag => self.move_tag(worker).await?,
            Deed::Delete => {
                let path = path.unwrap_or_default();
                delete(connection, &self.fixture, &path).await?
            }
        };
        Ok(Some(bytes))
    }

    async fn probe(&self, connection: &mut Connection) -> Result<()> {
        let body = connection.read_whole(&self.blob, 200).await?;
        expect::has_digest(&body, self.fixture.small.digest())?;
        let lanes = self.lanes.borrow().clone();
        for path in lanes.iter().flat_map(|lane| &lane.pushed) {
            let request = self.fixture.target.request("GET", path);
            let body = connection.read_whole(&request, 200).await?;
            expect::layers(&body, LAYERS, LAYER)?;
        }
        Ok(())
    }
}

/// A collection that is eager may have been there before.
async fn delete(connection: &mut Connection, fixture: &Fixture, path: &str) -> Result<u64> {
    let request = fixture.target.request("DELETE", path);
    let answer = connection.answer(&request).await?;
    let complaint = "DELETE of a manifest answered neither 202 nor 404";
    expect::ensure(matches!(answer.status, 202 | 404), complaint)?;
    Ok(answer.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proportions_are_kept_and_the_same_in_every_run() {
        assert_eq!(PROPORTIONS.iter().map(|(_, part)| part).sum::<u64>(), 100);
        let drawn = |number| {
            let mut lane = Lane::default();
            (0..20_000).map(|_| lane.draw(number)).collect::<Vec<_>>()
        };
        let lane = drawn(3);
        assert_eq!(lane, drawn(3));
        assert_ne!(lane, drawn(4));
        for (deed, part) in PROPORTIONS {
            let count = lane.iter().filter(|drawn| **drawn == deed).count() as u64;
            assert!(count.abs_diff(part * 200) < 200, "{deed:?}: {count}");
        }
    }
}
