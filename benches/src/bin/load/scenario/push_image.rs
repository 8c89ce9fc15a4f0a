//! A whole image that is new: HEAD and push of each blob, then the manifest by tag.

use std::rc::Rc;

use async_trait::async_trait;

use super::image::Image;
use super::{ALL_CONNECTIONS, Entry, Scenario, Unit};
use crate::connection::Connection;
use crate::expect;
use crate::failure::Result;
use crate::fixture::Fixture;
use crate::worker::Worker;

pub(super) const SMALL: Entry = Entry {
    name: "push-small-image",
    title: "push an image, 4 x 2 KiB",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture, 4, 2 << 10)),
};

pub(super) const LARGE: Entry = Entry {
    name: "push-image",
    title: "push an image, 8 x 256 KiB",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture, 8, 256 << 10)),
};

struct PushImage {
    fixture: Rc<Fixture>,
    layers: usize,
    size: usize,
}

async fn prepare(fixture: Rc<Fixture>, layers: usize, size: usize) -> Result<Box<dyn Scenario>> {
    Ok(Box::new(PushImage {
        fixture,
        layers,
        size,
    }))
}

impl PushImage {
    /// Each size and each worker have repositories of their own.
    fn repository(&self, worker: usize) -> String {
        format!("bench/images-{}-{worker}", self.size)
    }
}

#[async_trait(?Send)]
impl Scenario for PushImage {
    async fn step(&self, worker: &mut Worker) -> Result<Option<u64>> {
        let contents = &self.fixture.contents;
        let repository = self.repository(worker.number);
        let image = Image::new(contents, self.layers, self.size);
        let connection = &mut worker.connection;
        image.push_blobs(connection, contents, &repository).await?;
        let manifest = image.manifest(contents);
        let tag = format!("v{}", worker.made);
        connection
            .put_manifest(&repository, &tag, &manifest)
            .await?;
        Ok(Some(image.size()))
    }

    async fn probe(&self, connection: &mut Connection) -> Result<()> {
        let path = format!("/v2/{}/manifests/v0", self.repository(0));
        let request = self.fixture.target.request("GET", &path);
        let body = connection.read_whole(&request, 200).await?;
        expect::layers(&body, self.layers, self.size)
    }
}
