//! Uploads of blobs, in each way that the protocol has.

use std::ops::Range;

use crate::connection::{Answer, Body, Connection};
use crate::content::{Blob, Contents, OCTET_STREAM};
use crate::exchange::check;
use crate::failure::{Failure, Kind, Result};
use crate::target::BodyHead;

/// A session, at the place where it goes on.
pub(crate) struct Upload(String);

impl Connection {
    /// Pushes a blob by POST and PUT.
    pub(crate) async fn push_blob(
        &mut self,
        repository: &str,
        contents: &Contents,
        blob: &Blob,
    ) -> Result<()> {
        let upload = self.begin_upload(repository, "").await?;
        self.finish(upload, contents, blob, 0..blob.size()).await
    }

    /// POST, with a query that begins with its question mark.
    pub(crate) async fn begin_upload(&mut self, repository: &str, query: &str) -> Result<Upload> {
        let path = format!("/v2/{repository}/blobs/uploads/{query}");
        let begun = self.ask("POST", &path, 202).await?;
        self.next_place(&path, &begun).map(Upload)
    }

    /// PATCH of a part of the blob.
    pub(crate) async fn patch(
        &mut self,
        upload: &mut Upload,
        contents: &Contents,
        blob: &Blob,
        part: Range<usize>,
    ) -> Result<()> {
        match self.try_patch(upload, contents, blob, part).await? {
            true => Ok(()),
            false => Err(Failure::new("PATCH of an upload was not taken")),
        }
    }

    /// The same; whether the server took it. It does not where it has other bytes before that part (416),
    /// or where it found the request of a connection that broke only after this one had begun (409); and
    /// it may close the connection before all of it was sent.
    pub(crate) async fn try_patch(
        &mut self,
        upload: &mut Upload,
        contents: &Contents,
        blob: &Blob,
        part: Range<usize>,
    ) -> Result<bool> {
        self.send_head("PATCH", &upload.0, &part, true).await?;
        let sent = self.send_part(contents, blob, part).await;
        let answer = match sent {
            Ok(()) => self.receive(false, Body::Drop).await,
            Err(failure) => Err(failure),
        };
        let answer = match answer {
            Err(failure) if failure.kind() == Kind::Closed => {
                self.cut();
                return Ok(false);
            }
            Ok(Answer {
                status: 409 | 416, ..
            }) => return Ok(false),
            answer => answer?,
        };
        let answer = check(answer, 202, || "PATCH of an upload".to_owned())?;
        upload.0 = self.next_place(&upload.0, &answer)?;
        Ok(true)
    }

    /// Begins a PATCH of a part and ends the connection in the middle of it.
    pub(crate) async fn break_patch(
        &mut self,
        upload: &Upload,
        contents: &Contents,
        blob: &Blob,
        part: Range<usize>,
    ) -> Result<()> {
        self.send_head("PATCH", &upload.0, &part, true).await?;
        let middle = part.start.midpoint(part.end);
        self.send_part(contents, blob, part.start..middle).await?;
        self.cut();
        Ok(())
    }

    /// GET of the session: how many bytes of the blob it has.
    pub(crate) async fn upload_offset(&mut self, upload: &mut Upload) -> Result<usize> {
        let answer = self.ask("GET", &upload.0, 204).await?;
        if answer.location.is_some() {
            upload.0 = self.next_place(&upload.0, &answer)?;
        }
        // Nothing yet is `0-0` with most, which cannot be told from one byte.
        let last = answer.range_end.filter(|last| *last > 0);
        Ok(last.map_or(0, |last| {
            usize::try_from(last).unwrap_or(usize::MAX - 1) + 1
        }))
    }

    /// PUT of the rest of the blob, which may be nothing.
    pub(crate) async fn finish(
        &mut self,
        upload: Upload,
        contents: &Contents,
        blob: &Blob,
        rest: Range<usize>,
    ) -> Result<()> {
        let Upload(place) = upload;
        let separator = if place.contains('?') { '&' } else { '?' };
        let path = format!("{place}{separator}digest={}", blob.digest());
        self.send_head("PUT", &path, &rest, false).await?;
        self.send_part(contents, blob, rest).await?;
        let answer = self.receive(false, Body::Drop).await?;
        check(answer, 201, || "PUT of a blob".to_owned()).map(drop)
    }

    async fn send_head(
        &mut self,
        method: &str,
        path: &str,
        part: &Range<usize>,
        ranged: bool,
    ) -> Result<()> {
        let body = BodyHead {
            media_type: OCTET_STREAM,
            length: part.len(),
            range: ranged.then(|| part.clone()),
        };
        let head = self.target().request_head(method, path, &body);
        self.send(&head).await
    }

    async fn send_part(
        &mut self,
        contents: &Contents,
        blob: &Blob,
        part: Range<usize>,
    ) -> Result<()> {
        for piece in contents.part(blob, part) {
            self.send(piece).await?;
        }
        Ok(())
    }

    fn next_place(&self, asked: &str, answer: &Answer) -> Result<String> {
        let location = answer.location.as_deref();
        let location = location.ok_or_else(|| Failure::new("an upload without a Location"))?;
        self.target().follow(asked, location)
    }
}
