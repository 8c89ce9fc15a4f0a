//! `blob`, `manifest`, `renew`.

use bytes::Bytes;
use registry_core::{
    Digest, MediaType, Timestamp,
    backend::{BlobContent, BlobRecord, ManifestRecord, ReferenceTarget, Renewal, Scope},
};

use super::Backend;
use crate::explorer::{
    connection::row_of,
    id::Id,
    store::{Key, Row, Target},
};

impl Backend {
    /// A blob of a repository: the link and its content in one statement.
    pub(crate) async fn blob(&self, scope: Scope<'_>, digest: &Digest) -> Option<BlobRecord> {
        let link = Key::Link(scope.repository.into(), digest.into());
        let content = Key::Content(digest.into());
        let rows = self.sql.read([link, content]).await;
        Some(BlobRecord {
            condemned: row_of(&rows, link)?.mark.is_some(),
            content: BlobContent::Object(row_of(&rows, content)?.object()?.object()),
            size: 1,
        })
    }

    /// A manifest of a repository, by digest.
    pub(crate) async fn manifest(
        &self,
        scope: Scope<'_>,
        digest: &Digest,
    ) -> Option<ManifestRecord> {
        let key = Key::Manifest(scope.repository.into(), digest.into());
        let rows = self.sql.read([key]).await;
        Some(ManifestRecord {
            condemned: row_of(&rows, key)?.mark.is_some(),
            digest: digest.clone(),
            media_type: MediaType::parse("application/vnd.oci.image.manifest.v1+json").ok()?,
            bytes: Bytes::new(),
            created: Timestamp::default(),
        })
    }

    /// Clears the condemnation of something that an answer will say exists. Each statement is a
    /// transaction of its own: whatever this one reads, it is of a row that it changed, or that it
    /// saw without a mark.
    pub(crate) async fn renew(&self, renewal: Renewal<'_>) -> bool {
        let digest = Id::from(renewal.digest);
        let target = match renewal.target {
            ReferenceTarget::Blob => Target::Blob(digest),
            ReferenceTarget::Manifest => Target::Manifest(digest),
        };
        let key = target.key(renewal.repository.into());
        loop {
            if self.clear_mark(key).await {
                self.sql.commit().await;
                return true;
            }
            let rows = self.sql.read([key]).await;
            match row_of(&rows, key) {
                Some(Row { mark: Some(_), .. }) => {}
                found => return found.is_some(),
            }
        }
    }
}
