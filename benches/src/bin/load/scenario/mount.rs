//! Blobs of another repository, each mounted into a repository where it is not, then into the next one.

use std::cell::Cell;
use std::rc::Rc;

use async_trait::async_trait;

use super::{ALL_CONNECTIONS, Entry, Scenario, Unit};
use crate::connection::Connection;
use crate::content::Blob;
use crate::expect;
use crate::failure::Result;
use crate::fixture::Fixture;
use crate::worker::Worker;

const MOUNTS: &str = "bench/mounts";
const MOUNTABLE: usize = 512;

pub(super) const MOUNT: Entry = Entry {
    name: "mount",
    title: "mount",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture)),
};

struct Mount {
    fixture: Rc<Fixture>,
    blobs: Vec<Blob>,
    next: Cell<usize>,
}

async fn prepare(fixture: Rc<Fixture>) -> Result<Box<dyn Scenario>> {
    let contents = &fixture.contents;
    let blobs: Vec<_> = (0..MOUNTABLE).map(|_| contents.blob(64)).collect();
    let push = async |connection: &mut Connection, number: usize| {
        let pushed = connection.push_blob(MOUNTS, contents, &blobs[number]);
        pushed.await
    };
    fixture.at_once(0..MOUNTABLE, push).await?;
    let next = Cell::new(0);
    Ok(Box::new(Mount {
        fixture,
        blobs,
        next,
    }))
}

#[async_trait(?Send)]
impl Scenario for Mount {
    async fn step(&self, worker: &mut Worker) -> Result<Option<u64>> {
        let number = self.next.replace(self.next.get() + 1);
        let digest = self.blobs[number % MOUNTABLE].digest();
        let repository = format!("bench/mounted-{}", number / MOUNTABLE);
        let path = format!("/v2/{repository}/blobs/uploads/?mount={digest}&from={MOUNTS}");
        worker.connection.ask("POST", &path, 201).await?;
        Ok(Some(0))
    }

    async fn probe(&self, connection: &mut Connection) -> Result<()> {
        let digest = self.blobs[0].digest();
        let path = format!("/v2/bench/mounted-0/blobs/{digest}");
        let request = self.fixture.target.request("GET", &path);
        expect::has_digest(&connection.read_whole(&request, 200).await?, digest)
    }
}
