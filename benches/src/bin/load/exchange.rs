//! Requests of the protocol, over one connection.

use crate::connection::{Answer, Body, Connection};
use crate::content::{Blob, Contents, MANIFEST, OCTET_STREAM};
use crate::failure::{Failure, Result};
use crate::target::BodyHead;

impl Connection {
    /// A request that is written out, and the answer it must have.
    pub(crate) async fn exchange(&mut self, request: &[u8], wanted: u16) -> Result<Answer> {
        self.send(request).await?;
        let answer = self
            .receive(request.starts_with(b"HEAD "), Body::Drop)
            .await?;
        check(answer, wanted, || first_line(request))
    }

    /// The same, with the body of the answer.
    pub(crate) async fn read_whole(&mut self, request: &[u8], wanted: u16) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        self.send(request).await?;
        let answer = self.receive(false, Body::Keep(&mut body)).await?;
        check(answer, wanted, || first_line(request))?;
        Ok(body)
    }

    /// A request without a body, by method and path.
    pub(crate) async fn ask(&mut self, method: &str, path: &str, wanted: u16) -> Result<Answer> {
        let request = self.target().request(method, path);
        self.exchange(&request, wanted).await
    }

    /// Pushes a blob by POST and PUT.
    pub(crate) async fn push_blob(
        &mut self,
        repository: &str,
        contents: &Contents,
        blob: &Blob,
    ) -> Result<()> {
        let begin = format!("/v2/{repository}/blobs/uploads/");
        let begun = self.ask("POST", &begin, 202).await?;
        let location = begun
            .location
            .ok_or_else(|| Failure::new("a 202 without a Location"))?;
        let location = self.target().path(&location);
        let separator = if location.contains('?') { '&' } else { '?' };
        let path = format!("{location}{separator}digest={}", blob.digest());
        let body = BodyHead {
            media_type: OCTET_STREAM,
            length: blob.size(),
        };
        let head = self.target().request_head("PUT", &path, &body);
        self.send(&head).await?;
        for piece in contents.pieces(blob) {
            self.send(piece).await?;
        }
        let answer = self.receive(false, Body::Drop).await?;
        check(answer, 201, || "PUT of a blob".to_owned()).map(drop)
    }

    /// Pushes a manifest under a tag or digest.
    pub(crate) async fn put_manifest(
        &mut self,
        repository: &str,
        reference: &str,
        manifest: &str,
    ) -> Result<()> {
        let path = format!("/v2/{repository}/manifests/{reference}");
        let request = manifest_request(self, &path, manifest);
        self.exchange(&request, 201).await.map(drop)
    }
}

fn manifest_request(connection: &Connection, path: &str, manifest: &str) -> Vec<u8> {
    let body = BodyHead {
        media_type: MANIFEST,
        length: manifest.len(),
    };
    let mut request = connection.target().request_head("PUT", path, &body);
    request.extend_from_slice(manifest.as_bytes());
    request
}

fn check(answer: Answer, wanted: u16, request: impl Fn() -> String) -> Result<Answer> {
    if answer.status == wanted {
        return Ok(answer);
    }
    let status = answer.status;
    Err(Failure::new(format!(
        "{} answered {status}, not {wanted}",
        request()
    )))
}

fn first_line(request: &[u8]) -> String {
    let line = request.split(|byte| *byte == b'\r').next();
    String::from_utf8_lossy(line.unwrap_or_default()).into_owned()
}
