//! Manifests: verified in both directions.

use bytes::Bytes;
use registry_client::{Error, Limits};
use registry_core::{Descriptor, Digest, MediaType, Reference, Tag};

use crate::server::{Reply, Server, reply};
use crate::{app, builder, name};

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

fn tag() -> Reference {
    Reference::parse("v1").unwrap()
}

fn manifest(body: &'static str) -> Reply {
    reply(200).header("content-type", OCI).body(body)
}

fn digest_header(reply: Reply, digest: &Digest) -> Reply {
    reply.header("docker-content-digest", digest)
}

#[tokio::test]
async fn a_manifest_comes_with_its_type_and_digest() {
    for digest in [Digest::sha256(b"{}"), Digest::sha512(b"{}")] {
        let server = Server::script([digest_header(manifest("{}"), &digest)]).await;
        let manifest = app(&server).manifest(&tag()).await.unwrap();
        assert_eq!(manifest.digest, digest);
        assert_eq!(manifest.media_type, MediaType::OCI_MANIFEST);
        assert_eq!(&manifest.bytes[..], b"{}");
        let seen = &server.seen()[0];
        assert_eq!(seen.line, "GET /v2/app/manifests/v1");
        assert!(seen.header("accept").unwrap().contains(OCI));
    }
}

#[tokio::test]
async fn hazard_09_a_manifest_of_another_digest_is_an_error() {
    let (right, wrong) = (Digest::sha256(b"{}"), Digest::sha256(b"other"));
    let cases = [
        (tag(), digest_header(manifest("{}"), &wrong)),
        (wrong.clone().into(), manifest("{}")),
        (wrong.clone().into(), digest_header(manifest("{}"), &right)),
        (
            Digest::sha512(b"other").into(),
            digest_header(manifest("{}"), &right),
        ),
    ];
    for (reference, answer) in cases {
        let server = Server::script([answer]).await;
        let error = app(&server).manifest(&reference).await.unwrap_err();
        assert!(matches!(error, Error::Mismatch { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_registry_that_gives_no_digest_is_not_believed_less() {
    let server = Server::script([manifest("{}")]).await;
    let manifest = app(&server).manifest(&tag()).await.unwrap();
    assert_eq!(manifest.digest, Digest::sha256(b"{}"));
}

#[tokio::test]
async fn an_absent_manifest_is_not_found() {
    let unknown = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no v1"}]}"#;
    let server = Server::start(move |_| reply(404).body(unknown)).await;
    let error = app(&server).manifest(&tag()).await.unwrap_err();
    assert!(error.is_not_found());
    assert!(
        app(&server)
            .manifest_exists(&tag())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn hazard_32_a_manifest_beyond_the_limit_is_not_taken() {
    let long = manifest("{     }");
    let server = Server::script([long.clone(), long.chunked(), manifest("{    }")]).await;
    let limits = Limits {
        manifest: 6,
        ..Limits::default()
    };
    let client = builder(&server).limits(limits).build().unwrap();
    let app = client.repository(&name("app"));
    for _ in 0..2 {
        let error = app.manifest(&tag()).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 6, .. }), "{error}");
    }
    app.manifest(&tag()).await.unwrap();
}

#[tokio::test]
async fn an_answer_without_a_type_or_with_a_bad_digest_is_an_error() {
    let untyped = reply(200).body("{}");
    let odd = manifest("{}").header("docker-content-digest", "sha256:1");
    for answer in [untyped, odd] {
        let server = Server::script([answer]).await;
        let error = app(&server).manifest(&tag()).await.unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_head_tells_type_digest_and_size() {
    let digest = Digest::sha256(b"{}");
    let server = Server::script([digest_header(manifest("{}"), &digest)]).await;
    let found = app(&server).manifest_exists(&tag()).await.unwrap();
    assert_eq!(
        found,
        Some(Descriptor::new(MediaType::OCI_MANIFEST, digest, 2))
    );
    assert_eq!(server.lines(), ["HEAD /v2/app/manifests/v1"]);
}

async fn put(server: &Server, reference: &Reference) -> Result<Digest, Error> {
    let bytes = Bytes::from_static(b"{}");
    app(server)
        .put_manifest(reference, &MediaType::OCI_MANIFEST, bytes)
        .await
}

#[tokio::test]
async fn a_push_sends_bytes_and_type_and_returns_the_digest() {
    let digest = Digest::sha512(b"{}");
    let server = Server::script([digest_header(reply(201), &digest), reply(201)]).await;
    assert_eq!(put(&server, &digest.clone().into()).await.unwrap(), digest);
    assert_eq!(put(&server, &tag()).await.unwrap(), Digest::sha256(b"{}"));
    let seen = &server.seen()[0];
    assert_eq!(seen.line, format!("PUT /v2/app/manifests/{digest}"));
    assert_eq!(seen.header("content-type"), Some(OCI));
    assert_eq!(&seen.body[..], b"{}");
}

#[tokio::test]
async fn hazard_09_a_push_under_a_wrong_digest_is_an_error_on_either_side() {
    let wrong = Digest::sha256(b"other");
    let server = Server::start(move |_| digest_header(reply(201), &Digest::sha256(b"x"))).await;
    let error = put(&server, &wrong.into()).await.unwrap_err();
    assert!(matches!(error, Error::Mismatch { .. }), "{error}");
    assert!(server.lines().is_empty());

    let error = put(&server, &tag()).await.unwrap_err();
    assert!(matches!(error, Error::Mismatch { .. }), "{error}");
}

#[tokio::test]
async fn tags_go_along_with_a_digest_and_the_registry_says_which_it_set() {
    let digest = Digest::sha512(b"{}");
    let tags = ["v1", "v2"].map(|tag| Tag::parse(tag).unwrap());
    let answers = [
        (reply(201).header("oci-tag", "v1, v2"), tags.to_vec()),
        (reply(201), Vec::new()),
    ];
    for (answer, set) in answers {
        let server = Server::script([digest_header(answer, &digest)]).await;
        let (kind, bytes) = (&MediaType::OCI_MANIFEST, Bytes::from_static(b"{}"));
        let app = app(&server);
        let said = app.put_tagged_manifest(&digest, &tags, kind, bytes);
        assert_eq!(said.await.unwrap(), set);
        let line = format!("PUT /v2/app/manifests/{digest}?tag=v1&tag=v2");
        assert_eq!(server.seen()[0].line, line);
    }
}
