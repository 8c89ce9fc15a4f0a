//! A large blob, whole, when none of it is in the page cache. One connection: whoever drops the cache
//! drops it for all.

use std::rc::Rc;

use async_trait::async_trait;
use registry_benches::Stopwatch;

use super::{Entry, Scenario, Unit};
use crate::connection::Connection;
use crate::expect;
use crate::failure::Result;
use crate::fixture::{APP, Fixture};
use crate::page_cache::PageCache;
use crate::worker::Worker;

pub(super) const PULL_COLD: Entry = Entry {
    name: "pull-large-cold",
    title: "pull it cold from the disk",
    unit: Unit::Gigabyte,
    connections: 1,
    prepare: |fixture| Box::pin(prepare(fixture)),
};

struct Cold {
    fixture: Rc<Fixture>,
    request: Vec<u8>,
    cache: PageCache,
}

async fn prepare(fixture: Rc<Fixture>) -> Result<Box<dyn Scenario>> {
    let blob = fixture.large().await?;
    let folder = fixture.place.files.as_deref();
    let cache = PageCache::of(folder, blob.size())?;
    let path = format!("/v2/{APP}/blobs/{}", blob.digest());
    let request = fixture.target.request("GET", &path);
    Ok(Box::new(Cold {
        fixture,
        request,
        cache,
    }))
}

#[async_trait(?Send)]
impl Scenario for Cold {
    async fn step(&self, worker: &mut Worker) -> Result<Option<u64>> {
        let watch = Stopwatch::start();
        self.cache.drop_pages()?;
        worker.aside += watch.elapsed();
        let answer = worker.connection.exchange(&self.request, 200).await?;
        Ok(Some(answer.bytes))
    }

    async fn probe(&self, connection: &mut Connection) -> Result<()> {
        let body = connection.read_whole(&self.request, 200).await?;
        expect::has_digest(&body, self.fixture.large().await?.digest())
    }
}
