//! An image of which only the manifest is new: HEAD of each blob, then the manifest by a new tag.

use std::cell::Cell;
use std::rc::Rc;

use async_trait::async_trait;

use super::image::Image;
use super::{ALL_CONNECTIONS, Entry, Scenario, Unit};
use crate::connection::Connection;
use crate::content::Blob;
use crate::expect;
use crate::failure::Result;
use crate::fixture::Fixture;
use crate::worker::Worker;

const REPOSITORY: &str = "bench/known";
const LAYERS: usize = 8;
const LAYER: usize = 256 << 10;

pub(super) const PUSH_KNOWN: Entry = Entry {
    name: "push-known-image",
    title: "push it, layers there already",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture)),
};

struct KnownImage {
    fixture: Rc<Fixture>,
    image: Image,
    heads: Vec<Vec<u8>>,
    next: Cell<usize>,
}

async fn prepare(fixture: Rc<Fixture>) -> Result<Box<dyn Scenario>> {
    let (contents, target) = (&fixture.contents, &fixture.target);
    let image = Image::new(contents, LAYERS, LAYER);
    let mut connection = fixture.connect().await?;
    let pushed = image.push_blobs(&mut connection, contents, REPOSITORY);
    pushed.await?;
    let path = |blob: &Blob| format!("/v2/{REPOSITORY}/blobs/{}", blob.digest());
    let heads = image
        .blobs()
        .map(|blob| target.request("HEAD", &path(blob)));
    let heads = heads.collect();
    Ok(Box::new(KnownImage {
        fixture,
        image,
        heads,
        next: Cell::new(0),
    }))
}

#[async_trait(?Send)]
impl Scenario for KnownImage {
    async fn step(&self, worker: &mut Worker) -> Result<Option<u64>> {
        for head in &self.heads {
            worker.connection.exchange(head, 200).await?;
        }
        let manifest = self.image.manifest(&self.fixture.contents);
        let tag = format!("v{}", self.next.replace(self.next.get() + 1));
        let pushed = worker.connection.put_manifest(REPOSITORY, &tag, &manifest);
        pushed.await?;
        Ok(Some(manifest.len() as u64))
    }

    async fn probe(&self, connection: &mut Connection) -> Result<()> {
        let path = format!("/v2/{REPOSITORY}/manifests/v0");
        let request = self.fixture.target.request("GET", &path);
        let body = connection.read_whole(&request, 200).await?;
        expect::layers(&body, LAYERS, LAYER)
    }
}
