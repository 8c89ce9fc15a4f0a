//! Each fault, as a client meets it.

use std::time::Duration;

use registry_server::testing::{BlockingTestRegistry, Fault, On, Pushed, TestRegistry};
use reqwest::{
    Method,
    blocking::{Client, Response},
};

const LAYER: &[u8] = b"layer one";

struct Fixture {
    registry: BlockingTestRegistry,
    image: Pushed,
    client: Client,
}

impl Fixture {
    fn new() -> Self {
        let registry = TestRegistry::builder().seed(7).blocking();
        let image = registry.push_image("team/app", "v1", &[LAYER]);
        Self {
            registry,
            image,
            client: Client::new(),
        }
    }

    fn fault(on: On, fault: Fault) -> Self {
        let fixture = Self::new();
        fixture.registry.fault(on, fault);
        fixture
    }

    fn get(&self, path: &str) -> reqwest::Result<Response> {
        self.client
            .get(format!("{}/v2/{path}", self.registry.url()))
            .send()
    }

    fn layer(&self) -> reqwest::Result<Response> {
        self.get(&format!("team/app/blobs/{}", self.image.layers()[0]))
    }
}

#[test]
fn a_status_with_headers_and_body_stands_for_the_answer() {
    let fixture = Fixture::fault(On::get_manifest().times(1), Fault::too_many_requests(7));
    let answer = fixture.get("team/app/manifests/v1").unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    assert!(answer.text().unwrap().contains("TOOMANYREQUESTS"));
    assert_eq!(fixture.get("team/app/manifests/v1").unwrap().status(), 200);
    fixture
        .registry
        .fault(On::any(), Fault::answer(503, &[("x-why", "test")], "down"));
    let answer = fixture.get("").unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-why"]),
        (503, &"test".parse().unwrap())
    );
    assert_eq!(answer.text().unwrap(), "down");
    fixture.registry.clear_faults();
    assert_eq!(fixture.get("").unwrap().status(), 200);
}

#[test]
fn a_connection_is_dropped_before_the_answer() {
    let fixture = Fixture::fault(On::get_blob(), Fault::drop_before());
    assert!(fixture.layer().is_err());
    let requests = fixture.registry.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.status().as_u16() == 444 && request.faulted())
    );
    assert!(!requests.is_empty());
}

#[test]
fn a_connection_is_dropped_within_the_body() {
    use std::io::Read;
    let fixture = Fixture::fault(On::get_blob(), Fault::drop_after(4));
    let mut answer = fixture.layer().unwrap();
    assert_eq!(answer.content_length(), Some(9));
    let mut arrived = Vec::new();
    assert!(answer.read_to_end(&mut arrived).is_err());
    assert_eq!(arrived, b"laye");
}

#[test]
fn content_is_truncated_in_a_whole_answer() {
    let fixture = Fixture::fault(On::get_blob(), Fault::truncate(4));
    let answer = fixture.layer().unwrap();
    assert_eq!(answer.content_length(), Some(4));
    assert_eq!(answer.bytes().unwrap(), &LAYER[..4]);
}

#[test]
fn content_is_corrupted_or_misnamed() {
    let fixture = Fixture::fault(On::get_blob().times(1), Fault::corrupt());
    let bytes = fixture.layer().unwrap().bytes().unwrap();
    assert_eq!((bytes.len(), &bytes[1..]), (LAYER.len(), &LAYER[1..]));
    assert_ne!(bytes[0], LAYER[0]);
    fixture
        .registry
        .fault(On::get_blob().times(1), Fault::wrong_digest());
    let answer = fixture.layer().unwrap();
    assert_ne!(
        answer.headers()["docker-content-digest"],
        fixture.image.layers()[0].as_str()
    );
    assert_eq!(answer.bytes().unwrap(), LAYER);
    fixture
        .registry
        .fault(On::get_manifest(), Fault::content_type("text/html"));
    let answer = fixture.get("team/app/manifests/v1").unwrap();
    assert_eq!(answer.headers()["content-type"], "text/html");
    assert_eq!(answer.bytes().unwrap(), fixture.image.manifest());
}

#[test]
fn answers_are_late_or_slow_and_whole() {
    let pause = Duration::from_millis(1);
    let fixture = Fixture::fault(On::get_blob(), Fault::drip(2, pause));
    assert_eq!(fixture.layer().unwrap().bytes().unwrap(), LAYER);
    fixture
        .registry
        .fault(On::ping(), Fault::latency(Duration::from_secs(60)));
    let hasty = Client::builder()
        .timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let url = format!("{}/v2/", fixture.registry.url());
    assert!(hasty.get(url).send().unwrap_err().is_timeout());
}

#[test]
fn faults_are_chosen_by_method_route_repository_and_count() {
    let fixture = Fixture::new();
    fixture.registry.push_image("team/other", "v1", &[LAYER]);
    let manifest = On::get_manifest().repository("team/app").after(1).times(2);
    fixture.registry.fault(manifest, Fault::status(500));
    let get = |path: &str| fixture.get(path).unwrap().status().as_u16();
    assert_eq!(get("team/other/manifests/v1"), 200);
    let own: Vec<_> = (0..4).map(|_| get("team/app/manifests/v1")).collect();
    assert_eq!(own, [200, 500, 500, 200]);
    fixture
        .registry
        .fault(On::any().method(Method::HEAD), Fault::status(502));
    assert_eq!(get("team/app/tags/list"), 200);
    let url = format!("{}/v2/", fixture.registry.url());
    assert_eq!(fixture.client.head(url).send().unwrap().status(), 502);
}

#[test]
fn a_fault_with_a_probability_is_the_same_for_the_same_seed() {
    let run = || {
        let fixture = Fixture::fault(On::tags().probability(0.5), Fault::status(500));
        let status = |_| fixture.get("team/app/tags/list").unwrap().status().as_u16();
        (0..32).map(status).collect::<Vec<_>>()
    };
    let first = run();
    assert_eq!(first, run());
    let failed = first.iter().filter(|status| **status == 500).count();
    assert!((4..28).contains(&failed), "{failed} of 32");
}
