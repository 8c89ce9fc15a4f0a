//! What a registry holds before it is measured.

use std::sync::atomic::{AtomicUsize, Ordering};

use registry_core::Digest;

use crate::connection::Connection;
use crate::content::{Blob, Contents, MANIFEST, descriptor};
use crate::failure::Result;
use crate::operation::Operation;
use crate::target::Target;

pub(crate) const APP: &str = "bench/app";
pub(crate) const TAGGED: &str = "bench/tagged";
pub(crate) const MOUNTS: &str = "bench/mounts";
const SMALL: usize = 4 << 10;
const MOUNTABLE: usize = 512;

/// How much of each.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    /// Bytes of a large blob.
    pub(crate) large: usize,
    pub(crate) tags: usize,
    pub(crate) repositories: usize,
    pub(crate) referrers: usize,
}

/// Content that was pushed, and requests for it, written once.
pub(crate) struct Fixture {
    pub(crate) target: Target,
    pub(crate) contents: Contents,
    pub(crate) scale: Scale,
    pub(crate) config: Blob,
    pub(crate) small: Blob,
    pub(crate) manifest: String,
    pub(crate) other_manifest: String,
    /// The blob to pull, and those to push.
    pub(crate) large: Vec<Blob>,
    pub(crate) mountable: Vec<Blob>,
    mounts: AtomicUsize,
    pushes: AtomicUsize,
}

impl Fixture {
    /// Pushes what the operations need.
    pub(crate) async fn push(
        target: &Target,
        scale: &Scale,
        operations: &[Operation],
    ) -> Result<Self> {
        let fixture = Self::new(target, scale, operations);
        let mut connection = Connection::open(target).await?;
        if operations
            .iter()
            .any(|operation| *operation != Operation::Ping)
        {
            fixture.push_app(&mut connection).await?;
        }
        for operation in operations {
            match operation {
                Operation::TagPage => fixture.push_tags(&mut connection).await?,
                Operation::CatalogPage => fixture.push_repositories(&mut connection).await?,
                Operation::Referrers => fixture.push_referrers(&mut connection).await?,
                Operation::PullLarge => fixture.push_large(&mut connection).await?,
                Operation::Mount => fixture.push_mountable(&mut connection).await?,
                _ => {}
            }
        }
        Ok(fixture)
    }

    /// For a server that answers everything alike.
    pub(crate) fn without_content(target: &Target, scale: &Scale) -> Self {
        Self::new(target, scale, &[])
    }

    fn new(target: &Target, scale: &Scale, operations: &[Operation]) -> Self {
        let contents = Contents::new();
        let (config, small) = (contents.blob(100), contents.blob(SMALL));
        let uses = |operation| operations.contains(&operation);
        let large = match (uses(Operation::PullLarge), uses(Operation::PushLarge)) {
            (_, true) => 9,
            (true, false) => 1,
            (false, false) => 0,
        };
        let mountable = if uses(Operation::Mount) { MOUNTABLE } else { 0 };
        Self {
            target: target.clone(),
            scale: scale.clone(),
            manifest: contents.manifest(&config, &[], None),
            other_manifest: contents.manifest(&config, &[], None),
            large: (0..large).map(|_| contents.blob(scale.large)).collect(),
            mountable: (0..mountable).map(|_| contents.blob(64)).collect(),
            config,
            small,
            contents,
            mounts: AtomicUsize::new(0),
            pushes: AtomicUsize::new(0),
        }
    }

    /// How many large blobs were pushed before this one.
    pub(crate) fn next_push(&self) -> usize {
        self.pushes.fetch_add(1, Ordering::Relaxed)
    }

    /// How many blobs were mounted before this one.
    pub(crate) fn next_mount(&self) -> usize {
        self.mounts.fetch_add(1, Ordering::Relaxed)
    }

    async fn push_app(&self, connection: &mut Connection) -> Result<()> {
        for blob in [&self.config, &self.small] {
            connection.push_blob(APP, &self.contents, blob).await?;
        }
        connection.put_manifest(APP, "v1", &self.manifest).await
    }

    async fn push_tags(&self, connection: &mut Connection) -> Result<()> {
        connection
            .push_blob(TAGGED, &self.contents, &self.config)
            .await?;
        for number in 0..self.scale.tags {
            let tag = format!("tag-{number:06}");
            connection
                .put_manifest(TAGGED, &tag, &self.manifest)
                .await?;
        }
        Ok(())
    }

    async fn push_repositories(&self, connection: &mut Connection) -> Result<()> {
        for number in 0..self.scale.repositories {
            let repository = format!("catalog/app-{number:06}");
            connection
                .push_blob(&repository, &self.contents, &self.config)
                .await?;
            connection
                .put_manifest(&repository, "v1", &self.manifest)
                .await?;
        }
        Ok(())
    }

    async fn push_referrers(&self, connection: &mut Connection) -> Result<()> {
        let digest = self.manifest_digest();
        let subject = descriptor(MANIFEST, &digest, self.manifest.len());
        for _ in 0..self.scale.referrers {
            let referrer = self.contents.manifest(&self.config, &[], Some(&subject));
            let digest = Digest::sha256(referrer.as_bytes());
            connection
                .put_manifest(APP, digest.as_str(), &referrer)
                .await?;
        }
        Ok(())
    }

    async fn push_large(&self, connection: &mut Connection) -> Result<()> {
        connection
            .push_blob(APP, &self.contents, &self.large[0])
            .await
    }

    async fn push_mountable(&self, connection: &mut Connection) -> Result<()> {
        for blob in &self.mountable {
            connection.push_blob(MOUNTS, &self.contents, blob).await?;
        }
        Ok(())
    }

    /// The digest of the manifest that has referrers.
    pub(crate) fn manifest_digest(&self) -> Digest {
        Digest::sha256(self.manifest.as_bytes())
    }

    /// The request of an operation that is always the same one.
    pub(crate) fn request(&self, operation: Operation) -> Option<Vec<u8>> {
        let (method, path) = match operation {
            Operation::Ping => ("GET", "/v2/".to_owned()),
            Operation::ManifestByTag => ("GET", format!("/v2/{APP}/manifests/v1")),
            Operation::HeadBlob => ("HEAD", format!("/v2/{APP}/blobs/{}", self.small.digest())),
            Operation::SmallBlob => ("GET", format!("/v2/{APP}/blobs/{}", self.small.digest())),
            Operation::TagPage => ("GET", format!("/v2/{TAGGED}/tags/list?n=100")),
            Operation::CatalogPage => ("GET", "/v2/_catalog?n=100".to_owned()),
            Operation::Referrers => (
                "GET",
                format!("/v2/{APP}/referrers/{}", self.manifest_digest()),
            ),
            Operation::PullLarge => ("GET", format!("/v2/{APP}/blobs/{}", self.large[0].digest())),
            _ => return None,
        };
        Some(self.target.request(method, &path))
    }
}
