//! What it costs to watch a request: the same requests to services that are not watched, that are
//! counted, and that are logged as well, in turn and in one process.
//!
//! There is no socket between, so what is measured is the service and nothing else. The least of many
//! rounds is what a request costs where nothing else has the processor.

use std::{error::Error, sync::Arc, time::Duration};

use http_body_util::BodyExt;
use hyper::Request;
use registry_benches::{Stopwatch, say};
use registry_core::SystemClock;
use registry_server::{JsonLog, LogTarget, RateLimits, RegistryService, Traffic};
use registry_storage::memory;

const ROUNDS: usize = 200;
const REQUESTS: u32 = 5000;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build()?;
    let services = services()?;
    let mut least = vec![Duration::MAX; services.len()];
    for _ in 0..ROUNDS {
        for ((_, service), least) in services.iter().zip(&mut least) {
            let watch = Stopwatch::start();
            runtime.block_on(ask(service))?;
            *least = watch.elapsed().min(*least);
        }
    }
    say(format_args!(
        "least of {ROUNDS} rounds of {REQUESTS} GET /v2/"
    ));
    for ((name, _), least) in services.iter().zip(least) {
        say(format_args!("{name:<40} {:>8?}", least / REQUESTS));
    }
    Ok(())
}

fn services() -> Result<Vec<(&'static str, RegistryService)>> {
    let service = || RegistryService::builder(memory::registry());
    let null = LogTarget::File("/dev/null".into());
    let log = JsonLog::start(null, Arc::new(SystemClock))?;
    let limits = RateLimits {
        per_address: Some("1000000/s".parse()?),
        concurrent: Some(1_000_000),
        ..RateLimits::default()
    };
    Ok(vec![
        ("not watched", service().build()),
        (
            "counted",
            service().traffic(Arc::new(Traffic::new())).build(),
        ),
        ("limited", service().rate_limits(limits).build()),
        ("logged", service().access_log(Arc::new(log)).build()),
    ])
}

async fn ask(service: &RegistryService) -> Result<()> {
    for _ in 0..REQUESTS {
        let mut request = Request::get("/v2/").body(String::new())?;
        let client = std::net::IpAddr::from([192, 0, 2, 7]);
        let client = registry_server::ClientAddress::from(client);
        request.extensions_mut().insert(client);
        let Ok(response) = service.respond(request).await;
        response.into_body().collect().await?;
    }
    Ok(())
}
