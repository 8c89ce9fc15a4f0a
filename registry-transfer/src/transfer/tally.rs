//! Counting.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use registry_client::{ByteStream, Content};
use serde::{Deserialize, Serialize};

use crate::Way;

/// How much was moved, so far or in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Images found so far: tags, and manifests that nothing leads to.
    pub images_found: u64,
    /// Images of which something was moved.
    pub images_copied: u64,
    /// Images that were there, all of them.
    pub images_present: u64,
    /// Blobs whose bytes were moved.
    pub blobs_copied: u64,
    /// Blobs whose file has a further name now.
    pub blobs_linked: u64,
    /// Blobs that were there, or in another repository of the target.
    pub blobs_present: u64,
    /// Bytes of blobs that were moved; what broke off counts as well.
    pub bytes: u64,
    /// What could not be moved: images, and repositories that could not be listed.
    pub failed: u64,
}

#[derive(Default)]
pub(super) struct Tally {
    images_found: AtomicU64,
    images_copied: AtomicU64,
    images_present: AtomicU64,
    blobs_copied: AtomicU64,
    blobs_linked: AtomicU64,
    blobs_present: AtomicU64,
    bytes: AtomicU64,
    failed: AtomicU64,
}

impl Tally {
    pub(super) fn read(&self) -> Summary {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Summary {
            images_found: read(&self.images_found),
            images_copied: read(&self.images_copied),
            images_present: read(&self.images_present),
            blobs_copied: read(&self.blobs_copied),
            blobs_linked: read(&self.blobs_linked),
            blobs_present: read(&self.blobs_present),
            bytes: read(&self.bytes),
            failed: read(&self.failed),
        }
    }

    pub(super) fn found(&self, images: usize) {
        self.images_found
            .fetch_add(images as u64, Ordering::Relaxed);
    }

    pub(super) fn image(&self, copied: bool) {
        one(if copied {
            &self.images_copied
        } else {
            &self.images_present
        });
    }

    /// A blob that was moved in this way, or was there.
    pub(super) fn blob(&self, way: Option<Way>) {
        one(match way {
            Some(Way::Copied) => &self.blobs_copied,
            Some(Way::Linked) => &self.blobs_linked,
            None => &self.blobs_present,
        });
    }

    pub(super) fn failed(&self) {
        one(&self.failed);
    }
}

fn one(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// Content whose bytes are counted as they are read.
pub(super) struct Counted {
    pub(super) content: Arc<dyn Content>,
    pub(super) tally: Arc<Tally>,
}

#[async_trait]
impl Content for Counted {
    fn size(&self) -> u64 {
        self.content.size()
    }

    async fn read(&self, offset: u64) -> io::Result<ByteStream> {
        let tally = Arc::clone(&self.tally);
        let bytes = self.content.read(offset).await?;
        Ok(Box::pin(bytes.inspect_ok(move |bytes| {
            tally.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        })))
    }
}
