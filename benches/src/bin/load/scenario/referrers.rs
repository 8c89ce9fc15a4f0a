//! The referrers of one manifest, or the first page of them.

use std::rc::Rc;

use registry_core::Digest;

use super::same::Same;
use super::{ALL_CONNECTIONS, Entry, Scenario, Unit};
use crate::connection::Connection;
use crate::content::{MANIFEST, descriptor};
use crate::expect;
use crate::failure::Result;
use crate::fixture::{APP, Fixture};

pub(super) const REFERRERS: Entry = Entry {
    name: "referrers",
    title: "referrers?n=100",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| Box::pin(prepare(fixture)),
};

async fn prepare(fixture: Rc<Fixture>) -> Result<Box<dyn Scenario>> {
    fixture.app().await?;
    let digest = fixture.manifest_digest();
    // `n` is not of the protocol: a server that does not know it answers with all there are.
    let path = format!("/v2/{APP}/referrers/{digest}?n=100");
    let request = fixture.target.request("GET", &path);
    // A million referrers are not pushed to a server that cannot list them.
    fixture.connect().await?.exchange(&request, 200).await?;
    let subject = descriptor(MANIFEST, &digest, fixture.manifest.len());
    let refer = async |connection: &mut Connection, _| {
        let referrer = fixture
            .contents
            .manifest(&fixture.config, &[], Some(&subject));
        let digest = Digest::sha256(referrer.as_bytes());
        let pushed = connection.put_manifest(APP, digest.as_str(), &referrer);
        pushed.await
    };
    let count = fixture.scale.referrers;
    fixture.rows("referrers", count, refer).await?;
    Ok(Same::boxed(request, move |body| {
        expect::lists(body, "manifests", count.min(100))
    }))
}
