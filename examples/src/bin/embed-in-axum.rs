//! A registry in an axum server, beside routes of its own.
//!
//! `cargo run -p registry-examples --bin embed-in-axum`

use axum::{Router, routing::get};
use registry_server::RegistryService;
use registry_storage::memory;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The registry's paths all begin with /v2/; axum hands it what no route of its own takes.
    let registry = RegistryService::builder(memory::registry()).build();
    let app = Router::new()
        .route("/", get(async || "hello"))
        .fallback_service(registry);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });

    println!(
        "{url}/ says {}",
        reqwest::get(format!("{url}/")).await?.text().await?
    );
    println!(
        "{url}/v2/ says {}",
        reqwest::get(format!("{url}/v2/")).await?.status()
    );
    Ok(())
}
