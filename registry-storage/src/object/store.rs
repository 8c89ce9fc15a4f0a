//! The object store as everything here has it: where its keys are, and in what words it fails.

use std::sync::Arc;

use object_store::{
    GetOptions, GetResult, ObjectStore, ObjectStoreExt, PutOptions, PutPayload,
    multipart::MultipartStore, path::Path,
};
use registry_core::{
    Random,
    backend::{ObjectKey, StoreError},
};

use super::{
    ObjectSettings,
    block::Blocks,
    budget::Budget,
    error::{failed, is_absent, unavailable},
    hedge::Hedge,
    key::Write,
};

pub(super) struct Store {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) parts: Arc<dyn MultipartStore>,
    pub(super) settings: ObjectSettings,
    pub(super) budget: Budget,
    pub(super) hedge: Option<Hedge>,
    pub(super) blocks: Arc<Blocks>,
    pub(super) random: Arc<dyn Random>,
    prefix: Path,
}

impl Store {
    pub(super) fn new(
        objects: Arc<dyn ObjectStore>,
        parts: Arc<dyn MultipartStore>,
        settings: ObjectSettings,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        let prefix = Path::parse(&settings.prefix);
        let prefix = prefix.map_err(|error| {
            unavailable(format!(
                "{:?} is no prefix of a store: {error}",
                settings.prefix
            ))
        })?;
        let settings = ObjectSettings {
            part_size: settings.part_size.max(1),
            in_flight: settings.in_flight.max(1),
            ..settings
        };
        Ok(Self {
            objects,
            parts,
            budget: Budget::new(settings.budget),
            hedge: settings.hedge.map(Hedge::new),
            blocks: Arc::default(),
            settings,
            random,
            prefix,
        })
    }

    /// Where in the bucket a key is.
    pub(super) fn path(&self, key: &str) -> Path {
        let within = key.split('/').filter(|part| !part.is_empty());
        within.fold(self.prefix.clone(), Path::join)
    }

    /// The key of what is there.
    pub(super) fn key(&self, path: &Path) -> Option<ObjectKey> {
        let within = path.as_ref().strip_prefix(self.prefix.as_ref())?;
        let key = within.strip_prefix('/').unwrap_or(within);
        Some(ObjectKey::new(key))
    }

    pub(super) async fn put(&self, key: &ObjectKey, bytes: PutPayload) -> Result<(), StoreError> {
        let path = self.path(key.as_str());
        let options = PutOptions::from(self.settings.attributes());
        let put = self.objects.put_opts(&path, bytes, options).await;
        put.map(drop)
            .map_err(|error| self.failed("put", &path, &error))
    }

    pub(super) async fn get(
        &self,
        key: &ObjectKey,
        options: GetOptions,
    ) -> Result<GetResult, StoreError> {
        let path = self.path(key.as_str());
        match &self.hedge {
            None => self.get_once(&path, options).await,
            // Apart, so that reads that are asked for once do not carry the room for two.
            Some(hedge) => {
                let ask = || self.get_once(&path, options.clone());
                Box::pin(hedge.answer(ask)).await
            }
        }
    }

    async fn get_once(&self, path: &Path, options: GetOptions) -> Result<GetResult, StoreError> {
        let got = self.objects.get_opts(path, options).await;
        got.map_err(|error| self.failed("get", path, &error))
    }

    /// The size of an object, or that there is none.
    pub(super) async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        let path = self.path(key.as_str());
        match self.objects.head(&path).await {
            Ok(found) => Ok(Some(found.size)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(self.failed("look at", &path, &error)),
        }
    }

    pub(super) async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        let path = self.path(key.as_str());
        self.gone("delete", &path, self.objects.delete(&path).await)
    }

    /// Gives a write up. Of one without an upload nothing is there.
    pub(super) async fn give_up(&self, write: &Write) -> Result<(), StoreError> {
        match &write.upload {
            Some(id) => {
                let path = self.path(write.unique.blob_key().as_str());
                self.abort(&path, id).await
            }
            None => Ok(()),
        }
    }

    /// Gives a multipart upload up, if it is there.
    pub(super) async fn abort(&self, path: &Path, id: &String) -> Result<(), StoreError> {
        let aborted = self.parts.abort_multipart(path, id).await;
        self.gone("abort the upload of", path, aborted)
    }

    pub(super) fn failed(
        &self,
        what: &str,
        path: &Path,
        error: &object_store::Error,
    ) -> StoreError {
        failed(what, path, &self.objects, error)
    }

    /// That it was not there is as good as that it was taken away.
    fn gone(
        &self,
        what: &str,
        path: &Path,
        outcome: object_store::Result<()>,
    ) -> Result<(), StoreError> {
        match outcome {
            Ok(()) => Ok(()),
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) => Err(self.failed(what, path, &error)),
        }
    }
}
