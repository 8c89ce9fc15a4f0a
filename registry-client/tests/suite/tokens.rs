//! The token flow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::join_all;
use registry_client::{Client, Error, Limits};
use registry_core::{Clock, Digest, Timestamp};

use crate::server::{Reply, Seen, Server, reply};
use crate::{BASIC, app, builder, client, name, secret};

const CHALLENGE: &str = "Bearer realm=\"http://HOST/token\",service=\"the registry\"";

/// A registry with its token service: a request with a token that was handed out is answered by 200.
/// Token number n is `tn`; `refused` tokens are not taken.
async fn registry(refused: &'static [&'static str]) -> Server {
    registry_with(CHALLENGE, refused, r#"{"token":"TOKEN","expires_in":300}"#).await
}

async fn registry_with(
    challenge: &'static str,
    refused: &'static [&'static str],
    token: &'static str,
) -> Server {
    let handed_out = AtomicU64::new(0);
    Server::start(move |seen| {
        if seen.line.starts_with("GET /token") {
            let number = handed_out.fetch_add(1, Ordering::Relaxed) + 1;
            return reply(200).body(token.replace("TOKEN", &format!("t{number}")));
        }
        let authorization = seen.header("authorization").unwrap_or_default();
        let known = authorization.strip_prefix("Bearer t").is_some();
        if known && !refused.contains(&authorization) {
            return found(seen);
        }
        let challenge = challenge.replace("HOST", seen.header("host").unwrap());
        reply(401).header("www-authenticate", challenge)
    })
    .await
}

fn found(seen: &Seen) -> Reply {
    let created = seen.line.starts_with("POST");
    reply(if created { 201 } else { 200 })
        .header("content-length", if created { 0 } else { 5 })
        .body(if seen.line.starts_with("GET /v2/app/blobs") {
            "hello"
        } else {
            ""
        })
}

fn ann(server: &Server) -> Client {
    let builder = builder(server).credentials("ann", secret());
    builder.build().unwrap()
}

async fn pull(client: &Client, repository: &str) -> Result<(), Error> {
    let repository = client.repository(&name(repository));
    let digest = Digest::sha256(b"hello");
    repository.blob_exists(&digest).await.map(drop)
}

const TOKEN_OF_APP: &str =
    "GET /token?service=the%20registry&account=ann&scope=repository:app:pull";

fn head(repository: &str) -> String {
    format!("HEAD /v2/{repository}/blobs/{}", Digest::sha256(b"hello"))
}

#[tokio::test]
async fn a_token_is_fetched_for_the_scope_with_the_credentials() {
    let server = registry(&[]).await;
    pull(&ann(&server), "app").await.unwrap();

    assert_eq!(server.lines(), [&head("app"), TOKEN_OF_APP, &head("app")]);
    assert_eq!(
        server.sent("authorization"),
        [None, Some(BASIC.to_owned()), Some("Bearer t1".to_owned())]
    );
}

#[tokio::test]
async fn without_credentials_an_anonymous_token_is_fetched() {
    let server = registry(&[]).await;
    pull(&client(&server), "app").await.unwrap();

    let token = &server.seen()[1];
    assert_eq!(token.line, TOKEN_OF_APP.replace("&account=ann", ""));
    assert_eq!(token.header("authorization"), None);
}

