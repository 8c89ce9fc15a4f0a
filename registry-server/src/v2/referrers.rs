//! `referrers`: what has been said of a manifest, as an image index.

use http::{HeaderName, HeaderValue};
use registry_core::{Descriptor, Digest, MediaType, RepositoryName};
use serde::Serialize;

use super::{
    Answer, Call,
    paging::{Paging, json, parameter},
};

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u8,
    media_type: MediaType,
    manifests: &'a [Descriptor],
}

pub(super) async fn list(call: &Call<'_>, name: &RepositoryName, subject: &Digest) -> Answer {
    const FILTER: &str = "artifactType";
    let paging = Paging::of(call.query())?;
    let artifact_type = parameter(call.query(), FILTER)?.filter(|wanted| !wanted.is_empty());
    let artifact_type = artifact_type.as_deref();
    let pull = call.pull(name).await?;
    let page = pull.referrers(subject, artifact_type, paging.request());
    let page = page.await?;
    let index = Index {
        schema_version: 2,
        media_type: MediaType::OCI_INDEX,
        manifests: &page.items,
    };
    let mut response = json(&index, "application/vnd.oci.image.index.v1+json");
    let filter = artifact_type.map(|wanted| (FILTER, wanted));
    paging.link(call, &mut response, page.next.as_deref(), filter);
    if filter.is_some() {
        let applied = HeaderValue::from_static(FILTER);
        response.headers_mut().insert(FILTERS_APPLIED, applied);
    }
    Ok(response)
}
