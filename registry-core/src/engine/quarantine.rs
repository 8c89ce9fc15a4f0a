//! Content whose bytes are wrong is taken out of sight, so that the next push of it heals it.
//!
//! Only wrong bytes and a wrong length do that; a store that cannot be read says nothing of what is in
//! it. And where much goes wrong within minutes it is the store that is wrong, or its disk, or its memory,
//! and not one object after the other: then no more is taken out of sight, since every client would
//! push everything again, and the registry says that it is not well.

use super::{Inner, Result};
use crate::{
    backend::{BlobContent, ObjectKey},
    digest::Digest,
};

impl Inner {
    /// Takes content out of sight, if it is still what serves the digest. False where it is not, or where
    /// so much was taken out of sight lately that the store itself is in doubt.
    pub(super) async fn quarantine(&self, digest: &Digest, content: &BlobContent) -> Result<bool> {
        if self.quarantine_stopped() || self.too_many_lately().await? {
            return Ok(false);
        }
        let done = self.metadata.quarantine(digest, object(content)).await?;
        self.figures
            .change(|figures| figures.quarantined += u64::from(done));
        Ok(done)
    }

    async fn too_many_lately(&self) -> Result<bool> {
        let limits = self.settings.quarantine;
        let lately = self.metadata.quarantined_within(limits.within).await?;
        let too_many = lately >= limits.most;
        if too_many {
            self.figures
                .change(|figures| figures.quarantine_stopped = true);
        }
        Ok(too_many)
    }
}

fn object(content: &BlobContent) -> Option<&ObjectKey> {
    match content {
        BlobContent::Object(key) => Some(key),
        BlobContent::Inline(_) => None,
    }
}
