//! Test registries with users, policies, TLS, clocks and settings of their own.

use std::{net::TcpStream, time::Duration};

use registry_core::{References, Settings};
use registry_server::testing::TestRegistry;
use registry_storage::ManualClock;
use reqwest::{Certificate, blocking::Client};

#[test]
fn users_sign_in_by_basic_authentication() {
    let registry = TestRegistry::builder().user("ada", "secret").blocking();
    registry.push_image("team/app", "v1", &[b"layer"]);
    let url = format!("{}/v2/team/app/manifests/v1", registry.url());
    let client = Client::new();
    let answer = client.get(&url).send().unwrap();
    assert_eq!(answer.status(), 401);
    assert!(
        answer.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Basic ")
    );
    assert_eq!(
        client
            .get(&url)
            .basic_auth("ada", Some("wrong"))
            .send()
            .unwrap()
            .status(),
        401
    );
    assert_eq!(
        client
            .get(&url)
            .basic_auth("ada", Some("secret"))
            .send()
            .unwrap()
            .status(),
        200
    );
}

#[test]
fn a_read_only_registry_is_preloaded_and_takes_no_push() {
    let registry = TestRegistry::builder()
        .read_only()
        .user("ada", "secret")
        .blocking();
    registry.push_image("team/app", "v1", &[b"layer"]);
    let client = Client::new();
    let url = format!("{}/v2/team/app", registry.url());
    assert_eq!(
        client
            .get(format!("{url}/tags/list"))
            .send()
            .unwrap()
            .status(),
        200
    );
    let push = client
        .post(format!("{url}/blobs/uploads/"))
        .basic_auth("ada", Some("secret"));
    assert_eq!(push.send().unwrap().status(), 403);
}

#[test]
fn a_clock_and_settings_of_its_own_rule_the_engine() {
    let clock = ManualClock::default();
    let settings = Settings {
        references: References::Sparse,
        ..Settings::default()
    };
    let registry = TestRegistry::builder()
        .clock(clock.clone())
        .settings(settings)
        .blocking();
    let client = Client::new();
    let uploads = format!("{}/v2/team/app/blobs/uploads/", registry.url());
    let begun = client.post(&uploads).send().unwrap();
    let location = format!(
        "{}{}",
        registry.url(),
        begun.headers()["location"].to_str().unwrap()
    );
    assert_eq!(client.get(&location).send().unwrap().status(), 204);
    clock.advance(registry.engine().settings().upload_expiry + Duration::from_secs(1));
    assert_eq!(client.get(&location).send().unwrap().status(), 404);
    assert_eq!(registry.engine().settings().references, References::Sparse);
}

#[test]
fn https_is_served_under_an_authority_of_its_own() {
    let registry = TestRegistry::builder().tls().blocking();
    registry.push_image("team/app", "v1", &[b"layer"]);
    assert!(registry.url().starts_with("https://127.0.0.1:"));
    let url = format!("{}/v2/team/app/tags/list", registry.url());
    let authority = registry.authority_pem().unwrap();
    let authority = Certificate::from_pem(authority.as_bytes()).unwrap();
    let trusting = Client::builder()
        .tls_certs_only([authority])
        .build()
        .unwrap();
    assert_eq!(trusting.get(&url).send().unwrap().status(), 200);
    assert!(Client::new().get(&url).send().is_err());
    assert!(TestRegistry::blocking().authority_pem().is_none());
}

#[test]
fn a_thousand_registries_leak_no_thread_and_no_port() {
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    // Other tests run beside this one: what counts is that nothing grows with the rounds.
    let before = (threads(), files());
    for _ in 0..1000 {
        let registry = TestRegistry::blocking();
        let host = registry.host().to_owned();
        let held = TcpStream::connect(&host).unwrap();
        drop(registry);
        assert!(TcpStream::connect(&host).is_err(), "the port is closed");
        drop(held);
    }
    let after = (threads(), files());
    assert!(
        after.0 < before.0 + 100 && after.1 < before.1 + 200,
        "{before:?} {after:?}"
    );
}

#[tokio::test]
async fn it_answers_while_the_tests_own_runtime_is_blocked() {
    let registry = TestRegistry::start().await;
    let url = format!("{}/v2/", registry.url());
    let answer = std::thread::spawn(move || reqwest::blocking::get(url).unwrap().status());
    assert_eq!(answer.join().unwrap(), 200);
}