#[tokio::test]
async fn a_token_is_kept_for_its_scope() {
    let server = registry(&[]).await;
    let client = ann(&server);
    for repository in ["app", "app", "other", "app"] {
        pull(&client, repository).await.unwrap();
    }

    let sent: Vec<_> = server.sent("authorization").into_iter().flatten().collect();
    let expected = [
        BASIC,
        "Bearer t1",
        "Bearer t1",
        BASIC,
        "Bearer t2",
        "Bearer t1",
    ];
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn parallel_requests_fetch_one_token() {
    let server = registry(&[]).await;
    let client = ann(&server);
    let pulls = join_all((0..8).map(|_| pull(&client, "app"))).await;

    assert!(pulls.iter().all(Result::is_ok));
    let tokens = server
        .lines()
        .into_iter()
        .filter(|line| line == TOKEN_OF_APP);
    assert_eq!(tokens.count(), 1);
}

#[derive(Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn a_token_is_replaced_before_it_ends() {
    let server = registry(&[]).await;
    let clock = Arc::new(Hand::default());
    let builder = builder(&server).credentials("ann", secret());
    let client = builder.clock(clock.clone()).build().unwrap();

    for seconds in [0, 269, 270, 271] {
        clock.0.store(seconds * 1000, Ordering::Relaxed);
        pull(&client, "app").await.unwrap();
    }

    let sent: Vec<_> = server.sent("authorization").into_iter().flatten().collect();
    let expected = [
        BASIC,
        "Bearer t1",
        "Bearer t1",
        BASIC,
        "Bearer t2",
        "Bearer t2",
    ];
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_token_that_is_refused_when_it_is_used_again_is_replaced() {
    let server = registry(&["Bearer t2"]).await;
    let client = ann(&server);
    pull(&client, "app").await.unwrap();
    pull(&client, "other").await.unwrap();
    let sent = server.sent("authorization").split_off(3);
    let sent: Vec<_> = sent.into_iter().flatten().collect();
    assert_eq!(sent, [BASIC, "Bearer t2", BASIC, "Bearer t3"]);
}

#[tokio::test]
async fn a_new_token_that_is_refused_is_the_end() {
    let server = registry(&["Bearer t1", "Bearer t2", "Bearer t3"]).await;
    let client = ann(&server);
    for requests in [3, 6] {
        let error = pull(&client, "app").await.unwrap_err();
        assert_eq!(error.status().unwrap(), 401);
        assert_eq!(server.lines().len(), requests);
    }
}

#[tokio::test]
async fn a_scope_that_the_challenge_names_is_asked_for_too() {
    let challenge = "Basic realm=x, Bearer realm=\"http://HOST/token\",\
                     scope=\"repository:library/app:pull repository:app:pull\"";
    let server = registry_with(challenge, &[], r#"{"access_token":"TOKEN"}"#).await;
    pull(&client(&server), "app").await.unwrap();

    assert_eq!(
        server.lines()[1],
        "GET /token?scope=repository:app:pull&scope=repository:library/app:pull"
    );
}

#[tokio::test]
async fn a_mount_needs_a_token_of_two_scopes() {
    let server = registry(&[]).await;
    let app = app(&server);
    let digest = Digest::sha256(b"hello");
    assert!(app.mount(&digest, &name("base")).await.unwrap());

    let lines = server.lines();
    assert_eq!(
        lines[0],
        format!("POST /v2/app/blobs/uploads/?mount={digest}&from=base")
    );
    assert!(lines[1].ends_with("&scope=repository:app:pull,push&scope=repository:base:pull"));
}

#[tokio::test]
async fn an_answer_that_is_no_token_is_an_error_that_does_not_show_it() {
    let too_long = format!("{{\"token\":\"{}\"}}", "x".repeat(300_000));
    let too_long: &'static str = too_long.leak();
    for answer in [
        "",
        "{}",
        r#"{"token":""}"#,
        r#"{"token":"secret\r\nHost: evil"}"#,
        r#"{"token":"secret""#,
        too_long,
    ] {
        let server = registry_with(CHALLENGE, &[], answer).await;
        let error = pull(&ann(&server), "app").await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(
            matches!(error, Error::SignIn { .. } | Error::TooLarge { .. }),
            "{shown}"
        );
        assert!(
            !shown.contains("secret") && !shown.contains("s3cret"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn the_limit_of_a_token_is_a_setting() {
    let server = registry(&[]).await;
    let limits = Limits {
        token: 10,
        ..Limits::default()
    };
    let client = builder(&server).limits(limits).build().unwrap();
    let error = pull(&client, "app").await.unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { limit: 10, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_refusal_of_the_token_service_is_the_error() {
    let server = Server::start(|seen| match seen.line.starts_with("GET /token") {
        true => reply(403).body(r#"{"errors":[{"code":"DENIED","message":"no ann here"}]}"#),
        false => reply(401).header(
            "www-authenticate",
            CHALLENGE.replace("HOST", seen.header("host").unwrap()),
        ),
    })
    .await;
    let error = pull(&ann(&server), "app").await.unwrap_err();
    let expected = format!(
        "{} answered 403 Forbidden; DENIED: no ann here",
        server.host()
    );
    assert_eq!(error.to_string(), expected);
}
