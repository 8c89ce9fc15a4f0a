//! Pushing a blob.
//!
//! One POST begins a session, one PUT carries the blob. Where that breaks, or chunks were asked for,
//! the session's status says what the registry has, and the rest follows by PATCH. A session that is
//! gone may have been finished by the request whose answer was lost, so the blob is looked for before
//! a new one begins.

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use registry_core::Digest;

use super::Repository;
use crate::auth::Scopes;
use crate::content::Content;
use crate::url::Url;
use crate::wire::{Answer, Budget, Call, Outgoing};
use crate::{Error, Result};

const CHUNK_MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");
const OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");

impl Repository {
    /// Pushes a blob. The registry verifies its digest.
    ///
    /// # Errors
    /// When the registry refuses it, the content cannot be read, or the transfer broke more often than
    /// the retries allow.
    pub async fn put_blob(&self, digest: &Digest, content: &dyn Content) -> Result<()> {
        let mut transfer = Transfer {
            repository: self,
            digest,
            content,
            scopes: Scopes::push(&self.name),
            budget: Budget::default(),
        };
        while !transfer.run().await? {}
        Ok(())
    }
}

/// A blob that is being pushed.
struct Transfer<'a> {
    repository: &'a Repository,
    digest: &'a Digest,
    content: &'a dyn Content,
    scopes: Scopes,
    budget: Budget,
}

/// What the registry last said of the upload.
struct Session {
    location: Url,
    offset: u64,
    /// How much goes out in one PATCH; all in one PUT where there is none.
    chunk: Option<u64>,
}

enum Step {
    Finished,
    Advanced,
    /// The request broke; how much of it arrived, only the session's status says.
    Broken(Error),
}

impl Transfer<'_> {
    /// Carries one session as far as it goes: whether the blob is there now.
    async fn run(&mut self) -> Result<bool> {
        let mut session = self.begin().await?;
        loop {
            match self.step(&mut session).await? {
                Step::Finished => return Ok(true),
                Step::Advanced => {}
                Step::Broken(error) => {
                    let wire = self.repository.wire();
                    wire.spend(error, &mut self.budget).await?;
                    if !self.refresh(&mut session).await? {
                        return self.is_there().await;
                    }
                }
            }
        }
    }

    async fn begin(&mut self) -> Result<Session> {
        let mut url = self.repository.url("blobs/uploads/");
        if self.digest.algorithm() != "sha256" {
            url = url.with_query("digest-algorithm", self.digest.algorithm());
        }
        let answer = self.send(Method::POST, url).await?;
        let wire = self.repository.wire();
        let answer = wire.expect(answer, &[StatusCode::ACCEPTED]).await?;
        let least = answer.header(CHUNK_MIN_LENGTH);
        let least = least.and_then(|least| least.parse().ok()).unwrap_or(0);
        Ok(Session {
            location: answer.location()?,
            offset: 0,
            chunk: self
                .repository
                .client
                .chunk_size
                .map(|size| size.max(least)),
        })
    }

    async fn step(&mut self, session: &mut Session) -> Result<Step> {
        let rest = self.content.size().saturating_sub(session.offset);
        let whole = session.offset == 0 && session.chunk.is_none();
        if whole || rest == 0 {
            let url = session.location.clone();
            let url = url.with_query("digest", self.digest.as_str());
            let call = Call::new(Method::PUT, url, &self.scopes);
            let sent = self.stream(call, session.offset, rest).await;
            return self.judge(sent, StatusCode::CREATED, session).await;
        }
        let size = session.chunk.unwrap_or(rest).min(rest);
        let range = format!("{}-{}", session.offset, session.offset + size - 1);
        let range = HeaderValue::try_from(range).expect("digits are ASCII");
        let call = Call::new(Method::PATCH, session.location.clone(), &self.scopes)
            .header(header::CONTENT_RANGE, range);
        let sent = self.stream(call, session.offset, size).await;
        session.offset += size;
        self.judge(sent, StatusCode::ACCEPTED, session).await
    }

    async fn stream(&self, call: Call, offset: u64, size: u64) -> Result<Answer> {
        let stream = self.content.read(offset).await.map_err(Error::Content)?;
        let call = call.header(header::CONTENT_TYPE, OCTET_STREAM);
        let wire = self.repository.wire();
        wire.send_stream(&call, Outgoing::stream(stream, size))
            .await
    }

    async fn judge(
        &self,
        sent: Result<Answer>,
        wanted: StatusCode,
        session: &mut Session,
    ) -> Result<Step> {
        let error = match sent {
            Ok(answer) if answer.status() == wanted => {
                if wanted == StatusCode::CREATED {
                    return Ok(Step::Finished);
                }
                session.location = answer.location()?;
                return Ok(Step::Advanced);
            }
            Ok(answer) => self.repository.wire().refusal(answer).await,
            Err(error) => error,
        };
        if may_go_on(&error) {
            Ok(Step::Broken(error))
        } else {
            Err(error)
        }
    }

    /// Asks what the registry has. Whether the session can go on.
    async fn refresh(&mut self, session: &mut Session) -> Result<bool> {
        let answer = self.send(Method::GET, session.location.clone()).await?;
        let size = self.content.size();
        let offset = answer.header(header::RANGE).and_then(received);
        match (answer.status(), offset) {
            (StatusCode::NO_CONTENT, Some(offset)) if offset <= size => {
                session.location = answer.location().unwrap_or(session.location.clone());
                session.offset = offset;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Whether a request whose answer was lost has finished the upload.
    async fn is_there(&self) -> Result<bool> {
        let size = self.repository.blob_exists(self.digest).await?;
        Ok(size == Some(self.content.size()))
    }

    async fn send(&mut self, method: Method, url: Url) -> Result<Answer> {
        let call = Call::new(method, url, &self.scopes);
        let wire = self.repository.wire();
        wire.send_within(&call, &mut self.budget).await
    }
}

/// Whether the upload may succeed after this: what passes by itself, a token that had ended (the next
/// request has a new one), and a disagreement on the offset.
fn may_go_on(error: &Error) -> bool {
    let status = error.status();
    error.is_transient()
        || status == Some(StatusCode::UNAUTHORIZED)
        || status == Some(StatusCode::RANGE_NOT_SATISFIABLE)
}

/// How many bytes the registry has by the `Range` of a session's status. `0-0` says nothing: some
/// registries mean one byte by it, some none.
fn received(range: &str) -> Option<u64> {
    let range = range.strip_prefix("bytes=").unwrap_or(range);
    let last: u64 = range.strip_prefix("0-")?.parse().ok()?;
    (last > 0).then(|| last + 1)
}
