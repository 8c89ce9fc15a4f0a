//! Figures: what is counted, how it is written, and who is told.

use std::sync::Arc;

use registry_core::{Budget, Settings, SystemClock};
use registry_server::{
    Address, Connections, EngineFigures, Gather, JsonLog, LogTarget, MetricsFor, Operations,
    OperationsService, ProcessFigures, Readiness, ReadinessSettings, Server, TokioTimer, Traffic,
};
use registry_storage::memory;

use crate::support::{Client, Figures, Harness, listen};

fn operations(figures: Vec<Arc<dyn Gather>>) -> Arc<Operations> {
    let readiness = Readiness::new(ReadinessSettings::default(), Vec::new());
    Arc::new(Operations::new(Arc::new(readiness), figures))
}

/// A registry whose requests are counted, and its figures.
async fn counted(metrics: MetricsFor) -> Harness {
    let traffic = Arc::new(Traffic::new());
    let operations = operations(vec![Arc::clone(&traffic) as _]);
    Harness::with(Settings::default(), |service| {
        service.traffic(traffic).operations(operations, metrics)
    })
    .await
}

async fn figures(client: &Client) -> Figures {
    let reply = client.get("/metrics").await.expect(200);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    let reply = reply.expect_header("content-type", kind);
    Figures::parse(std::str::from_utf8(&reply.body).unwrap())
}

const REQUESTS: &str = "registry_requests_total";
const DURATIONS: &str = "registry_request_duration_seconds_count";

#[tokio::test]
async fn requests_are_counted_by_route_method_and_status() {
    let harness = counted(MetricsFor::Local).await;
    let client = harness.client();
    let digest = client.push_blob("team/app", b"hello").await;
    let blob = format!("/v2/team/app/blobs/{digest}");
    for _ in 0..3 {
        client.get(&blob).await.expect(200);
    }
    client.head(&blob).await.expect(200);
    client.get("/v2/team/app/manifests/none").await.expect(404);
    client.get("/nowhere").await.expect(404);
    client.request("BREW", "/v2/").send().await.expect(405);
    let figures = figures(&client).await;
    for (route, method, status, count) in [
        ("uploads", "POST", "202", 1.0),
        ("upload", "PUT", "201", 1.0),
        ("blob", "GET", "200", 3.0),
        ("blob", "HEAD", "200", 1.0),
        ("manifest", "GET", "404", 1.0),
        ("other", "GET", "404", 1.0),
        ("ping", "other", "405", 1.0),
    ] {
        let labels = [("route", route), ("method", method), ("status", status)];
        assert_eq!(figures.get(REQUESTS, &labels), count, "{labels:?}");
        assert!(figures.get(DURATIONS, &labels[..2]) >= count, "{labels:?}");
    }
    assert_eq!(figures.sum(REQUESTS), 9.0);
    assert_eq!(figures.sum(DURATIONS), 9.0);
    assert_eq!(figures.get("registry_requests_in_flight", &[]), 0.0);
    assert_eq!(figures.get("registry_received_bytes_total", &[]), 5.0);
    assert!(figures.get("registry_sent_bytes_total", &[]) >= 3.0 * 5.0);
}

#[tokio::test]
async fn hazard_38_a_request_whose_client_goes_away_is_counted_and_no_longer_in_flight() {
    let harness = counted(MetricsFor::Local).await;
    let client = harness.client();
    let location = client.begin("team/app").await;
    let mut connection = client.connect().await;
    let head = format!("PATCH {location} HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf");
    connection.write(head.as_bytes()).await;
    let labels = [("route", "upload"), ("method", "PATCH"), ("status", "499")];
    while figures(&client)
        .await
        .get("registry_received_bytes_total", &[])
        < 4.0
    {}
    let under_way = figures(&client).await;
    assert_eq!(under_way.get("registry_requests_in_flight", &[]), 1.0);
    assert_eq!(under_way.get("registry_uploads_open", &[]), 1.0);
    assert_eq!(under_way.get(REQUESTS, &labels), 0.0);
    drop(connection);
    let gone = loop {
        let figures = figures(&client).await;
        if figures.get("registry_requests_in_flight", &[]) == 0.0 {
            break figures;
        }
    };
    let broken = [labels[0], labels[1], ("status", "400")];
    assert_eq!(
        gone.get(REQUESTS, &labels) + gone.get(REQUESTS, &broken),
        1.0
    );
}

