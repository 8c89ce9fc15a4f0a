//! `_catalog`: the repositories that the caller may see.

use registry_core::RepositoryName;
use serde::Serialize;

use super::{
    Answer, Call,
    paging::{Paging, json},
};

#[derive(Serialize)]
struct Catalog<'a> {
    repositories: &'a [RepositoryName],
}

pub(super) async fn list(call: &Call<'_>) -> Answer {
    let paging = Paging::of(call.query())?;
    let page = call.shared.registry.catalog(call.caller, paging.request());
    let page = page.await?;
    let repositories = &page.items;
    let mut response = json(&Catalog { repositories }, "application/json");
    paging.link(call, &mut response, page.next.as_deref(), None);
    Ok(response)
}
