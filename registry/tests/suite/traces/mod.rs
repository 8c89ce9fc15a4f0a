//! Traces, as a collector gets them.

mod collector;

use std::net::TcpListener;

use crate::{
    data::Data,
    exchange::{Answer, content, exchange, manifest, sha256},
    file::File,
    server::{Server, end, program, run},
};
use collector::{Collector, Span};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const SECRET: &str = "c2VjcmV0OnNlY3JldA";

/// A server over a data directory that sends traces there.
fn start(data: &Data, endpoint: &str, more: &str) -> Server {
    let configuration = format!(
        "[traces]\nendpoint = \"{endpoint}\"\nheaders = [\"Authorization: Basic {SECRET}\"]\n{more}\n"
    );
    let path = data.path();
    let name = path.rsplit('/').next().unwrap();
    let file = File::new(name, &configuration);
    let usual = ["serve", "--listen", "127.0.0.1:0", "--data", path];
    Server::of(&mut program(
        &[&usual[..], &["--config", file.path()]].concat(),
    ))
}

/// A request of a caller whose own trace it is part of.
fn ask(server: &Server, request: &str, flags: &str, body: &[u8]) -> Answer {
    // What follows the request line, and the end of that, which is then a field of its own.
    let parent = format!("HTTP/1.1\r\ntraceparent: 00-{TRACE}-{CALLER}-{flags}\r\nx-rest:");
    exchange(server.host(), &format!("{request} {parent}"), body).unwrap()
}

fn push(server: &Server, flags: &str) -> Vec<u8> {
    let layer = content(1, 200_000);
    for blob in [&b"{}"[..], &layer] {
        let begun = ask(server, "POST /v2/team/app/blobs/uploads/", flags, b"");
        let location = begun.field("location").unwrap().to_owned();
        let request = format!("PUT {location}?digest={}", sha256(blob));
        assert_eq!(ask(server, &request, flags, blob).status, 201);
    }
    let image = manifest(&layer);
    let pushed = ask(
        server,
        "PUT /v2/team/app/manifests/v1",
        flags,
        image.as_bytes(),
    );
    assert_eq!(pushed.status, 201);
    image.into_bytes()
}

fn end_well(server: Server) -> String {
    server.signal("TERM");
    let ended = server.ended();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    ended.err
}

fn nanoseconds(span: &Span, member: &str) -> u64 {
    span.text(member).parse().unwrap()
}

#[test]
fn a_push_and_a_pull_are_part_of_their_callers_trace() {
    let (data, mut collector) = (Data::new("traces"), Collector::start());
    let server = start(&data, &collector.endpoint, "service = \"eu-1\"");
    let image = push(&server, "01");
    let pulled = ask(&server, "GET /v2/team/app/manifests/v1", "01", b"");
    assert!(pulled.body == image);

    let put = collector.span("PUT /v2/{name}/manifests/{reference}", |_| true);
    assert_eq!(
        (put.text("traceId"), put.text("parentSpanId")),
        (TRACE, CALLER)
    );
    assert_eq!(put.member("kind"), 2);
    for (key, value) in [
        ("http.request.method", "PUT"),
        ("http.route", "/v2/{name}/manifests/{reference}"),
        ("http.response.status_code", "201"),
        ("url.path", "/v2/team/app/manifests/v1"),
        ("server.address", "x"),
        ("client.address", "127.0.0.1"),
    ] {
        assert_eq!(put.attribute(key), Some(value), "{put:?}");
    }
    let get = collector.span("GET /v2/{name}/manifests/{reference}", |_| true);
    assert_eq!(get.attribute("request.id"), pulled.field("x-request-id"));

    // What the push asked of the database and of the disk.
    let stored = collector.span("put_manifest", |span| span.is_part_of(&put));
    assert!(nanoseconds(&stored, "startTimeUnixNano") >= nanoseconds(&put, "startTimeUnixNano"));
    assert!(nanoseconds(&stored, "endTimeUnixNano") <= nanoseconds(&put, "endTimeUnixNano"));
    let committed = collector.span("commit", |_| true);
    let upload = collector.span("PUT /v2/{name}/blobs/uploads/{session}", |upload| {
        committed.is_part_of(upload)
    });
    assert_eq!(upload.attribute("http.request.body.size"), Some("200000"));
    let path = upload.attribute("url.path");
    assert_eq!(path, Some("/v2/team/app/blobs/uploads/…"), "hazard 31");
    end_well(server);
}

