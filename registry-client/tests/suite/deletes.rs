//! Deleting.

use registry_core::{Digest, Tag};

use crate::app;
use crate::server::{Reply, Server, reply};

#[tokio::test]
async fn each_kind_of_content_is_deleted_by_its_name() {
    let server = Server::start(|_| reply(202)).await;
    let app = app(&server);
    let digest = Digest::sha256(b"x");
    app.delete_tag(&Tag::parse("v1").unwrap()).await.unwrap();
    app.delete_manifest(&digest).await.unwrap();
    app.delete_blob(&digest).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "DELETE /v2/app/manifests/v1".to_owned(),
            format!("DELETE /v2/app/manifests/{digest}"),
            format!("DELETE /v2/app/blobs/{digest}")
        ]
    );
}

#[tokio::test]
async fn what_is_not_there_cannot_be_deleted() {
    let server = Server::script([reply(404)]).await;
    let tag = Tag::parse("v1").unwrap();
    let error = app(&server).delete_tag(&tag).await.unwrap_err();
    assert!(error.is_not_found());
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_done() {
    let server = Server::script([Reply::HangUp, reply(404)]).await;
    let tag = Tag::parse("v1").unwrap();
    app(&server).delete_tag(&tag).await.unwrap();
}
