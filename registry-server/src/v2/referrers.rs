//! `referrers`: what has been said of a manifest, as an image index.

use http::{HeaderName, HeaderValue};
use registry_core::{Digest, RawDescriptor, RepositoryName};

use super::{
    Answer, Call,
    paging::{Paging, json_text, parameter},
};

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

pub(super) async fn list(call: &Call<'_>, name: &RepositoryName, subject: &Digest) -> Answer {
    const FILTER: &str = "artifactType";
    let paging = Paging::of(call.query())?;
    let artifact_type = parameter(call.query(), FILTER)?.filter(|wanted| !wanted.is_empty());
    let artifact_type = artifact_type.as_deref();
    let pull = call.pull(name).await?;
    let page = pull.raw_referrers(subject, artifact_type, paging.request());
    let page = page.await?;
    let mut response = json_text(
        index(&page.items),
        "application/vnd.oci.image.index.v1+json",
    );
    let filter = artifact_type.map(|wanted| (FILTER, wanted));
    paging.link(call, &mut response, page.next.as_deref(), filter);
    if filter.is_some() {
        let applied = HeaderValue::from_static(FILTER);
        response.headers_mut().insert(FILTERS_APPLIED, applied);
    }
    Ok(response)
}

/// An image index of descriptors, which are text already.
fn index(manifests: &[RawDescriptor]) -> String {
    const BEGIN: &str =
        r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":["#;
    const END: &str = "]}";
    let lengths = manifests.iter().map(|one| one.as_str().len() + 1);
    let length = BEGIN.len() + lengths.sum::<usize>() + END.len();
    let mut text = String::with_capacity(length);
    text.push_str(BEGIN);
    for (place, manifest) in manifests.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(manifest.as_str());
    }
    text.push_str(END);
    text
}
