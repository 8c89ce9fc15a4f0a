//! Reading blobs.

use futures_util::TryStreamExt;
use registry_client::{Error, Repository};
use registry_core::Digest;

use crate::server::{Reply, Server, reply};
use crate::{Pauses, app, builder, impatient, name};

const CONTENT: &str = "hello, blob";

fn digest() -> Digest {
    Digest::sha256(CONTENT.as_bytes())
}

fn whole() -> Reply {
    reply(200).body(CONTENT)
}

/// What is left of the content, as a range.
fn rest(start: usize) -> Reply {
    let range = format!("bytes {start}-{}/{}", CONTENT.len() - 1, CONTENT.len());
    reply(206)
        .header("content-range", range)
        .body(&CONTENT[start..])
}

async fn read(repository: &Repository, digest: &Digest) -> Result<Vec<u8>, Error> {
    let blob = repository.blob(digest).await?;
    Ok(blob.read_all(1000).await?.to_vec())
}

#[track_caller]
fn assert_content(read: Result<Vec<u8>, Error>) {
    assert_eq!(String::from_utf8(read.unwrap()).unwrap(), CONTENT);
}

#[tokio::test]
async fn a_blob_is_read_and_verified() {
    for digest in [digest(), Digest::sha512(CONTENT.as_bytes())] {
        let server = Server::script([whole()]).await;
        let blob = app(&server).blob(&digest).await.unwrap();
        assert_eq!(blob.digest(), &digest);
        assert_eq!(blob.size(), Some(CONTENT.len() as u64));
        let chunks: Vec<_> = blob.into_stream().try_collect().await.unwrap();
        assert_eq!(chunks.concat(), CONTENT.as_bytes());
        assert_eq!(server.lines(), [format!("GET /v2/app/blobs/{digest}")]);
    }
}

#[tokio::test]
async fn a_blob_of_unknown_length_is_read_and_resumed() {
    let broken = whole().chunked().breaks_after(4);
    for rest in [rest(4).chunked(), rest(4), whole(), whole().chunked()] {
        let server = Server::script([broken.clone(), rest]).await;
        let blob = app(&server).blob(&digest()).await.unwrap();
        assert_eq!(blob.size(), None);
        assert_content(blob.read_all(1000).await.map(|bytes| bytes.to_vec()));
    }
}

#[tokio::test]
async fn an_empty_blob_is_read() {
    let server = Server::script([reply(200)]).await;
    assert_eq!(
        read(&app(&server), &Digest::sha256(b"")).await.unwrap(),
        b""
    );
}

#[tokio::test]
async fn hazard_09_a_blob_of_another_digest_does_not_end_well() {
    let server = Server::script([whole()]).await;
    let mut blob = app(&server).blob(&Digest::sha256(b"other")).await.unwrap();
    assert_eq!(blob.chunk().await.unwrap().unwrap(), CONTENT);
    let error = blob.chunk().await.unwrap_err();
    let Error::Mismatch { expected, actual } = error else {
        panic!("{error}");
    };
    assert_eq!((expected, actual), (Digest::sha256(b"other"), digest()));
}

#[tokio::test]
async fn a_broken_transfer_goes_on_where_it_broke() {
    let replies = [
        whole().breaks_after(4),
        reply(503),
        rest(4).breaks_after(3),
        Reply::HangUp,
        rest(7),
    ];
    let server = Server::script(replies).await;
    assert_content(read(&app(&server), &digest()).await);
    let range = |start| Some(format!("bytes={start}-"));
    assert_eq!(
        server.sent("range"),
        [None, range(4), range(4), range(7), range(7)]
    );
}

#[tokio::test]
async fn a_registry_without_ranges_sends_the_beginning_again() {
    let server = Server::script([whole().breaks_after(4), whole().breaks_after(2), whole()]).await;
    assert_content(read(&app(&server), &digest()).await);
}

#[tokio::test]
async fn a_transfer_that_breaks_at_its_very_end_is_whole() {
    let server = Server::script([whole().breaks_after(CONTENT.len())]).await;
    assert_content(read(&app(&server), &digest()).await);
    assert_eq!(server.lines().len(), 1);
}

#[tokio::test]
async fn breaks_take_from_the_retries_of_the_whole_transfer() {
    let server = Server::start(|_| whole().breaks_after(4)).await;
    let pauses = Pauses::default();
    let client = builder(&server).sleep(pauses.sleep()).build().unwrap();
    let error = read(&client.repository(&name("app")), &digest())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Connection { .. }), "{error}");
    assert_eq!(pauses.millis(), [500, 1000, 2000, 4000]);
    assert_eq!(server.lines().len(), 5);

    read(&impatient(&server), &digest()).await.unwrap_err();
    assert_eq!(server.lines().len(), 6);
}

#[tokio::test]
async fn a_range_that_was_not_asked_for_is_an_error() {
    for odd in [rest(5), rest(3), reply(206).body("x")] {
        let server = Server::script([whole().breaks_after(4), odd]).await;
        let error = read(&app(&server), &digest()).await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{error}");
    }
}

#[tokio::test]
async fn hazard_09_another_content_after_a_break_is_found_out() {
    let other = reply(200).body("HELLO, BLOB");
    for replies in [
        [whole().breaks_after(4), other.clone()],
        [other.breaks_after(4), rest(4)],
    ] {
        let server = Server::script(replies).await;
        let error = read(&app(&server), &digest()).await.unwrap_err();
        assert!(matches!(error, Error::Mismatch { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_blob_that_grows_after_a_break_is_an_error() {
    let longer = reply(200).body(format!("{CONTENT} and more"));
    let server = Server::script([whole().breaks_after(4), longer]).await;
    let error = read(&app(&server), &digest()).await.unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error}");
}

#[tokio::test]
async fn an_unknown_algorithm_is_refused_before_anything_is_sent() {
    let server = Server::script([]).await;
    let odd = Digest::parse("blake3:abc").unwrap();
    let error = read(&app(&server), &odd).await.unwrap_err();
    assert!(matches!(error, Error::DigestUnsupported(_)), "{error}");
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn reading_all_stops_at_the_limit() {
    let server = Server::script([whole()]).await;
    let blob = app(&server).blob(&digest()).await.unwrap();
    let error = blob.read_all(10).await.unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { limit: 10, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_head_tells_the_size() {
    let server = Server::script([whole(), reply(404)]).await;
    let app = app(&server);
    assert_eq!(app.blob_exists(&digest()).await.unwrap(), Some(11));
    assert_eq!(app.blob_exists(&digest()).await.unwrap(), None);
}
