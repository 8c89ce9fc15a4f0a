//! `tags/list`: the tags of a repository.

use registry_core::{RepositoryName, Tag};
use serde::Serialize;

use super::{
    Answer, Call,
    paging::{Paging, json},
};

#[derive(Serialize)]
struct Tags<'a> {
    name: &'a RepositoryName,
    tags: &'a [Tag],
}

pub(super) async fn list(call: &Call<'_>, name: &RepositoryName) -> Answer {
    let paging = Paging::of(call.query())?;
    let page = call.pull(name).await?.tags(paging.request()).await?;
    let tags = &page.items;
    let mut response = json(&Tags { name, tags }, "application/json");
    paging.link(call, &mut response, page.next.as_deref(), None);
    Ok(response)
}