#[test]
fn a_request_of_nobodys_trace_begins_one_and_the_last_are_sent_at_the_end() {
    let (data, mut collector) = (Data::new("traces-root"), Collector::start());
    let server = start(&data, &collector.endpoint, "");
    exchange(server.host(), "GET /v2/", b"").unwrap();
    exchange(server.host(), "GET /v2/none/such/manifests/v1", b"").unwrap();
    end_well(server);
    let head = collector.receive();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(
        head.contains("content-type: application/json\r\n"),
        "{head}"
    );
    let secret = format!("authorization: basic {}\r\n", SECRET.to_ascii_lowercase());
    assert!(head.contains(&secret), "{head}");
    let ping = collector.span("GET /v2/", |_| true);
    assert_eq!(
        (ping.text("traceId").len(), ping.text("parentSpanId")),
        (32, "")
    );
    let absent = collector.span("GET /v2/{name}/manifests/{reference}", |_| true);
    assert_eq!(absent.attribute("http.response.status_code"), Some("404"));
    assert_ne!(ping.text("traceId"), absent.text("traceId"));
}

#[test]
fn what_a_caller_does_not_record_is_not_recorded_here() {
    let (data, mut collector) = (Data::new("traces-unsampled"), Collector::start());
    let server = start(&data, &collector.endpoint, "");
    push(&server, "00");
    exchange(server.host(), "GET /v2/", b"").unwrap();
    end_well(server);
    let names: Vec<_> = collector.all().iter().map(Span::name).collect();
    assert_eq!(names, ["GET /v2/"]);
}

#[test]
fn a_collector_that_is_busy_gets_the_spans_later() {
    let collector = Collector::answering("503 Service Unavailable", 2);
    let (data, mut collector) = (Data::new("traces-busy"), collector);
    let mut server = start(&data, &collector.endpoint, "");
    exchange(server.host(), "GET /v2/", b"").unwrap();
    collector.span("GET /v2/", |_| true);
    let line = server.log_says(&["traces cannot be sent"]);
    assert!(line.contains("503") && !line.contains(SECRET), "{line}");
    server.log_says(&["traces are sent again"]);
}

#[test]
fn a_dead_collector_harms_nothing() {
    // One address where nobody listens, and one where nobody answers.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = dead.local_addr().unwrap();
    for address in [dead, hanging.local_addr().unwrap()] {
        let data = Data::new("traces-dead");
        let server = start(&data, &format!("http://{address}/otlp"), "");
        let image = push(&server, "01");
        for _ in 0..500 {
            let pulled = exchange(server.host(), "GET /v2/team/app/manifests/v1", b"").unwrap();
            assert!(pulled.body == image);
        }
        let figures = exchange(server.host(), "GET /metrics", b"").unwrap();
        let figures = String::from_utf8(figures.body).unwrap();
        let line = "\nregistry_trace_spans_total{outcome=\"exported\"} 0\n";
        assert!(figures.contains(line), "{figures}");
        let log = end_well(server);
        assert!(!log.contains(SECRET), "{log}");
    }
}

#[test]
fn hazard_31_a_collectors_password_is_shown_nowhere() {
    let file = File::new(
        "traces-secret",
        &format!("[traces]\nendpoint = \"http://x\"\nheaders = [\"a: {SECRET}\"]\n"),
    );
    let shown = run(&["config", "show", "--config", file.path()]);
    let line = format!("headers = [\"(hidden)\"] # {}:3:1", file.path());
    assert!(shown.out.contains(&line), "{}", shown.out);
    assert!(!shown.out.contains(SECRET), "{}", shown.out);
    let mut wrong = program(&["config", "check"]);
    let refused = end(wrong.env("REGISTRY_TRACES_HEADERS", SECRET));
    assert_eq!(refused.status.code(), Some(2));
    assert!(refused.err.contains("REGISTRY_TRACES_HEADERS") && !refused.err.contains(SECRET));
}
