//! Requests that come too fast, or too many at once.

use std::sync::Arc;

use registry_core::Settings;
use registry_server::RateLimits;
use registry_storage::memory;

use crate::support::{Harness, People, Rooms, basic};

async fn limited(limits: RateLimits) -> Harness {
    Harness::with(Settings::default(), |service| service.rate_limits(limits)).await
}

#[tokio::test]
async fn nothing_is_limited_unless_it_is_set() {
    let harness = limited(RateLimits::default()).await;
    let client = harness.client();
    for _ in 0..100 {
        client.get("/v2/").await.expect(200);
    }
}

#[tokio::test]
async fn hazard_32_an_address_that_asks_too_fast_is_told_when_to_come_back() {
    let harness = limited(RateLimits {
        per_address: Some("3/h".parse().unwrap()),
        ..RateLimits::default()
    })
    .await;
    let client = harness.client();
    for _ in 0..3 {
        client.get("/v2/").await.expect(200);
    }
    let reply = client.get("/v2/").await;
    let reply = reply.expect_error(429, "TOOMANYREQUESTS");
    let wait: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=1201).contains(&wait), "{wait}");
}

#[tokio::test]
async fn an_exempt_network_has_no_rate() {
    let harness = limited(RateLimits {
        per_address: Some("1/h".parse().unwrap()),
        exempt: vec!["127.0.0.0/8".parse().unwrap()],
        ..RateLimits::default()
    })
    .await;
    let client = harness.client();
    for _ in 0..10 {
        client.get("/v2/").await.expect(200);
    }
}

#[tokio::test]
async fn hazard_32_guessing_passwords_is_limited_by_address() {
    let registry = memory::builder().policy(Rooms).build().await.unwrap();
    let harness = Harness::serve(registry, |service| {
        service
            .authenticator(Arc::new(People))
            .rate_limits(RateLimits {
                per_address: Some("5/h".parse().unwrap()),
                ..RateLimits::default()
            })
    });
    let client = harness.client().with("authorization", "Basic YW5uOmJhZA==");
    for _ in 0..5 {
        client.get("/v2/").await.expect(401);
    }
    client
        .get("/v2/")
        .await
        .expect_error(429, "TOOMANYREQUESTS");
}

#[tokio::test]
async fn a_caller_has_a_rate_of_its_own() {
    let registry = memory::builder().policy(Rooms).build().await.unwrap();
    let harness = Harness::serve(registry, |service| {
        service
            .authenticator(Arc::new(People))
            .rate_limits(RateLimits {
                per_caller: Some("2/h".parse().unwrap()),
                ..RateLimits::default()
            })
    });
    let ann = harness.client().with("authorization", &basic("ann"));
    for _ in 0..2 {
        ann.get("/v2/").await.expect(200);
    }
    ann.get("/v2/").await.expect_error(429, "TOOMANYREQUESTS");
    let bob = harness.client().with("authorization", &basic("bob"));
    bob.get("/v2/").await.expect(200);
    for _ in 0..5 {
        harness.client().get("/v2/").await.expect(401);
    }
}

#[tokio::test]
async fn hazard_32_more_requests_at_once_than_there_are_places_are_refused() {
    let harness = limited(RateLimits {
        concurrent: Some(1),
        ..RateLimits::default()
    })
    .await;
    let client = harness.client();
    let location = client.begin("team/app").await;
    let mut upload = client.connect().await;
    let head = format!(
        "PATCH {location} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n"
    );
    upload.write(head.as_bytes()).await;
    upload.head().await.expect(100);
    let reply = client.get("/v2/").await;
    let reply = reply.expect_error(503, "UNAVAILABLE");
    assert_eq!(reply.header("retry-after"), "5");
    upload.write(b"x").await;
    upload.reply(false).await.expect(202);
    client.get("/v2/").await.expect(200);
}
