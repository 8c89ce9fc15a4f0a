//! A large blob, in each way that clients push one.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use registry_core::Digest;

use super::{Entry, FEW_CONNECTIONS, Scenario, Unit};
use crate::connection::Connection;
use crate::content::{Blob, Contents};
use crate::expect;
use crate::failure::{Failure, Kind, Result};
use crate::fixture::Fixture;
use crate::worker::Worker;

const LARGE: &str = "bench/large";
const CHUNK: usize = 8 << 20;
/// How often a server is asked what it has of an upload, while it still finds that the connection ended.
const QUESTIONS: usize = 1000;
const PAUSE: Duration = Duration::from_millis(2);

pub(super) const PUSH_LARGE: Entry = Entry {
    name: "push-large",
    title: "push a large blob",
    unit: Unit::Gigabyte,
    connections: FEW_CONNECTIONS,
    prepare: |fixture| Box::pin(async { Ok(boxed(fixture, Way::Whole)) }),
};

pub(super) const PUSH_CHUNKED: Entry = Entry {
    name: "push-large-chunked",
    title: "push it in chunks of 8 MiB",
    unit: Unit::Gigabyte,
    connections: FEW_CONNECTIONS,
    prepare: |fixture| Box::pin(async { Ok(boxed(fixture, Way::Chunked)) }),
};

pub(super) const PUSH_RESUMED: Entry = Entry {
    name: "push-large-resumed",
    title: "push it, cut and resumed",
    unit: Unit::Gigabyte,
    connections: FEW_CONNECTIONS,
    prepare: |fixture| Box::pin(async { Ok(boxed(fixture, Way::Resumed)) }),
};

pub(super) const PUSH_SHA512: Entry = Entry {
    name: "push-large-sha512",
    title: "push it by sha512",
    unit: Unit::Gigabyte,
    connections: FEW_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare_sha512(fixture)),
};

#[derive(Clone, Copy)]
enum Way {
    /// POST and PUT.
    Whole,
    /// POST, PATCH of each chunk, PUT.
    Chunked,
    /// A PATCH that breaks in the middle, and another one from where the server says.
    Resumed,
    /// POST that names the algorithm, and PUT.
    Sha512,
}

struct PushLarge {
    fixture: Rc<Fixture>,
    way: Way,
    pushed: RefCell<Option<Digest>>,
}

fn boxed(fixture: Rc<Fixture>, way: Way) -> Box<dyn Scenario> {
    Box::new(PushLarge {
        fixture,
        way,
        pushed: RefCell::default(),
    })
}

async fn prepare_sha512(fixture: Rc<Fixture>) -> Result<Box<dyn Scenario>> {
    let small = fixture.contents.blob_by("sha512", 1);
    let mut connection = fixture.connect().await?;
    let tried = by_sha512(&mut connection, &fixture.contents, &small).await;
    tried.map_err(|failure| Failure::of(Kind::NoSuchApi, failure.to_string()))?;
    Ok(boxed(fixture, Way::Sha512))
}

impl PushLarge {
    /// A blob that no server has.
    fn blob(&self) -> Blob {
        let algorithm = match self.way {
            Way::Sha512 => "sha512",
            Way::Whole | Way::Chunked | Way::Resumed => "sha256",
        };
        let size = self.fixture.scale.large;
        self.fixture.contents.blob_by(algorithm, size)
    }
}

#[async_trait(?Send)]
impl Scenario for PushLarge {
    async fn step(&self, worker: &mut Worker) -> Result<Option<u64>> {
        let blob = &self.blob();
        let contents = &self.fixture.contents;
        let connection = &mut worker.connection;
        match self.way {
            Way::Whole => connection.push_blob(LARGE, contents, blob).await?,
            Way::Chunked => in_chunks(connection, contents, blob).await?,
            Way::Resumed => resumed(connection, contents, blob).await?,
            Way::Sha512 => by_sha512(connection, contents, blob).await?,
        }
        self.pushed.replace(Some(blob.digest().clone()));
        Ok(Some(blob.size() as u64))
    }

    async fn probe(&self, connection: &mut Connection) -> Result<()> {
        let digest = self.pushed.borrow().clone();
        let digest = &digest.ok_or_else(|| Failure::new("nothing was pushed"))?;
        let path = format!("/v2/{LARGE}/blobs/{digest}");
        let request = self.fixture.target.request("GET", &path);
        expect::has_digest(&connection.read_whole(&request, 200).await?, digest)
    }
}

async fn in_chunks(connection: &mut Connection, contents: &Contents, blob: &Blob) -> Result<()> {
    let mut upload = connection.begin_upload(LARGE, "").await?;
    for chunk in chunks(0..blob.size()) {
        connection.patch(&mut upload, contents, blob, chunk).await?;
    }
    connection.finish(upload, contents, blob, 0..0).await
}

async fn resumed(connection: &mut Connection, contents: &Contents, blob: &Blob) -> Result<()> {
    let mut upload = connection.begin_upload(LARGE, "").await?;
    let all = 0..blob.size();
    connection
        .break_patch(&upload, contents, blob, all.clone())
        .await?;
    for _ in 0..QUESTIONS {
        let there = connection.upload_offset(&mut upload).await?;
        let rest = there.min(all.end)..all.end;
        let taken = connection.try_patch(&mut upload, contents, blob, rest);
        if taken.await? {
            return connection.finish(upload, contents, blob, 0..0).await;
        }
        // It is still reading what the broken connection brought, and says later that it has more.
        tokio::time::sleep(PAUSE).await;
    }
    Err(Failure::new("an upload cannot be resumed where it says"))
}

async fn by_sha512(connection: &mut Connection, contents: &Contents, blob: &Blob) -> Result<()> {
    let query = "?digest-algorithm=sha512";
    let upload = connection.begin_upload(LARGE, query).await?;
    let all = 0..blob.size();
    connection.finish(upload, contents, blob, all).await
}

fn chunks(all: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let starts = all.clone().step_by(CHUNK);
    starts.map(move |start| start..all.end.min(start + CHUNK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_a_blob_once() {
        let size = 2 * CHUNK + 5;
        let found: Vec<_> = chunks(0..size).collect();
        assert_eq!(found, [0..CHUNK, CHUNK..2 * CHUNK, 2 * CHUNK..size]);
        assert_eq!(chunks(0..CHUNK).count(), 1);
    }
}
