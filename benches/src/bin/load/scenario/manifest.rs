//! A manifest that was pushed, by its tag or digest.

use std::rc::Rc;

use super::same::Same;
use super::{ALL_CONNECTIONS, Entry, Scenario, Unit};
use crate::expect;
use crate::failure::Result;
use crate::fixture::{APP, Fixture};

pub(super) const BY_TAG: Entry = Entry {
    name: "manifest-by-tag",
    title: "GET manifest by tag",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture, "GET", "v1".to_owned())),
};

pub(super) const HEAD: Entry = Entry {
    name: "head-manifest",
    title: "HEAD manifest by tag",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture, "HEAD", "v1".to_owned())),
};

pub(super) const BY_DIGEST: Entry = Entry {
    name: "manifest-by-digest",
    title: "GET manifest by digest",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| {
        let digest = fixture.manifest_digest().to_string();
        Box::pin(prepare(fixture, "GET", digest))
    },
};

async fn prepare(
    fixture: Rc<Fixture>,
    method: &'static str,
    reference: String,
) -> Result<Box<dyn Scenario>> {
    fixture.app().await?;
    let path = format!("/v2/{APP}/manifests/{reference}");
    let request = fixture.target.request(method, &path);
    Ok(Same::boxed(request, move |body| match method {
        "HEAD" => expect::same(body, b""),
        _ => expect::same(body, fixture.manifest.as_bytes()),
    }))
}
