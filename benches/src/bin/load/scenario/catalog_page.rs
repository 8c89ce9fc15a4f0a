//! The first page of all repositories.

use std::rc::Rc;

use super::same::Same;
use super::{ALL_CONNECTIONS, Entry, Scenario, Unit};
use crate::connection::Connection;
use crate::expect;
use crate::failure::Result;
use crate::fixture::Fixture;

pub(super) const CATALOG_PAGE: Entry = Entry {
    name: "catalog-page",
    title: "_catalog?n=100",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture)),
};

async fn prepare(fixture: Rc<Fixture>) -> Result<Box<dyn Scenario>> {
    let count = fixture.scale.repositories;
    let push = async |connection: &mut Connection, number| {
        let repository = format!("catalog/app-{number:07}");
        let (contents, config) = (&fixture.contents, &fixture.config);
        connection.push_blob(&repository, contents, config).await?;
        let pushed = connection.put_manifest(&repository, "v1", &fixture.manifest);
        pushed.await
    };
    fixture.rows("repositories", count, push).await?;
    let request = fixture.target.request("GET", "/v2/_catalog?n=100");
    Ok(Same::boxed(request, move |body| {
        expect::lists(body, "repositories", count.min(100))
    }))
}
