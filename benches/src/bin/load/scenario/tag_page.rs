//! The first page of a repository's tags.

use std::rc::Rc;

use super::same::Same;
use super::{ALL_CONNECTIONS, Entry, Scenario, Unit};
use crate::connection::Connection;
use crate::expect;
use crate::failure::Result;
use crate::fixture::Fixture;

const TAGGED: &str = "bench/tagged";

pub(super) const TAG_PAGE: Entry = Entry {
    name: "tag-page",
    title: "tags/list?n=100",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture)),
};

async fn prepare(fixture: Rc<Fixture>) -> Result<Box<dyn Scenario>> {
    let mut connection = fixture.connect().await?;
    let pushed = connection.push_blob(TAGGED, &fixture.contents, &fixture.config);
    pushed.await?;
    let count = fixture.scale.tags;
    let tag = async |connection: &mut Connection, number| {
        let tag = format!("tag-{number:07}");
        let pushed = connection.put_manifest(TAGGED, &tag, &fixture.manifest);
        pushed.await
    };
    fixture.rows("tags", count, tag).await?;
    let path = format!("/v2/{TAGGED}/tags/list?n=100");
    let request = fixture.target.request("GET", &path);
    Ok(Same::boxed(request, move |body| {
        expect::lists(body, "tags", count.min(100))
    }))
}
