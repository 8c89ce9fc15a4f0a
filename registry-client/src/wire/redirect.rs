//! Redirects.
//!
//! The credential goes to the registry's own origin only, and once a redirect has left it, it stays
//! away: coming back would let the other host choose what is asked for in the caller's name.

use http::{HeaderValue, Method, StatusCode, header};

use super::call::is_read;
use super::{Answer, Call, Outgoing, Wire};
use crate::{Error, Result};

const MOST_REDIRECTS: usize = 5;

/// What an exchange ended with, and whether the registry's own origin was ever left.
pub(super) struct Followed {
    pub(super) answer: Answer,
    pub(super) left: bool,
}

impl Wire {
    /// Sends a request and follows its redirects. A stream goes out once, so its redirects are not
    /// followed.
    pub(super) async fn follow(
        &self,
        call: &Call,
        mut stream: Option<Outgoing>,
        credential: Option<&HeaderValue>,
    ) -> Result<Followed> {
        let replayable = stream.is_none();
        let mut url = call.url.clone();
        let mut left = false;
        for _ in 0..=MOST_REDIRECTS {
            left |= *url.origin() != self.origin;
            let mut request = call.request(stream.take());
            if let Some(credential) = credential.filter(|_| !left) {
                let headers = request.headers_mut();
                headers.insert(header::AUTHORIZATION, credential.clone());
            }
            let answer = self.transport.send(&url, request).await?;
            if !(replayable && is_redirect(&call.method, &answer)) {
                return Ok(Followed { answer, left });
            }
            url = answer.location()?;
        }
        let reason = format!("more than {MOST_REDIRECTS} redirects");
        Err(Error::protocol(call.url.origin(), reason))
    }
}

/// Whether the answer sends this method elsewhere. Only 307 and 308 do so for methods that change
/// something; after the others a client would have to make a GET of it.
fn is_redirect(method: &Method, answer: &Answer) -> bool {
    match answer.status() {
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => {
            is_read(method)
        }
        _ => false,
    }
}
