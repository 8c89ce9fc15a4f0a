//! The example that the documentation begins with.

use registry_server::testing::{Fault, On, TestRegistry};

#[tokio::test]
async fn a_pull_meets_a_dropped_connection_once() {
    let registry = TestRegistry::start().await;
    let image = registry
        .push_image("library/app", "v1", &[b"layer one", b"layer two"])
        .await;
    registry.fault(On::get_blob().times(1), Fault::drop_after(4));
    let layer = format!(
        "{}/v2/library/app/blobs/{}",
        registry.url(),
        image.layers()[0]
    );

    let first = reqwest::get(&layer).await.unwrap().bytes().await;
    let second = reqwest::get(&layer).await.unwrap().bytes().await;

    assert!(first.is_err());
    assert_eq!(second.unwrap(), &b"layer one"[..]);
    let seen: Vec<_> = registry
        .requests()
        .iter()
        .map(|r| (r.method().to_string(), r.status().as_u16()))
        .collect();
    assert_eq!(seen, [("GET".to_string(), 200), ("GET".to_string(), 200)]);
}

#[test]
fn works_without_a_runtime() {
    let registry = TestRegistry::blocking();
    let answer = reqwest::blocking::get(format!("{}/v2/", registry.url())).unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(registry.requests().len(), 1);
}
