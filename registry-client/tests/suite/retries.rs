//! What is tried again, how often, and after what pause.

use std::sync::Arc;
use std::time::Duration;

use registry_client::{Client, Error, Retries};
use registry_core::{Clock, Timestamp};

use crate::server::{Reply, Server, reply};
use crate::{Pauses, builder, client};

async fn patient(server: &Server) -> (Client, Pauses) {
    let pauses = Pauses::default();
    let client = builder(server).sleep(pauses.sleep()).build().unwrap();
    (client, pauses)
}

#[tokio::test]
async fn a_failure_that_may_pass_is_met_by_retries_with_growing_pauses() {
    for status in [408, 429, 500, 502, 503, 504] {
        let failure = reply(status);
        let replies = [failure.clone(), failure.clone(), failure, reply(200)];
        let server = Server::script(replies).await;
        let (client, pauses) = patient(&server).await;
        client.ping().await.unwrap();
        assert_eq!(pauses.millis(), [500, 1000, 2000], "{status}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again() {
    let server = Server::script([Reply::HangUp, Reply::HangUp, reply(200)]).await;
    let (client, pauses) = patient(&server).await;
    client.ping().await.unwrap();
    assert_eq!(pauses.millis(), [500, 1000]);
}

#[tokio::test]
async fn the_last_failure_is_the_error() {
    let server = Server::start(|_| reply(503)).await;
    let (client, pauses) = patient(&server).await;
    let error = client.ping().await.unwrap_err();
    assert_eq!(error.status().unwrap(), 503);
    assert_eq!(pauses.millis().len(), 4);
    assert_eq!(server.lines().len(), 5);
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    for status in [400, 403, 404, 405, 416, 501] {
        let server = Server::start(move |_| reply(status)).await;
        let error = client(&server).ping().await.unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        assert_eq!(server.lines().len(), 1);
    }
}

#[tokio::test]
async fn the_server_says_how_long_to_wait() {
    let wait = reply(429).header("retry-after", "7");
    let server = Server::script([wait, reply(200)]).await;
    let (client, pauses) = patient(&server).await;
    client.ping().await.unwrap();
    assert_eq!(pauses.millis(), [7000]);
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_785_585_600_000)
    }
}

#[tokio::test]
async fn the_server_says_until_when_to_wait() {
    let wait = |date| reply(503).header("retry-after", date);
    let later = wait("Sat, 01 Aug 2026 12:00:30 GMT");
    let earlier = wait("Sat, 01 Aug 2026 11:00:00 GMT");
    let server = Server::script([later, earlier, wait("soon"), reply(200)]).await;
    let pauses = Pauses::default();
    let builder = builder(&server).sleep(pauses.sleep());
    let client = builder.clock(Arc::new(Noon)).build().unwrap();
    client.ping().await.unwrap();
    assert_eq!(pauses.millis(), [30_000, 0, 2000]);
}

#[tokio::test]
async fn a_wait_beyond_patience_is_the_error() {
    let server = Server::start(|_| reply(429).header("retry-after", "61")).await;
    let (client, pauses) = patient(&server).await;
    let error = client.ping().await.unwrap_err();
    assert_eq!(error.status().unwrap(), 429);
    assert!(pauses.millis().is_empty());
}

#[tokio::test]
async fn a_failing_token_service_is_tried_again() {
    let challenge = |seen: &crate::server::Seen| {
        let host = seen.header("host").unwrap();
        reply(401).header(
            "www-authenticate",
            format!("Bearer realm=\"http://{host}/token\""),
        )
    };
    let count = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |seen| match seen.line.as_str() {
        "GET /token" => match count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => reply(503),
            _ => reply(200).body(r#"{"token":"t"}"#),
        },
        _ if seen.header("authorization").is_some() => reply(200),
        _ => challenge(seen),
    })
    .await;
    client(&server).ping().await.unwrap();
}

#[tokio::test]
async fn a_server_that_stands_still_is_left() {
    let server = Server::start(|_| Reply::Silence).await;
    let builder = builder(&server).retries(Retries::none());
    let client = builder
        .idle_timeout(Duration::from_millis(20))
        .build()
        .unwrap();
    let error = client.ping().await.unwrap_err();
    assert!(matches!(error, Error::Stalled { .. }), "{error}");
}
