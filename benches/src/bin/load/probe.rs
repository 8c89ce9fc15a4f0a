//! Whether an operation has done what it says, by the content of answers.

use registry_core::Digest;
use serde_json::Value;

use crate::connection::Connection;
use crate::failure::{Failure, Result};
use crate::fixture::{APP, Fixture};
use crate::operation::Operation;

/// Looks at one answer of an operation, or at what it has left behind.
pub(crate) async fn probe(fixture: &Fixture, operation: Operation) -> Result<()> {
    let mut connection = Connection::open(&fixture.target).await?;
    let request = match fixture.request(operation) {
        Some(request) => request,
        None => fixture
            .target
            .request("GET", &left_behind(fixture, operation)),
    };
    if operation == Operation::HeadBlob {
        return connection.exchange(&request, 200).await.map(drop);
    }
    let body = connection.read_whole(&request, 200).await?;
    match operation {
        Operation::ManifestByTag => same(&body, fixture.manifest.as_bytes()),
        Operation::SmallBlob => same(&body, &fixture.contents.bytes(&fixture.small)),
        Operation::PullLarge => has_digest(&body, fixture.large[0].digest()),
        Operation::PushLarge => has_digest(&body, fixture.large[1].digest()),
        Operation::Mount => has_digest(&body, fixture.mountable[0].digest()),
        Operation::TagPage => lists(&body, "tags", fixture.scale.tags.min(100)),
        Operation::CatalogPage => lists(&body, "repositories", fixture.scale.repositories.min(100)),
        Operation::Referrers => lists(&body, "manifests", fixture.scale.referrers),
        Operation::PushSmallImage => layers(&body, 4, 2 << 10),
        Operation::PushImage => layers(&body, 8, 256 << 10),
        Operation::MoveTag => one_of(&body, [&fixture.manifest, &fixture.other_manifest]),
        Operation::Ping | Operation::HeadBlob => Ok(()),
    }
}

/// The path of something that an operation has pushed.
fn left_behind(fixture: &Fixture, operation: Operation) -> String {
    match operation {
        Operation::PushLarge => format!("/v2/bench/large/blobs/{}", fixture.large[1].digest()),
        Operation::Mount => {
            let digest = fixture.mountable[0].digest();
            format!("/v2/bench/mounted-0/blobs/{digest}")
        }
        Operation::MoveTag => format!("/v2/{APP}/manifests/moved-0"),
        _ => "/v2/bench/images-0/manifests/v1".to_owned(),
    }
}

fn same(body: &[u8], expected: &[u8]) -> Result<()> {
    ensure(body == expected, "the body is another one")
}

fn one_of(body: &[u8], expected: [&String; 2]) -> Result<()> {
    let found = expected.iter().any(|one| one.as_bytes() == body);
    ensure(found, "the body is another one")
}

fn has_digest(body: &[u8], expected: &Digest) -> Result<()> {
    ensure(
        Digest::sha256(body) == *expected,
        "the body has another digest",
    )
}

fn lists(body: &[u8], field: &str, count: usize) -> Result<()> {
    let list: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = list[field].as_array().map_or(0, Vec::len);
    let complaint = format!("{items} {field} are listed, not {count}");
    ensure(items == count, &complaint)
}

fn layers(body: &[u8], count: usize, size: u64) -> Result<()> {
    lists(body, "layers", count)?;
    let manifest: Value = serde_json::from_slice(body).unwrap_or_default();
    ensure(
        manifest["layers"][0]["size"] == size,
        "a layer has another size",
    )
}

fn ensure(holds: bool, complaint: &str) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Failure::new(complaint))
    }
}
