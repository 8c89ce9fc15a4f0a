//! A registry in a test: three lines, and a fault on demand.
//!
//! `cargo run -p registry-examples --bin registry-in-a-test`

use registry_server::testing::{Fault, On, TestRegistry};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = TestRegistry::start().await;
    let image = registry.push_image("library/app", "v1", &[b"layer"]).await;
    registry.fault(On::get_manifest().times(1), Fault::too_many_requests(1));

    // What is tested would stand here: a puller that tries again after a 429.
    let url = format!("{}/v2/library/app/manifests/v1", registry.url());
    while reqwest::get(&url).await?.status() != 200 {}

    for request in registry.requests() {
        println!(
            "{} {} {}",
            request.method(),
            request.path(),
            request.status()
        );
    }
    println!("pulled {}", image.digest());
    Ok(())
}
