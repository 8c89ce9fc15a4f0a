//! Redirects that stay with the registry.

use bytes::Bytes;
use registry_client::Error;
use registry_core::{Digest, MediaType, Reference};

use crate::server::{Server, reply};
use crate::{app, client};

#[tokio::test]
async fn a_read_follows_every_kind_of_redirect() {
    for status in [301, 302, 303, 307, 308] {
        let there = reply(status).header("location", "../there?a=b");
        let server = Server::script([there, reply(200)]).await;
        client(&server).ping().await.unwrap();
        assert_eq!(server.lines(), ["GET /v2/", "GET /there?a=b"], "{status}");
    }
}

#[tokio::test]
async fn redirects_without_end_are_left() {
    let server = Server::start(|_| reply(302).header("location", "/again")).await;
    let error = client(&server).ping().await.unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error}");
    assert_eq!(server.lines().len(), 6);
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_an_error() {
    for location in ["", "ftp://127.0.0.1/", "http://ann@127.0.0.1/", "http://"] {
        let answer = match location {
            "" => reply(302),
            _ => reply(302).header("location", location),
        };
        let server = Server::start(move |_| answer.clone()).await;
        let error = client(&server).ping().await.unwrap_err();
        assert!(
            matches!(error, Error::Protocol { .. }),
            "{location}: {error}"
        );
    }
}

#[tokio::test]
async fn a_push_is_repeated_where_307_and_308_lead() {
    for status in [307, 308] {
        let there = reply(status).header("location", "/there");
        let server = Server::script([there, reply(201)]).await;
        let digest = put(&server).await.unwrap();
        assert_eq!(digest, Digest::sha256(b"{}"));
        let seen = server.seen();
        assert_eq!(seen[1].line, "PUT /there");
        assert_eq!(seen[1].body, seen[0].body);
    }
}

#[tokio::test]
async fn a_push_does_not_become_a_read() {
    for status in [301, 302, 303] {
        let there = reply(status).header("location", "/there");
        let server = Server::start(move |_| there.clone()).await;
        let error = put(&server).await.unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        assert_eq!(server.lines().len(), 1);
    }
}

async fn put(server: &Server) -> Result<Digest, Error> {
    let reference = Reference::parse("v1").unwrap();
    let bytes = Bytes::from_static(b"{}");
    app(server)
        .put_manifest(&reference, &MediaType::OCI_MANIFEST, bytes)
        .await
}
