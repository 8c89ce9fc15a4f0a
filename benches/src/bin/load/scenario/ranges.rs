//! A large blob in ranges of 1 MiB, at offsets that vary.

use std::rc::Rc;

use super::same::Same;
use super::{Entry, FEW_CONNECTIONS, Scenario, Unit};
use crate::expect;
use crate::failure::Result;
use crate::fixture::{APP, Fixture};

const RANGE: usize = 1 << 20;
/// How many different ones, at the most.
const REQUESTS: usize = 256;

pub(super) const PULL_RANGES: Entry = Entry {
    name: "pull-large-ranges",
    title: "pull it in ranges of 1 MiB",
    unit: Unit::Gigabyte,
    connections: FEW_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture)),
};

async fn prepare(fixture: Rc<Fixture>) -> Result<Box<dyn Scenario>> {
    let blob = fixture.large().await?;
    let length = RANGE.min(blob.size());
    let offsets = (blob.size() - length) / REQUESTS;
    let path = format!("/v2/{APP}/blobs/{}", blob.digest());
    let request = |number: usize| {
        // The first bytes and the last ones are among them; most begin within a page.
        let start = blob.size() - length - offsets * number;
        let line = format!("Range: bytes={start}-{}\r\n", start + length - 1);
        fixture.target.request_with("GET", &path, &line)
    };
    let requests = (0..REQUESTS).map(request).collect();
    let last = blob.size() - length..blob.size();
    let last = fixture.contents.bytes(blob, last);
    Ok(Box::new(Same {
        requests,
        status: 206,
        check: Box::new(move |body| expect::same(body, &last)),
    }))
}
