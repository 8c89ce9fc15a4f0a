//! Pushing blobs.

use std::io;

use async_trait::async_trait;
use bytes::Bytes;
use registry_client::{ByteStream, Content, Error};
use registry_core::Digest;

use crate::server::{Reply, Seen, Server, reply};
use crate::{Pauses, app, builder, name};

const CONTENT: &[u8] = b"hello, blob";
const BEGIN: &str = "POST /v2/app/blobs/uploads/";

fn digest() -> Digest {
    Digest::sha256(CONTENT)
}

fn begun() -> Reply {
    reply(202).header("location", "/session?s=0")
}

fn went_on(session: u32) -> Reply {
    reply(202).header("location", format!("/session?s={session}"))
}

fn status(range: &str) -> Reply {
    reply(204)
        .header("location", "/session?s=9")
        .header("range", range)
}

fn put(session: u32) -> String {
    format!("PUT /session?s={session}&digest={}", digest())
}

async fn push(server: &Server) -> Result<(), Error> {
    app(server)
        .put_blob(&digest(), &Bytes::from_static(CONTENT))
        .await
}

async fn push_in_chunks(server: &Server, size: u64) -> Result<(), Error> {
    let client = builder(server).chunk_size(size).build().unwrap();
    let app = client.repository(&name("app"));
    app.put_blob(&digest(), &Bytes::from_static(CONTENT)).await
}

fn bodies(server: &Server) -> Vec<Bytes> {
    server.seen().into_iter().map(|seen| seen.body).collect()
}

#[tokio::test]
async fn a_blob_goes_out_in_one_post_and_one_put() {
    let server = Server::script([begun(), reply(201)]).await;
    push(&server).await.unwrap();
    assert_eq!(server.lines(), [BEGIN, &put(0)]);
    assert_eq!(bodies(&server), [&b""[..], CONTENT]);
    let lengths = server.sent("content-length");
    assert_eq!(lengths, [Some("0".to_owned()), Some("11".to_owned())]);
}

#[tokio::test]
async fn an_empty_blob_goes_out() {
    let server = Server::script([begun(), reply(201)]).await;
    let digest = Digest::sha256(b"");
    app(&server).put_blob(&digest, &Bytes::new()).await.unwrap();
    assert_eq!(server.sent("content-length")[1], Some("0".to_owned()));
}

#[tokio::test]
async fn another_algorithm_is_announced() {
    let server = Server::script([begun(), reply(201)]).await;
    let digest = Digest::sha512(CONTENT);
    let content = Bytes::from_static(CONTENT);
    app(&server).put_blob(&digest, &content).await.unwrap();
    assert_eq!(
        server.lines()[0],
        format!("{BEGIN}?digest-algorithm=sha512")
    );
}

#[tokio::test]
async fn chunks_follow_each_other_and_the_newest_location() {
    let server = Server::script([begun(), went_on(1), went_on(2), went_on(3), reply(201)]).await;
    push_in_chunks(&server, 5).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            BEGIN,
            "PATCH /session?s=0",
            "PATCH /session?s=1",
            "PATCH /session?s=2",
            &put(3)
        ]
    );
    let range = |range: &str| Some(range.to_owned());
    assert_eq!(
        server.sent("content-range"),
        [None, range("0-4"), range("5-9"), range("10-10"), None]
    );
    assert_eq!(bodies(&server).concat(), CONTENT);
}

#[tokio::test]
async fn chunks_are_as_large_as_the_registry_wants() {
    let begun = begun().header("oci-chunk-min-length", "8");
    let server = Server::script([begun, went_on(1), went_on(2), reply(201)]).await;
    push_in_chunks(&server, 5).await.unwrap();
    assert_eq!(server.sent("content-range")[1], Some("0-7".to_owned()));
}

#[tokio::test]
async fn a_broken_upload_goes_on_where_the_registry_says() {
    for broken in [Reply::HangUp, reply(503), reply(416)] {
        let replies = [begun(), broken, status("0-6"), went_on(1), reply(201)];
        let server = Server::script(replies).await;
        push(&server).await.unwrap();
        assert_eq!(
            server.lines()[2..],
            ["GET /session?s=0", "PATCH /session?s=9", &put(1)]
        );
        assert_eq!(server.sent("content-range")[3], Some("7-10".to_owned()));
        assert_eq!(&bodies(&server)[3][..], &CONTENT[7..]);
    }
}

