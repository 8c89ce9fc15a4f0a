//! Several ranges in one answer, as `multipart/byteranges`.

use std::{future::ready, ops::Range, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::HeaderValue;
use registry_core::{
    Blob, BlobBody,
    backend::{ByteStream, StoreError, StoreErrorKind},
};

use super::{Body, text_value};

/// Parts of a blob with their headers. A part is opened when the one before it was sent, so an answer
/// holds one at a time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Multipart {
    boundary: String,
    parts: Vec<Part>,
    end: String,
}

#[derive(Debug, PartialEq, Eq)]
struct Part {
    head: String,
    range: Range<u64>,
}

impl Multipart {
    /// These ranges of a blob of that size. The boundary must not be guessable by whoever pushed it.
    pub(crate) fn new(boundary: &str, ranges: Vec<Range<u64>>, size: u64) -> Self {
        let parts = ranges.into_iter().enumerate().map(|(index, range)| {
            let separator = if index == 0 { "" } else { "\r\n" };
            let head = format!(
                "{separator}--{boundary}\r\nContent-Type: application/octet-stream\r\n\
                 Content-Range: bytes {}-{}/{size}\r\n\r\n",
                range.start,
                range.end - 1
            );
            Part { head, range }
        });
        Self {
            parts: parts.collect(),
            end: format!("\r\n--{boundary}--\r\n"),
            boundary: boundary.to_owned(),
        }
    }

    pub(crate) fn content_type(&self) -> HeaderValue {
        text_value(format!(
            "multipart/byteranges; boundary={:?}",
            self.boundary
        ))
    }

    fn length(&self) -> u64 {
        let part = |part: &Part| part.head.len() as u64 + (part.range.end - part.range.start);
        self.parts.iter().map(part).sum::<u64>() + self.end.len() as u64
    }

    /// The parts, read from the blob as they are sent.
    pub(crate) fn body(self, blob: Blob) -> Body {
        let length = self.length();
        let blob = Arc::new(blob);
        let parts = stream::iter(self.parts)
            .then(move |part| open(Arc::clone(&blob), part))
            .try_flatten();
        let end = stream::once(ready(Ok(Bytes::from(self.end))));
        Body::stream(parts.chain(end).boxed(), length)
    }
}

async fn open(blob: Arc<Blob>, part: Part) -> Result<ByteStream, StoreError> {
    let content = match blob.read(Some(part.range)).await {
        Ok(BlobBody::Bytes(bytes)) => stream::once(ready(Ok(bytes))).boxed(),
        Ok(BlobBody::Stream(stream)) => stream,
        Err(error) => {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                error.to_string(),
            ));
        }
    };
    let head = stream::once(ready(Ok(Bytes::from(part.head))));
    Ok(head.chain(content).boxed())
}
