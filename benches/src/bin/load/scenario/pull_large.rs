//! A large blob, whole.

use std::rc::Rc;

use super::same::Same;
use super::{Entry, FEW_CONNECTIONS, Scenario, Unit};
use crate::expect;
use crate::failure::Result;
use crate::fixture::{APP, Fixture};

pub(super) const PULL_LARGE: Entry = Entry {
    name: "pull-large",
    title: "pull a large blob",
    unit: Unit::Gigabyte,
    connections: FEW_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture)),
};

async fn prepare(fixture: Rc<Fixture>) -> Result<Box<dyn Scenario>> {
    let digest = fixture.large().await?.digest().clone();
    let path = format!("/v2/{APP}/blobs/{digest}");
    let request = fixture.target.request("GET", &path);
    Ok(Same::boxed(request, move |body| {
        expect::has_digest(body, &digest)
    }))
}
