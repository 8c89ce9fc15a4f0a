//! A blob of 4 KiB.

use std::rc::Rc;

use super::same::Same;
use super::{ALL_CONNECTIONS, Entry, Scenario, Unit};
use crate::expect;
use crate::failure::Result;
use crate::fixture::{APP, Fixture};

pub(super) const HEAD: Entry = Entry {
    name: "head-blob",
    title: "HEAD blob",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture, "HEAD")),
};

pub(super) const SMALL: Entry = Entry {
    name: "small-blob",
    title: "GET 4 KiB blob",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture, "GET")),
};

async fn prepare(fixture: Rc<Fixture>, method: &'static str) -> Result<Box<dyn Scenario>> {
    fixture.app().await?;
    let path = format!("/v2/{APP}/blobs/{}", fixture.small.digest());
    let request = fixture.target.request(method, &path);
    Ok(Same::boxed(request, move |body| match method {
        "HEAD" => expect::same(body, b""),
        _ => expect::has_digest(body, fixture.small.digest()),
    }))
}
