//! What a registry holds before it is measured, made when the first scenario needs it.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use futures_util::future::try_join_all;
use registry_core::Digest;
use tokio::sync::OnceCell;

use crate::connection::Connection;
use crate::content::{Blob, Contents, new_run};
use crate::failure::Result;
use crate::kept::Kept;
use crate::target::Target;

pub(crate) const APP: &str = "bench/app";
const SMALL: usize = 4 << 10;

/// How much of each.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    /// Bytes of a large blob.
    pub(crate) large: usize,
    pub(crate) tags: usize,
    pub(crate) repositories: usize,
    pub(crate) referrers: usize,
    /// Manifests that are there to be deleted in a round.
    pub(crate) deletes: usize,
    /// Connections over which content is pushed at once.
    pub(crate) lanes: usize,
}

/// What is known of a server besides its address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// Where its files are, for the page cache.
    pub(crate) files: Option<PathBuf>,
    /// What it serves as files, by path: it takes no pushes.
    pub(crate) serves: Option<PathBuf>,
    /// What says which rows are there already.
    pub(crate) kept: Option<PathBuf>,
}

/// The content of one server.
pub(crate) struct Fixture {
    pub(crate) target: Target,
    pub(crate) place: Place,
    pub(crate) scale: Scale,
    /// Where new content comes from.
    pub(crate) contents: Contents,
    kept: Kept,
    pub(crate) config: Blob,
    pub(crate) small: Blob,
    pub(crate) manifest: String,
    pub(crate) other_manifest: String,
    app: OnceCell<()>,
    large: OnceCell<Blob>,
}

impl Fixture {
    /// Pushes nothing yet.
    pub(crate) fn new(target: &Target, place: &Place, scale: &Scale) -> Result<Self> {
        let kept = Kept::open(place.kept.clone())?;
        let lasting = Contents::of(kept.run());
        let config = lasting.blob(100);
        Ok(Self {
            target: target.clone(),
            place: place.clone(),
            scale: scale.clone(),
            contents: Contents::of(new_run()),
            kept,
            small: lasting.blob(SMALL),
            manifest: lasting.manifest(&config, &[], None),
            other_manifest: lasting.manifest(&config, &[], None),
            config,
            app: OnceCell::new(),
            large: OnceCell::new(),
        })
    }

    /// The digest of the manifest that is tagged.
    pub(crate) fn manifest_digest(&self) -> Digest {
        Digest::sha256(self.manifest.as_bytes())
    }

    /// Sees to it that the image of `APP` is there: its configuration, a small blob, the tag `v1`.
    pub(crate) async fn app(&self) -> Result<()> {
        let push = async || match &self.place.serves {
            Some(folder) => self.write_app(&folder.join("v2").join(APP)),
            None => self.push_app().await,
        };
        self.app.get_or_try_init(push).await.copied()
    }

    /// The large blob of `APP`.
    pub(crate) async fn large(&self) -> Result<&Blob> {
        let push = async || {
            self.app().await?;
            let blob = self.contents.blob(self.scale.large);
            match &self.place.serves {
                Some(folder) => self.write_blob(&folder.join("v2").join(APP), &blob)?,
                None => {
                    self.connect()
                        .await?
                        .push_blob(APP, &self.contents, &blob)
                        .await?
                }
            }
            Ok(blob)
        };
        self.large.get_or_try_init(push).await
    }

    /// Makes rows of a kind up to a number, over all lanes at once.
    pub(crate) async fn rows(
        &self,
        kind: &str,
        count: usize,
        make: impl AsyncFn(&mut Connection, usize) -> Result<()>,
    ) -> Result<()> {
        let there = self.kept.rows(kind);
        self.at_once(there..count.max(there), make).await?;
        self.kept.made(kind, count.max(there))
    }

    /// Does something for each number, over all lanes at once.
    pub(crate) async fn at_once(
        &self,
        numbers: std::ops::Range<usize>,
        make: impl AsyncFn(&mut Connection, usize) -> Result<()>,
    ) -> Result<()> {
        let next = Cell::new(numbers.start);
        let lane = async || {
            let mut connection = self.connect().await?;
            while next.get() < numbers.end {
                let number = next.replace(next.get() + 1);
                make(&mut connection, number).await?;
            }
            Result::Ok(())
        };
        let lanes = self.scale.lanes.min(numbers.len());
        try_join_all((0..lanes).map(|_| lane())).await.map(drop)
    }

    pub(crate) async fn connect(&self) -> Result<Connection> {
        Connection::open(&self.target).await
    }

    async fn push_app(&self) -> Result<()> {
        let mut connection = self.connect().await?;
        for blob in [&self.config, &self.small] {
            connection.push_blob(APP, &self.contents, blob).await?;
        }
        let digest = self.manifest_digest();
        for reference in ["v1", digest.as_str()] {
            connection
                .put_manifest(APP, reference, &self.manifest)
                .await?;
        }
        Ok(())
    }

    fn write_app(&self, folder: &Path) -> Result<()> {
        let manifests = folder.join("manifests");
        fs::create_dir_all(&manifests)?;
        let digest = self.manifest_digest();
        for reference in ["v1", digest.as_str()] {
            fs::write(manifests.join(reference), &self.manifest)?;
        }
        self.write_blob(folder, &self.small)
    }

    fn write_blob(&self, folder: &Path, blob: &Blob) -> Result<()> {
        let blobs = folder.join("blobs");
        fs::create_dir_all(&blobs)?;
        let bytes = self.contents.bytes(blob, 0..blob.size());
        Ok(fs::write(blobs.join(blob.digest().as_str()), bytes)?)
    }
}