#[tokio::test]
async fn hazard_18_names_of_repositories_are_no_figures_however_many_there_are() {
    let harness = counted(MetricsFor::Local).await;
    let client = harness.client();
    client.push_blob("first/app", b"first").await;
    client.get("/v2/first/app/tags/list").await.expect(200);
    client.get("/v2/none/app/tags/list").await.expect(404);
    let series = figures(&client).await.len();
    let mut connection = client.connect().await;
    for number in 0..3000 {
        let target = format!("/v2/team-{number}/app-{number}/tags/list");
        let request = format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n");
        connection.write(request.as_bytes()).await;
        connection.reply(false).await.expect(404);
    }
    for number in 0..20 {
        let name = format!("secret-{number}/app");
        client.push_blob(&name, b"hello").await;
    }
    let reply = client.get("/metrics").await;
    let page = String::from_utf8(reply.body).unwrap();
    assert_eq!(Figures::parse(&page).len(), series);
    assert!(!page.contains("team") && !page.contains("secret") && !page.contains("first"));
}

#[tokio::test]
async fn everything_that_tells_figures_writes_a_page_that_can_be_read() {
    let registry = memory::registry();
    let round = registry.collect_within(Budget::UNBOUNDED, &TokioTimer);
    round.await.unwrap();
    let log = JsonLog::start(LogTarget::StandardOutput, Arc::new(SystemClock)).unwrap();
    let all: Vec<Arc<dyn Gather>> = vec![
        Arc::new(Traffic::new()),
        Arc::new(EngineFigures::of(registry)),
        Arc::new(log),
        Arc::new(ProcessFigures::start("1.2.3", &SystemClock)),
    ];
    let running = listen(Default::default()).serve(OperationsService::new(operations(all)));
    let client = Client::new(running.local_addr().unwrap());
    let mut connection = client.connect().await;
    connection
        .write(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    let reply = connection.reply(false).await.expect(200);
    let figures = Figures::parse(std::str::from_utf8(&reply.body).unwrap());
    assert_eq!(figures.get("registry_collection_rounds_total", &[]), 1.0);
    assert!(figures.get("registry_collection_last_done_seconds", &[]) > 0.0);
    assert_eq!(figures.get("registry_quarantine_stopped", &[]), 0.0);
    assert_eq!(
        figures.get("registry_build_info", &[("version", "1.2.3")]),
        1.0
    );
}

#[tokio::test]
async fn hazard_18_figures_are_told_to_those_only_who_may_have_them() {
    let local = counted(MetricsFor::Local).await;
    let passed_on = local.client().with("x-forwarded-for", "192.0.2.7");
    let refused = passed_on.get("/metrics").await;
    refused.expect_error(404, "UNSUPPORTED");
    passed_on.get("/healthz").await.expect(200);
    let nobody = counted(MetricsFor::Nobody).await;
    let refused = nobody.client().get("/metrics").await;
    refused.expect_error(404, "UNSUPPORTED");
    nobody.client().get("/readyz").await.expect(200);
    let everybody = counted(MetricsFor::Everybody).await;
    let passed_on = everybody.client().with("forwarded", "for=192.0.2.7");
    figures(&passed_on).await;
}

#[tokio::test]
async fn connections_are_counted_while_they_are_open() {
    let connections = Arc::new(Connections::default());
    let operations = operations(vec![Arc::clone(&connections) as _]);
    let server = listen(Default::default()).connections(connections);
    let running = server.serve(OperationsService::new(operations));
    let client = Client::new(running.local_addr().unwrap());
    let mut first = client.connect().await;
    let mut open = async || {
        first
            .write(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
            .await;
        let page = first.reply(false).await.expect(200).body;
        let figures = Figures::parse(std::str::from_utf8(&page).unwrap());
        figures.get("registry_connections_open", &[])
    };
    assert_eq!(open().await, 1.0);
    let second = client.connect().await;
    while open().await < 2.0 {}
    drop(second);
    while open().await > 1.0 {}
}

#[tokio::test]
async fn a_service_without_operations_has_none() {
    let harness = Harness::open().await;
    let client = harness.client();
    for path in ["/metrics", "/healthz", "/readyz"] {
        client.get(path).await.expect_error(404, "UNSUPPORTED");
    }
}

#[tokio::test]
async fn a_listener_of_its_own_has_operations_and_nothing_else() {
    let address = Address::Tcp(([127, 0, 0, 1], 0).into());
    let service = OperationsService::new(operations(Vec::new()));
    let running = Server::bind(&address).unwrap().serve(service);
    let client = Client::new(running.local_addr().unwrap());
    for (request, status) in [
        ("GET /healthz", 200),
        ("HEAD /readyz", 200),
        ("GET /metrics", 200),
        ("POST /healthz", 405),
        ("GET /v2/", 404),
    ] {
        let mut connection = client.connect().await;
        let request = format!("{request} HTTP/1.1\r\nhost: x\r\n\r\n");
        connection.write(request.as_bytes()).await;
        let reply = connection.reply(request.starts_with("HEAD")).await;
        reply
            .expect(status)
            .expect_header("cache-control", "no-store");
    }
}
