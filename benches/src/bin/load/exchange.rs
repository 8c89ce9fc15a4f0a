//! Requests of the protocol, over one connection.

use crate::connection::{Answer, Body, Connection};
use crate::content::MANIFEST;
use crate::failure::{Failure, Kind, Result};
use crate::target::BodyHead;

impl Connection {
    /// A request that is written out, and the answer it must have.
    pub(crate) async fn exchange(&mut self, request: &[u8], wanted: u16) -> Result<Answer> {
        let answer = self.answer(request).await?;
        check(answer, wanted, || first_line(request))
    }

    /// A request that is written out, and whatever answer it has.
    pub(crate) async fn answer(&mut self, request: &[u8]) -> Result<Answer> {
        match self.once(request, Body::Drop).await {
            Err(failure) => self.renew(failure)?,
            answered => return answered,
        }
        self.once(request, Body::Drop).await
    }

    async fn once(&mut self, request: &[u8], body: Body<'_>) -> Result<Answer> {
        self.send(request).await?;
        self.receive(request.starts_with(b"HEAD "), body).await
    }

    /// A request that must be answered so, with the body of the answer.
    pub(crate) async fn read_whole(&mut self, request: &[u8], wanted: u16) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        let answer = self.once(request, Body::Keep(&mut body)).await?;
        check(answer, wanted, || first_line(request))?;
        Ok(body)
    }

    /// A request without a body, by method and path.
    pub(crate) async fn ask(&mut self, method: &str, path: &str, wanted: u16) -> Result<Answer> {
        let request = self.target().request(method, path);
        self.exchange(&request, wanted).await
    }

    /// Pushes a manifest under a tag or digest.
    pub(crate) async fn put_manifest(
        &mut self,
        repository: &str,
        reference: &str,
        manifest: &str,
    ) -> Result<()> {
        let path = format!("/v2/{repository}/manifests/{reference}");
        let body = BodyHead {
            media_type: MANIFEST,
            length: manifest.len(),
            range: None,
        };
        let mut request = self.target().request_head("PUT", &path, &body);
        request.extend_from_slice(manifest.as_bytes());
        self.exchange(&request, 201).await.map(drop)
    }
}

/// An answer of that status, or why not.
pub(crate) fn check(answer: Answer, wanted: u16, request: impl Fn() -> String) -> Result<Answer> {
    let kind = match answer.status {
        status if status == wanted => return Ok(answer),
        // What a server does not have, it does not find, or does not allow.
        404 | 405 | 501 => Kind::NoSuchApi,
        _ => Kind::Wrong,
    };
    let (request, status) = (request(), answer.status);
    let sentence = format!("{request} answered {status}, not {wanted}");
    Err(Failure::of(kind, sentence))
}

fn first_line(request: &[u8]) -> String {
    let line = request.split(|byte| *byte == b'\r').next();
    String::from_utf8_lossy(line.unwrap_or_default()).into_owned()
}