#[tokio::test]
async fn an_upload_that_only_lacks_its_end_is_ended() {
    let server = Server::script([begun(), Reply::HangUp, status("0-10"), reply(201)]).await;
    push(&server).await.unwrap();
    assert_eq!(server.lines()[3], put(9));
    assert!(server.seen()[3].body.is_empty());
}

#[tokio::test]
async fn an_upload_whose_answer_was_lost_is_found_to_be_done() {
    let there = reply(200).body(CONTENT);
    let server = Server::script([begun(), Reply::HangUp, reply(404), there]).await;
    push(&server).await.unwrap();
    assert_eq!(
        server.lines()[3],
        format!("HEAD /v2/app/blobs/{}", digest())
    );
}

#[tokio::test]
async fn a_session_that_is_gone_or_says_nothing_begins_again() {
    for status in [
        reply(404),
        reply(405),
        status("0-0"),
        status("0-99"),
        reply(204),
    ] {
        let replies = [
            begun(),
            Reply::HangUp,
            status,
            reply(404),
            begun(),
            reply(201),
        ];
        let server = Server::script(replies).await;
        push(&server).await.unwrap();
        assert_eq!(server.lines()[4..], [BEGIN, &put(0)]);
    }
}

#[tokio::test]
async fn an_upload_that_always_breaks_ends() {
    let server = Server::start(|seen| match seen.line.as_str() {
        BEGIN => begun(),
        line if line.starts_with("PUT") => Reply::HangUp,
        _ => reply(404),
    })
    .await;
    let pauses = Pauses::default();
    let client = builder(&server).sleep(pauses.sleep()).build().unwrap();
    let app = client.repository(&name("app"));
    let error = app.put_blob(&digest(), &Bytes::from_static(CONTENT)).await;
    assert!(matches!(error, Err(Error::Connection { .. })));
    assert_eq!(pauses.millis().len(), 4);
}

#[tokio::test]
async fn a_token_that_ends_during_an_upload_is_replaced() {
    let tokens = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |seen: &Seen| {
        if seen.line.starts_with("GET /token") {
            let number = tokens.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            return reply(200).body(format!(r#"{{"token":"t{number}"}}"#));
        }
        match (seen.line.as_str(), seen.header("authorization")) {
            (BEGIN, Some("Bearer t1")) => begun(),
            (line, Some("Bearer t2")) if line.starts_with("GET /session") => status("0-3"),
            (line, Some("Bearer t2")) if line.starts_with("PATCH") => went_on(1),
            (line, Some("Bearer t2")) if line.starts_with("PUT") => reply(201),
            _ => {
                let host = seen.header("host").unwrap();
                let challenge = format!("Bearer realm=\"http://{host}/token\"");
                reply(401).header("www-authenticate", challenge)
            }
        }
    })
    .await;
    push(&server).await.unwrap();
}

#[tokio::test]
async fn a_refused_blob_is_an_error() {
    let invalid = reply(400).body(r#"{"errors":[{"code":"DIGEST_INVALID","message":"no"}]}"#);
    let server = Server::script([begun(), invalid]).await;
    let error = push(&server).await.unwrap_err();
    let Error::Answer(answer) = error else {
        panic!("{error}");
    };
    assert!(answer.has_code("DIGEST_INVALID"));
}

/// Content that promises more than it has.
struct Short(Bytes);

#[async_trait]
impl Content for Short {
    fn size(&self) -> u64 {
        self.0.len() as u64 + 1
    }

    async fn read(&self, offset: u64) -> io::Result<ByteStream> {
        self.0.read(offset).await
    }
}

/// Content that cannot be read.
struct Unreadable;

#[async_trait]
impl Content for Unreadable {
    fn size(&self) -> u64 {
        1
    }

    async fn read(&self, _: u64) -> io::Result<ByteStream> {
        Err(io::Error::other("the disk is on fire"))
    }
}

#[tokio::test]
async fn content_that_fails_is_the_error_and_not_tried_again() {
    let short = Short(Bytes::from_static(CONTENT));
    for content in [&short as &dyn Content, &Unreadable] {
        let server = Server::start(|_| begun()).await;
        let error = app(&server).put_blob(&digest(), content).await.unwrap_err();
        assert!(matches!(error, Error::Content(_)), "{error}");
        let begun = server.lines().iter().filter(|line| *line == BEGIN).count();
        assert_eq!(begun, 1);
    }
}

#[tokio::test]
async fn a_mount_that_is_refused_leaves_no_session() {
    let server = Server::script([begun(), reply(204)]).await;
    assert!(!app(&server).mount(&digest(), &name("base")).await.unwrap());
    assert_eq!(server.lines()[1], "DELETE /session?s=0");
}
