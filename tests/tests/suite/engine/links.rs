//! Links to blobs: for those who may read them, and nobody else.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use registry_auth::SignedIn;
use registry_core::{
    Caller, Digest, Error, Result, Secret, Settings,
    backend::{Content, LinkStore, ObjectKey, StoreError},
};

use super::fixture::{Fixture, large, refused, repository, run};

const NAME: &str = "team/app";

/// A store's links, and what they were asked for.
#[derive(Default)]
struct Links(Mutex<Vec<ObjectKey>>);

#[async_trait::async_trait]
impl LinkStore for Links {
    async fn link(&self, object: &ObjectKey, life: Duration) -> Result<Option<Secret>, StoreError> {
        self.0.lock().unwrap().push(object.clone());
        let url = format!("https://store/{object}?life={}", life.as_secs());
        Ok(Some(Secret::new(url)))
    }
}

fn fixture() -> (Fixture, Arc<Links>) {
    let links = Arc::<Links>::default();
    let given = Arc::clone(&links);
    let fixture = Fixture::with(Settings::default(), |builder| {
        builder.policy(SignedIn).links(given)
    });
    (fixture, links)
}

async fn link(fixture: &Fixture, digest: &Digest) -> Result<Option<String>> {
    let opening = fixture.registry.open(&fixture.caller, &repository(NAME));
    let blob = opening.pull().await?.blob(digest).await?;
    let link = blob.link(Duration::from_secs(7)).await?;
    Ok(link.map(|url| url.expose().clone()))
}

#[test]
fn who_may_read_a_large_blob_gets_a_link_to_its_object() {
    run(async {
        let (fixture, links) = fixture();
        let digest = fixture.put_blob(NAME, &large(1)).await.unwrap().digest;
        let link = link(&fixture, &digest).await.unwrap().unwrap();
        let asked = links.0.lock().unwrap();
        assert_eq!(link, format!("https://store/{}?life=7", asked[0]));
        assert_eq!(asked.len(), 1);
    });
}

#[test]
fn nobody_gets_a_link_to_what_they_may_not_read_or_is_not_there() {
    run(async {
        let (fixture, links) = fixture();
        let digest = fixture.put_blob(NAME, &large(1)).await.unwrap().digest;
        let nobody = fixture.as_caller(Caller::anonymous());
        refused!(link(&nobody, &digest).await, Error::Unauthorized);
        let elsewhere = fixture.put_blob("other/app", &large(2)).await.unwrap();
        let unknown = link(&fixture, &elsewhere.digest).await;
        refused!(unknown, Error::BlobUnknown(_));
        fixture.delete_blob(NAME, &digest).await.unwrap();
        refused!(link(&fixture, &digest).await, Error::BlobUnknown(_));
        assert!(links.0.lock().unwrap().is_empty());
    });
}

#[test]
fn nobody_gets_a_link_to_what_is_quarantined() {
    run(async {
        let (fixture, links) = fixture();
        let digest = fixture.put_blob(NAME, &large(1)).await.unwrap().digest;
        let opening = fixture.registry.open(&fixture.caller, &repository(NAME));
        let blob = opening.pull().await.unwrap().blob(&digest).await.unwrap();
        let object = blob.object();
        let quarantined = fixture.metadata.quarantine(&digest, object).await;
        assert!(quarantined.unwrap());
        refused!(link(&fixture, &digest).await, Error::BlobUnknown(_));
        assert!(links.0.lock().unwrap().is_empty());
    });
}

#[test]
fn what_is_not_in_the_store_has_no_link() {
    run(async {
        let (fixture, links) = fixture();
        let small = fixture.put_blob(NAME, b"small").await.unwrap().digest;
        assert_eq!(link(&fixture, &small).await.unwrap(), None);
        assert!(links.0.lock().unwrap().is_empty());
        let plain = Fixture::new();
        let digest = plain.put_blob(NAME, &large(1)).await.unwrap().digest;
        assert_eq!(link(&plain, &digest).await.unwrap(), None);
    });
}
