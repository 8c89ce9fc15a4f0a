//! Two manifests by turns under one tag, for each connection its own.

use std::rc::Rc;

use async_trait::async_trait;

use super::{ALL_CONNECTIONS, Entry, Scenario, Unit};
use crate::connection::Connection;
use crate::expect;
use crate::failure::Result;
use crate::fixture::{APP, Fixture};
use crate::worker::Worker;

pub(super) const MOVE_TAG: Entry = Entry {
    name: "move-tag",
    title: "move a tag",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| {
        Box::pin(async {
            fixture.app().await?;
            Ok(Box::new(MoveTag { fixture }) as Box<dyn Scenario>)
        })
    },
};

struct MoveTag {
    fixture: Rc<Fixture>,
}

#[async_trait(?Send)]
impl Scenario for MoveTag {
    async fn step(&self, worker: &mut Worker) -> Result<Option<u64>> {
        let manifest = match worker.made % 2 {
            0 => &self.fixture.other_manifest,
            _ => &self.fixture.manifest,
        };
        let tag = format!("moved-{}", worker.number);
        let connection = &mut worker.connection;
        connection.put_manifest(APP, &tag, manifest).await?;
        Ok(Some(manifest.len() as u64))
    }

    async fn probe(&self, connection: &mut Connection) -> Result<()> {
        let Fixture {
            target,
            manifest,
            other_manifest,
            ..
        } = &*self.fixture;
        let request = target.request("GET", &format!("/v2/{APP}/manifests/moved-0"));
        let body = connection.read_whole(&request, 200).await?;
        expect::one_of(&body, [manifest, other_manifest])
    }
}
