//! Answers that Google's documents name and MinIO does not give.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use registry_core::{
    Digest,
    backend::{BlobStore, ObjectKey, ObjectKind, StoreErrorKind},
};
use registry_storage::{
    contract::run,
    object::object_store::{
        ClientOptions, Result,
        client::{
            HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpResponseBody,
            HttpService,
        },
    },
};

use super::server::{builder, open};

/// Nobody is asked: each request gets the next answer, and is noted.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    next: Arc<Mutex<VecDeque<(u16, String)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Answers {
    pub(super) fn of(answers: &[(u16, &str)]) -> Self {
        let answers = answers
            .iter()
            .map(|(status, body)| (*status, (*body).to_owned()));
        let next = Arc::new(Mutex::new(answers.collect()));
        Self {
            next,
            ..Self::default()
        }
    }

    /// The requests, each its method and URL.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl HttpConnector for Answers {
    fn connect(&self, _: &ClientOptions) -> Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Answers {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let asked = format!("{} {}", request.method(), request.uri());
        let next = self.next.lock().unwrap().pop_front();
        let (status, body) = next.unwrap_or_else(|| panic!("no answer to {asked}"));
        self.asked.lock().unwrap().push(asked);
        let mut answer = HttpResponse::new(HttpResponseBody::from(body));
        *answer.status_mut() = status.try_into().unwrap();
        Ok(answer)
    }
}

fn said(code: &str) -> String {
    format!("<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>")
}

/// Port 1 is nobody's, and is not asked.
fn client(answers: &Answers) -> impl BlobStore {
    open(builder(1).with_http_connector(answers.clone()))
}

/// A key that is asked for, whatever is there.
pub(super) fn object() -> ObjectKey {
    ObjectKey::new(format!("blobs/a5/{}", "a5".repeat(16)))
}

#[test]
fn to_delete_what_is_not_there_is_no_error() {
    run(async {
        let upload = ObjectKey::new(format!("uploads/{}/an upload", "a5".repeat(16)));
        for (key, code) in [(object(), "NoSuchKey"), (upload, "NoSuchUpload")] {
            let answers = Answers::of(&[(404, &said(code))]);
            client(&answers).delete(&key).await.unwrap();
            assert!(answers.asked()[0].starts_with("DELETE "));
        }
    });
}

#[test]
fn a_bucket_that_is_not_there_is_no_empty_store() {
    run(async {
        let no_bucket = (404, &*said("NoSuchBucket"));
        let answers = Answers::of(&[no_bucket; 4]);
        let blobs = client(&answers);
        let errors = [
            blobs.read(&object(), None).await.map(drop).unwrap_err(),
            blobs.delete(&object()).await.unwrap_err(),
            blobs
                .list(ObjectKind::Committed, None, 1)
                .await
                .unwrap_err(),
            blobs.begin().await.unwrap().enter(0).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
            assert!(error.message.contains("NoSuchBucket"), "{error}");
        }
    });
}

/// The store says that it has nothing of it, and the client has asked more than once.
#[test]
fn a_put_that_was_refused_is_known_not_to_be_there() {
    run(async {
        let slow = (503, &*said("ServiceUnavailable"));
        let answers = Answers::of(&[slow, slow, slow, (404, "")]);
        let write = client(&answers).begin().await.unwrap();
        let error = write.commit(&Digest::sha256(b"")).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error}");
        let asked = answers.asked();
        let methods: Vec<_> = asked.iter().map(|asked| &asked[..4]).collect();
        assert_eq!(methods, ["PUT ", "PUT ", "PUT ", "HEAD"]);
    });
}
