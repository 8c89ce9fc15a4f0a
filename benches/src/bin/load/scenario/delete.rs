//! Manifests by digest, pushed before each round and uncounted.

use std::cell::RefCell;
use std::rc::Rc;

use async_trait::async_trait;
use registry_core::Digest;

use super::{ALL_CONNECTIONS, Entry, Scenario, Unit};
use crate::connection::Connection;
use crate::failure::Result;
use crate::fixture::Fixture;
use crate::worker::Worker;

const REPOSITORY: &str = "bench/deleted";

pub(super) const DELETE: Entry = Entry {
    name: "delete",
    title: "delete a manifest",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture)),
};

struct Delete {
    fixture: Rc<Fixture>,
    /// Paths of manifests that are there.
    there: RefCell<Vec<String>>,
    /// One that is no longer there.
    gone: RefCell<String>,
}

async fn prepare(fixture: Rc<Fixture>) -> Result<Box<dyn Scenario>> {
    let mut connection = fixture.connect().await?;
    let pushed = connection.push_blob(REPOSITORY, &fixture.contents, &fixture.config);
    pushed.await?;
    let delete = Delete {
        fixture,
        there: RefCell::default(),
        gone: RefCell::default(),
    };
    // Before thousands are pushed to a server that refuses to delete them.
    let path = delete.push(&mut connection).await?;
    connection.ask("DELETE", &path, 202).await?;
    Ok(Box::new(delete))
}

impl Delete {
    async fn push(&self, connection: &mut Connection) -> Result<String> {
        let Fixture {
            contents, config, ..
        } = &*self.fixture;
        let manifest = contents.manifest(config, &[], None);
        let digest = Digest::sha256(manifest.as_bytes());
        let pushed = connection.put_manifest(REPOSITORY, digest.as_str(), &manifest);
        pushed.await?;
        Ok(format!("/v2/{REPOSITORY}/manifests/{digest}"))
    }
}

#[async_trait(?Send)]
impl Scenario for Delete {
    async fn restock(&self) -> Result<()> {
        let there = self.there.borrow().len();
        let push = async |connection: &mut Connection, _| {
            let path = self.push(connection).await?;
            self.there.borrow_mut().push(path);
            Ok(())
        };
        let missing = there..self.fixture.scale.deletes.max(there);
        self.fixture.at_once(missing, push).await
    }

    async fn step(&self, worker: &mut Worker) -> Result<Option<u64>> {
        let path = self.there.borrow_mut().pop();
        let Some(path) = path else {
            return Ok(None);
        };
        worker.connection.ask("DELETE", &path, 202).await?;
        *self.gone.borrow_mut() = path;
        Ok(Some(0))
    }

    async fn probe(&self, connection: &mut Connection) -> Result<()> {
        let path = self.gone.borrow().clone();
        connection.ask("GET", &path, 404).await.map(drop)
    }
}
