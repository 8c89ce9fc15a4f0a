//! What breaks on the way, and how the client gets there all the same.

use std::sync::Arc;

use registry_client::{Error, Pause, Retries};
use registry_core::{Digest, Reference};
use registry_server::testing::{Fault, On, TestRegistry};

use super::proxy::Proxy;
use super::{app, builder, content, index, name, put_index, tag};

#[tokio::test]
async fn a_broken_pull_goes_on_by_range() {
    let registry = TestRegistry::start().await;
    let content = content(100_000);
    let digest = registry.push_blob("team/app", &content).await;
    registry.fault(On::get_blob().times(3), Fault::drop_after(10_000));

    let blob = app(&registry).blob(&digest).await.unwrap();
    assert_eq!(blob.read_all(100_000).await.unwrap(), content);
    let requests = registry.requests();
    let statuses: Vec<_> = requests
        .iter()
        .map(|request| request.status().as_u16())
        .collect();
    assert_eq!(statuses, [200, 206, 206, 206]);
}

#[tokio::test]
async fn a_wrong_blob_is_never_taken_for_the_right_one() {
    let registry = TestRegistry::start().await;
    let digest = registry.push_blob("team/app", b"layer").await;
    for fault in [Fault::corrupt(), Fault::truncate(3)] {
        registry.clear_faults();
        registry.fault(On::get_blob(), fault);
        let blob = app(&registry).blob(&digest).await.unwrap();
        let error = blob.read_all(100).await.unwrap_err();
        assert!(matches!(error, Error::Mismatch { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_manifest_is_never_taken_for_the_right_one() {
    let registry = TestRegistry::start().await;
    registry.push_image("team/app", "v1", &[b"layer"]).await;
    for fault in [Fault::corrupt(), Fault::wrong_digest(), Fault::truncate(3)] {
        registry.clear_faults();
        registry.fault(On::get_manifest(), fault);
        let reference = Reference::Tag(tag("v1"));
        let error = app(&registry).manifest(&reference).await.unwrap_err();
        assert!(matches!(error, Error::Mismatch { .. }), "{error}");
    }
}

#[tokio::test]
async fn every_step_of_a_push_may_fail_once() {
    for (on, fault) in [
        (On::start_upload(), Fault::too_many_requests(1)),
        (On::start_upload(), Fault::drop_before()),
        (On::finish_upload(), Fault::drop_before()),
        (On::finish_upload(), Fault::status(503)),
        (On::patch_upload(), Fault::status(502)),
        (On::patch_upload(), Fault::drop_before()),
    ] {
        for chunk in [400, u64::MAX] {
            let registry = TestRegistry::start().await;
            let content = content(1000);
            let digest = Digest::sha256(&content);
            registry.fault(on.clone().times(1), fault.clone());
            let client = builder(registry.url()).chunk_size(chunk).build().unwrap();
            let app = client.repository(&name("team/app"));
            app.put_blob(&digest, &content).await.unwrap();
            assert_eq!(app.blob_exists(&digest).await.unwrap(), Some(1000));
        }
    }
}

#[tokio::test]
async fn a_manifest_is_put_again_after_a_failure() {
    let registry = TestRegistry::start().await;
    registry.fault(On::put_manifest().times(2), Fault::status(503));
    let reference = Reference::Tag(tag("v1"));
    put_index(&app(&registry), &reference, &index(None, "a/x")).await;
}

const LARGE: usize = 1_000_000;

/// Pushes through a line that is cut so many bytes behind the beginning of the PUT, and has the client
/// try again as soon as the registry has noticed; then reads what arrived.
async fn push_through_a_cut(
    registry: &Arc<TestRegistry>,
    cut: usize,
    noticed: fn(&TestRegistry) -> bool,
) {
    let proxy = Proxy::start(registry.host(), b"PUT ", cut).await;
    let content = content(LARGE);
    let digest = Digest::sha256(&content);
    let watched = Arc::clone(registry);
    let until_noticed = move |_| -> Pause {
        let registry = Arc::clone(&watched);
        Box::pin(async move {
            while !noticed(&registry) {
                tokio::task::yield_now().await;
            }
        })
    };
    let builder = builder(&proxy.url()).sleep(Arc::new(until_noticed));
    let app = builder.build().unwrap().repository(&name("team/app"));

    app.put_blob(&digest, &content).await.unwrap();
    let blob = app.blob(&digest).await.unwrap();
    assert_eq!(blob.read_all(LARGE).await.unwrap(), content);
}

fn a_put_broke(registry: &TestRegistry) -> bool {
    let requests = registry.requests();
    requests
        .iter()
        .any(|request| request.method() == "PUT" && request.status() == 400)
}

#[tokio::test]
async fn an_upload_cut_on_the_line_goes_on_where_the_registry_stands() {
    for cut in [20_000, 500_000, 990_000] {
        let registry = Arc::new(TestRegistry::start().await);
        push_through_a_cut(&registry, cut, a_put_broke).await;
        let requests = registry.requests();
        let rest = requests
            .iter()
            .find(|request| request.method() == "PATCH")
            .unwrap();
        let range = rest.headers()["content-range"].to_str().unwrap();
        let start: usize = range.split('-').next().unwrap().parse().unwrap();
        assert!((1..=cut).contains(&start), "{cut}: {range}");
    }
}

#[tokio::test]
async fn an_upload_cut_before_it_began_begins_again() {
    for cut in [0, 100] {
        let registry = Arc::new(TestRegistry::start().await);
        push_through_a_cut(&registry, cut, |_| true).await;
        let requests = registry.requests();
        let begun = requests.iter().filter(|request| request.method() == "POST");
        assert_eq!(begun.count(), 2);
    }
}

#[tokio::test]
async fn without_retries_a_failure_is_an_error_at_once() {
    let registry = TestRegistry::start().await;
    let digest = registry.push_blob("team/app", b"layer").await;
    registry.fault(On::any(), Fault::status(503));
    let client = builder(registry.url())
        .retries(Retries::none())
        .build()
        .unwrap();
    let app = client.repository(&name("team/app"));
    assert_eq!(
        app.blob_exists(&digest)
            .await
            .unwrap_err()
            .status()
            .unwrap(),
        503
    );
    assert_eq!(registry.requests().len(), 1);
}
