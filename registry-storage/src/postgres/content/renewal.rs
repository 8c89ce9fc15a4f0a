//! Renewing what an answer is about to say exists.

use registry_core::backend::{MetadataError, ReferenceTarget, Renewal};

use crate::postgres::{PostgresMetadata, error::Failure};

const BLOB: &str = "SELECT l.pass IS NOT NULL FROM repositories r
    JOIN links l ON l.repository = r.id AND l.digest = $2
    JOIN contents c ON c.digest = l.digest AND NOT c.quarantined
    WHERE r.name = $1";

const MANIFEST: &str = "SELECT m.pass IS NOT NULL FROM repositories r
    JOIN manifests m ON m.repository = r.id AND m.digest = $2
    WHERE r.name = $1";

const RENEW_BLOB: &str = "UPDATE links SET pass = NULL FROM repositories r
    WHERE r.name = $1 AND links.repository = r.id AND links.digest = $2
        AND links.pass IS NOT NULL";

const RENEW_MANIFEST: &str = "UPDATE manifests SET pass = NULL FROM repositories r
    WHERE r.name = $1 AND manifests.repository = r.id AND manifests.digest = $2
        AND manifests.pass IS NOT NULL";

impl PostgresMetadata {
    /// What bears no mark is told to be there without a write.
    pub(super) async fn renew_marked(&self, renewal: Renewal<'_>) -> Result<bool, MetadataError> {
        let (find, renew) = match renewal.target {
            ReferenceTarget::Blob => (BLOB, RENEW_BLOB),
            ReferenceTarget::Manifest => (MANIFEST, RENEW_MANIFEST),
        };
        let (name, digest) = (renewal.repository.as_str(), renewal.digest.as_str());
        loop {
            let Some(row) = self.one(find, &[name.into(), digest.into()]).await? else {
                return Ok(false);
            };
            let marked: bool = row.try_get(0).map_err(Failure::from)?;
            // Where nothing was renewed, it went, or another has renewed it: the next statement says.
            if !marked || self.write(renew, &[name.into(), digest.into()]).await? > 0 {
                return Ok(true);
            }
        }
    }
}
