//! Where credentials go, and where they do not.

use registry_client::{Client, Error};
use registry_core::{Digest, Reference};

use crate::server::{Server, reply};
use crate::{BASIC, builder, client, name, secret};

fn ann(server: &Server) -> Client {
    let builder = builder(server).credentials("ann", secret());
    builder.build().unwrap()
}

/// A registry that wants the `Authorization` given, and else answers 401 with the challenge.
async fn registry(challenge: String, wanted: &'static str) -> Server {
    Server::start(move |seen| match seen.header("authorization") {
        Some(authorization) if authorization == wanted => reply(200),
        _ => reply(401).header("www-authenticate", &challenge),
    })
    .await
}

/// Somebody else's server, which answers everything as if it were a token service.
async fn stranger() -> Server {
    Server::start(|_| reply(200).body(r#"{"token":"t"}"#)).await
}

fn bearer(host: &str) -> String {
    format!("Bearer realm=\"http://{host}/token\"")
}

#[tokio::test]
async fn nothing_is_sent_before_a_challenge() {
    let server = Server::script([reply(200)]).await;
    ann(&server).ping().await.unwrap();
    assert_eq!(server.sent("authorization"), [None]);
}

#[tokio::test]
async fn a_basic_challenge_is_answered_and_remembered() {
    let server = registry("Negotiate, Basic realm=\"r\"".to_owned(), BASIC).await;
    let client = ann(&server);
    client.ping().await.unwrap();
    client.ping().await.unwrap();
    let basic = Some(BASIC.to_owned());
    assert_eq!(server.sent("authorization"), [None, basic.clone(), basic]);
}

#[tokio::test]
async fn refused_credentials_are_sent_once_for_each_request() {
    let server = registry("Basic realm=\"r\"".to_owned(), "never").await;
    let client = ann(&server);
    for requests in [2, 3] {
        let error = client.ping().await.unwrap_err();
        assert_eq!(error.status().unwrap(), 401);
        assert_eq!(server.lines().len(), requests);
    }
}

#[tokio::test]
async fn without_credentials_a_basic_challenge_is_an_error() {
    let server = registry("Basic realm=\"r\"".to_owned(), BASIC).await;
    let error = client(&server).ping().await.unwrap_err();
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn hazard_30_a_realm_on_another_host_is_not_even_asked() {
    let stranger = stranger().await;
    let server = registry(bearer(&stranger.host()), "Bearer t").await;
    for client in [ann(&server), client(&server)] {
        let error = client.ping().await.unwrap_err();
        let Error::TokenHost { host, registry } = error else {
            panic!("{error}");
        };
        assert_eq!((host, registry), (stranger.host(), server.host()));
    }
    assert!(stranger.seen().is_empty());
}

#[tokio::test]
async fn hazard_30_the_own_host_written_otherwise_is_another_host() {
    let stranger = stranger().await;
    let server = Server::start({
        let stranger = stranger.host();
        move |seen| {
            let own = seen.header("host").unwrap();
            let realm = format!("Bearer realm=\"http://{own}@{stranger}/token\"");
            reply(401).header("www-authenticate", realm)
        }
    })
    .await;
    let error = ann(&server).ping().await.unwrap_err();
    assert!(matches!(error, Error::SignIn { .. }), "{error}");
    assert!(stranger.seen().is_empty());
}

#[tokio::test]
async fn an_allowed_token_host_gets_the_credentials() {
    let auth = stranger().await;
    let server = registry(bearer(&auth.host()), "Bearer t").await;
    let builder = builder(&server).credentials("ann", secret());
    let client = builder.token_host(auth.host()).build().unwrap();
    client.ping().await.unwrap();
    assert_eq!(auth.sent("authorization"), [Some(BASIC.to_owned())]);
    assert_eq!(
        server.sent("authorization"),
        [None, Some("Bearer t".to_owned())]
    );
}

#[tokio::test]
async fn where_the_realm_is_refused_a_basic_challenge_beside_it_is_answered() {
    let stranger = stranger().await;
    let challenge = format!("{}, Basic realm=\"r\"", bearer(&stranger.host()));
    let server = registry(challenge, BASIC).await;
    ann(&server).ping().await.unwrap();
    assert!(stranger.seen().is_empty());
}

#[tokio::test]
async fn hazard_30_a_redirect_of_the_token_service_is_not_followed() {
    let stranger = stranger().await;
    let elsewhere = format!("{}/token", stranger.url());
    let server = Server::start(move |seen| match seen.line.as_str() {
        "GET /v2/" => reply(401).header("www-authenticate", bearer(seen.header("host").unwrap())),
        _ => reply(307).header("location", &elsewhere),
    })
    .await;
    let error = ann(&server).ping().await.unwrap_err();
    assert!(matches!(error, Error::SignIn { .. }), "{error}");
    assert!(stranger.seen().is_empty());
}

#[tokio::test]
async fn hazard_30_a_redirect_to_another_host_carries_no_credential() {
    let store = Server::start(|_| reply(200).body("hello")).await;
    let elsewhere = format!("{}/object?signature=1", store.url());
    let server = Server::start(move |seen| match seen.header("authorization") {
        Some(_) => reply(307).header("location", &elsewhere),
        None => reply(401).header("www-authenticate", "Basic realm=\"r\""),
    })
    .await;
    let app = ann(&server).repository(&name("app"));
    let blob = app.blob(&Digest::sha256(b"hello")).await.unwrap();
    assert_eq!(&blob.read_all(10).await.unwrap()[..], b"hello");
    assert_eq!(store.lines(), ["GET /object?signature=1"]);
    assert_eq!(store.sent("authorization"), [None]);
}

#[tokio::test]
async fn hazard_30_a_redirect_that_comes_back_carries_no_credential() {
    let stranger = Server::start(|seen| {
        let (_, back) = seen.line.split_once("/?back=").unwrap();
        reply(307).header("location", format!("http://{back}/v2/private/tags/list"))
    })
    .await;
    let away = stranger.url();
    let registry = Server::start(move |seen| match seen.header("authorization") {
        _ if seen.line.contains("private") => reply(200),
        Some(_) => {
            let own = seen.header("host").unwrap();
            reply(307).header("location", format!("{away}/?back={own}"))
        }
        None => reply(401).header("www-authenticate", "Basic realm=\"r\""),
    })
    .await;
    ann(&registry).ping().await.unwrap();
    let basic = Some(BASIC.to_owned());
    assert_eq!(registry.sent("authorization"), [None, basic, None]);
    assert_eq!(stranger.sent("authorization"), [None]);
}

#[tokio::test]
async fn hazard_30_a_challenge_of_another_host_is_not_answered() {
    let store = registry("Basic realm=\"r\"".to_owned(), BASIC).await;
    let elsewhere = store.url();
    let server = Server::start(move |_| reply(307).header("location", &elsewhere)).await;
    let error = ann(&server).ping().await.unwrap_err();
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(store.sent("authorization"), [None]);
    assert_eq!(server.sent("authorization"), [None]);
}

#[tokio::test]
async fn hazard_30_an_upload_to_another_host_carries_no_credential() {
    let store = Server::start(|_| reply(201)).await;
    let elsewhere = format!("{}/upload?signature=1", store.url());
    let server = Server::start(move |seen| match seen.header("authorization") {
        Some(_) => reply(202).header("location", &elsewhere),
        None => reply(401).header("www-authenticate", "Basic realm=\"r\""),
    })
    .await;
    let app = ann(&server).repository(&name("app"));
    let digest = Digest::sha256(b"hello");
    let content = bytes::Bytes::from_static(b"hello");
    app.put_blob(&digest, &content).await.unwrap();
    assert_eq!(
        store.lines(),
        [format!("PUT /upload?signature=1&digest={digest}")]
    );
    assert_eq!(store.sent("authorization"), [None]);
}

#[tokio::test]
async fn hazard_30_a_list_does_not_lead_to_another_host() {
    let stranger = stranger().await;
    let link = format!("<{}/v2/app/tags/list>; rel=next", stranger.url());
    let server =
        Server::start(move |_| reply(200).header("link", &link).body(r#"{"tags":[]}"#)).await;
    let app = ann(&server).repository(&name("app"));
    let error = app.tags().next_page().await.unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error}");
    assert!(stranger.seen().is_empty());
}

#[tokio::test]
async fn hazard_31_no_error_shows_the_query_of_an_address() {
    let server = Server::start(|_| {
        reply(307).header("location", "/v2/app/manifests/v1?X-Amz-Signature=s3cret")
    })
    .await;
    let app = client(&server).repository(&name("app"));
    let error = app
        .manifest(&Reference::parse("v1").unwrap())
        .await
        .unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}

#[tokio::test]
async fn hazard_31_the_words_of_a_registry_are_fit_for_a_log() {
    let message = format!("no\\u001b[31m\\n{}", "x".repeat(5000));
    let body = format!(r#"{{"errors":[{{"code":"DENIED","message":"{message}","detail":[1]}}]}}"#);
    let server = Server::start(move |_| reply(403).body(body.clone())).await;
    let error = client(&server).ping().await.unwrap_err();
    let Error::Answer(answer) = &error else {
        panic!("{error}");
    };
    assert!(answer.has_code("DENIED"));
    assert!(answer.errors()[0].message().starts_with("no[31mx"));
    assert!(error.to_string().len() < 500 && !error.to_string().contains('\n'));
}
