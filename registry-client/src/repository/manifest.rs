//! Manifests, verified in both directions.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use registry_core::{Descriptor, Digest, MediaType, Reference, Tag};

use super::Repository;
use crate::auth::Scopes;
use crate::url::Url;
use crate::wire::{Answer, Call};
use crate::{Error, Result};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");

/// The kinds that are known, and whatever else the repository holds under the name.
const ACCEPT: HeaderValue = HeaderValue::from_static(
    "application/vnd.oci.image.index.v1+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.docker.distribution.manifest.v2+json, \
     */*;q=0.1",
);

/// A manifest as it was received.
///
/// - The bytes have the digest.
/// - The digest is the one asked for, where one was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedManifest {
    /// The type the registry gave it.
    pub media_type: MediaType,
    /// The digest of the bytes.
    pub digest: Digest,
    /// The bytes as they were pushed.
    pub bytes: Bytes,
}

impl Repository {
    /// The manifest of a tag or digest.
    ///
    /// # Errors
    /// When it is not there, or not what its digest promises.
    pub async fn manifest(&self, reference: &Reference) -> Result<FetchedManifest> {
        let call = self.read_manifest(Method::GET, reference);
        let answer = self.wire().send(&call).await?;
        let mut answer = self.wire().expect(answer, &[StatusCode::OK]).await?;
        let bytes = answer
            .read("a manifest", self.wire().limits.manifest)
            .await?;
        let promised = promised(&answer)?;
        let digest = match reference.digest().or(promised.as_ref()) {
            Some(digest) => {
                self.client.algorithms.verify(digest, &bytes)?;
                digest.clone()
            }
            None => Digest::sha256(&bytes),
        };
        Ok(FetchedManifest {
            media_type: media_type(&answer)?,
            digest,
            bytes,
        })
    }

    /// Type, digest and size of a manifest, without the manifest; `None` where there is none.
    ///
    /// # Errors
    /// When the registry refuses, or does not say these three.
    pub async fn manifest_exists(&self, reference: &Reference) -> Result<Option<Descriptor>> {
        let call = self.read_manifest(Method::HEAD, reference);
        let Some(answer) = self.find(&call).await? else {
            return Ok(None);
        };
        let missing = |what| Error::protocol(answer.url().origin(), format!("no {what} in a HEAD"));
        let digest = match reference.digest() {
            Some(digest) => digest.clone(),
            None => promised(&answer)?.ok_or_else(|| missing("digest"))?,
        };
        let size = answer.header(header::CONTENT_LENGTH);
        let size = size.and_then(|size| size.parse().ok());
        let size = size.ok_or_else(|| missing("size"))?;
        Ok(Some(Descriptor::new(media_type(&answer)?, digest, size)))
    }

    /// Pushes a manifest under a tag or its digest, and returns the digest.
    ///
    /// # Errors
    /// When the registry refuses it, or stored it under another digest than that of the bytes.
    pub async fn put_manifest(
        &self,
        reference: &Reference,
        media_type: &MediaType,
        bytes: Bytes,
    ) -> Result<Digest> {
        if let Some(digest) = reference.digest() {
            self.client.algorithms.verify(digest, &bytes)?;
        }
        let url = self.manifest_url(reference);
        let answer = self.send_manifest(url, media_type, &bytes).await?;
        let digest = reference.digest().cloned();
        let digest = digest.map_or_else(|| promised(&answer), |digest| Ok(Some(digest)))?;
        Ok(digest.unwrap_or_else(|| Digest::sha256(&bytes)))
    }

    /// Pushes a manifest under its digest and points tags at it, and returns those that the registry
    /// says it has set: none, where it does not know pushes with tags.
    ///
    /// # Errors
    /// As [`put_manifest`](Self::put_manifest).
    pub async fn put_tagged_manifest(
        &self,
        digest: &Digest,
        tags: &[Tag],
        media_type: &MediaType,
        bytes: Bytes,
    ) -> Result<Vec<Tag>> {
        self.client.algorithms.verify(digest, &bytes)?;
        let mut url = self.manifest_url(&Reference::Digest(digest.clone()));
        for tag in tags {
            url = url.with_query("tag", tag.as_str());
        }
        let answer = self.send_manifest(url, media_type, &bytes).await?;
        Ok(tags_set(&answer))
    }

    async fn send_manifest(
        &self,
        url: Url,
        media_type: &MediaType,
        bytes: &Bytes,
    ) -> Result<Answer> {
        let kind = HeaderValue::from_str(media_type.as_str()).expect("a media type is ASCII");
        let call = Call::new(Method::PUT, url, &Scopes::push(&self.name))
            .header(header::CONTENT_TYPE, kind)
            .body(bytes.clone());
        let answer = self.wire().send(&call).await?;
        let answer = self.wire().expect(answer, &[StatusCode::CREATED]).await?;
        if let Some(digest) = promised(&answer)? {
            self.client.algorithms.verify(&digest, bytes)?;
        }
        Ok(answer)
    }

    pub(super) fn manifest_url(&self, reference: &Reference) -> Url {
        self.url(&format!("manifests/{reference}"))
    }

    fn read_manifest(&self, method: Method, reference: &Reference) -> Call {
        let url = self.manifest_url(reference);
        Call::new(method, url, &Scopes::pull(&self.name)).header(header::ACCEPT, ACCEPT)
    }
}

/// The digest that the registry gives with an answer.
fn promised(answer: &Answer) -> Result<Option<Digest>> {
    let Some(text) = answer.header(CONTENT_DIGEST) else {
        return Ok(None);
    };
    let wrong =
        |error| Error::protocol(answer.url().origin(), format!("{CONTENT_DIGEST}: {error}"));
    Digest::parse(text).map(Some).map_err(wrong)
}

/// The tags that the registry says it has set.
fn tags_set(answer: &Answer) -> Vec<Tag> {
    let texts = answer.headers().get_all(OCI_TAG).iter();
    let texts = texts.filter_map(|text| text.to_str().ok());
    let texts = texts.flat_map(|text| text.split(','));
    texts
        .filter_map(|text| Tag::parse(text.trim_ascii()).ok())
        .collect()
}

fn media_type(answer: &Answer) -> Result<MediaType> {
    let text = answer.header(header::CONTENT_TYPE).unwrap_or_default();
    let wrong = |error| Error::protocol(answer.url().origin(), format!("Content-Type: {error}"));
    MediaType::parse(text).map_err(wrong)
}
