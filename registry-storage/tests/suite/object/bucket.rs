//! A bucket in memory, as S3 would have it, that notes what it is asked and fails by plan.
//!
//! Objects are those of `object_store`'s own memory store. Its multipart uploads are not: it joins
//! whatever parts there are, where S3 takes those that a completion names, if it still has them.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartId,
    MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions,
    PutPayload, PutResult, Result,
    memory::InMemory,
    multipart::{MultipartStore, PartId},
    path::Path,
};
use tokio::sync::Semaphore;

use crate::waiting::wait;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not done.
    Refused,
    /// It is done, and the answer is lost.
    Lost,
    /// The body breaks after so many bytes.
    Broken(usize),
    /// The body ends after so many bytes, as if that were all.
    Cut(usize),
}

#[derive(Default)]
pub(crate) struct Bucket {
    objects: InMemory,
    uploads: Mutex<Uploads>,
    requests: Mutex<Vec<&'static str>>,
    plan: Mutex<Vec<(&'static str, Fault)>>,
    /// How long the next answers to a `get` take to begin.
    delays: Mutex<VecDeque<Duration>>,
    /// How often a request is not ready, before it is done and after.
    waits: u32,
    /// Parts wait for a permit, where there is a gate.
    gate: Option<Semaphore>,
}

#[derive(Default)]
struct Uploads {
    last: u64,
    /// How many bytes of parts came.
    sent: usize,
    open: BTreeMap<MultipartId, Parts>,
}

type Parts = BTreeMap<usize, (String, Bytes)>;

impl Bucket {
    pub(crate) fn waiting() -> Self {
        Self {
            waits: 2,
            ..Self::default()
        }
    }

    /// One that keeps parts waiting until they are let through.
    pub(crate) fn gated() -> Self {
        Self {
            gate: Some(Semaphore::new(0)),
            ..Self::default()
        }
    }

    /// Lets so many parts through.
    pub(crate) fn let_through(&self, parts: usize) {
        self.gate.as_ref().unwrap().add_permits(parts);
    }

    /// The next request of that name fails, after those that were planned before.
    pub(crate) fn plan(&self, request: &'static str, fault: Fault) {
        self.plan.lock().unwrap().push((request, fault));
    }

    /// The answers to the next reads take so long to begin, each in its turn.
    pub(crate) fn delay(&self, delays: impl IntoIterator<Item = Duration>) {
        self.delays.lock().unwrap().extend(delays);
    }

    /// What was asked since this was asked before.
    pub(crate) fn requests(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    /// How many multipart uploads have neither been completed nor aborted.
    pub(crate) fn uploads(&self) -> usize {
        self.uploads.lock().unwrap().open.len()
    }

    /// How many bytes were sent as parts.
    pub(crate) fn sent(&self) -> usize {
        self.uploads.lock().unwrap().sent
    }

    pub(crate) fn objects(&self) -> &InMemory {
        &self.objects
    }

    async fn request<T>(
        &self,
        name: &'static str,
        path: &Path,
        done: impl AsyncFnOnce() -> Result<T>,
    ) -> Result<T> {
        self.requests.lock().unwrap().push(name);
        wait(self.waits).await;
        let fault = self.fault(name, &[Fault::Refused, Fault::Lost]);
        if fault == Some(Fault::Refused) {
            return Err(refused(path, "SlowDown"));
        }
        let answer = done().await;
        wait(self.waits).await;
        match fault {
            Some(_) => Err(refused(path, "connection reset")),
            None => answer,
        }
    }

    /// The fault that is planned for this request, if it is one of these.
    fn fault(&self, name: &str, of: &[Fault]) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap();
        let place = plan.iter().position(|(request, _)| *request == name)?;
        of.contains(&plan[place].1).then(|| plan.remove(place).1)
    }

    fn spoilt(&self, got: GetResult) -> GetResult {
        let fault = {
            let mut plan = self.plan.lock().unwrap();
            let place = plan.iter().position(|(request, _)| *request == "get");
            place.map(|place| plan.remove(place).1)
        };
        let (length, broken) = match fault {
            Some(Fault::Broken(length)) => (length, true),
            Some(Fault::Cut(length)) => (length, false),
            _ => return got,
        };
        let error = broken.then(|| Err(refused(&got.meta.location, "broken pipe")));
        let range = got.range.clone();
        let meta = got.meta.clone();
        let begins = got
            .into_stream()
            .map(move |bytes| bytes.map(|bytes| bytes.slice(..length.min(bytes.len()))));
        GetResult {
            payload: GetResultPayload::Stream(begins.chain(stream::iter(error)).boxed()),
            meta,
            range,
            attributes: object_store::Attributes::default(),
            extensions: object_store::Extensions::default(),
        }
    }
}

fn refused(path: &Path, why: &str) -> Error {
    Error::Generic {
        store: "Bucket",
        source: format!("{path}: {why}").into(),
    }
}

fn no_such_upload(path: &Path) -> Error {
    Error::NotFound {
        path: path.to_string(),
        source: "NoSuchUpload".into(),
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bucket")
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bucket")
    }
}

#[async_trait]
impl ObjectStore for Bucket {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let put = async || self.objects.put_opts(path, payload, options).await;
        self.request("put", path, put).await
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        panic!("uploads are made by their parts");
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let name = if options.head { "head" } else { "get" };
        let delay = match name {
            "get" => self.delays.lock().unwrap().pop_front(),
            _ => None,
        };
        let got = async || {
            if let Some(delay) = delay {
                tokio::time::sleep(delay).await;
            }
            self.objects.get_opts(path, options).await
        };
        let got = self.request(name, path, got).await?;
        Ok(if name == "get" { self.spoilt(got) } else { got })
    }

    async fn get_ranges(&self, _: &Path, _: &[Range<u64>]) -> Result<Vec<Bytes>> {
        panic!("one range is asked for");
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.requests.lock().unwrap().push("delete");
        let waits = self.waits;
        let waited = paths.then(move |path| async move {
            wait(waits).await;
            path
        });
        self.objects.delete_stream(waited.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.requests.lock().unwrap().push("list");
        self.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        panic!("directories are not asked for");
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        panic!("nothing is copied");
    }
}

#[async_trait]
impl MultipartStore for Bucket {
    async fn create_multipart(&self, path: &Path) -> Result<MultipartId> {
        let create = async || {
            let mut uploads = self.uploads.lock().unwrap();
            uploads.last += 1;
            let id = format!("id/{}", uploads.last);
            uploads.open.insert(id.clone(), Parts::new());
            Ok(id)
        };
        self.request("create", path, create).await
    }

    async fn put_part(
        &self,
        path: &Path,
        id: &MultipartId,
        number: usize,
        part: PutPayload,
    ) -> Result<PartId> {
        let put = async || {
            if let Some(gate) = &self.gate {
                gate.acquire().await.unwrap().forget();
            }
            let mut uploads = self.uploads.lock().unwrap();
            uploads.last += 1;
            uploads.sent += part.content_length();
            let content_id = format!("\"{}\"", uploads.last);
            let parts = uploads.open.get_mut(id);
            let parts = parts.ok_or_else(|| no_such_upload(path))?;
            parts.insert(number, (content_id.clone(), part.into()));
            Ok(PartId { content_id })
        };
        self.request("part", path, put).await
    }

    async fn complete_multipart(
        &self,
        path: &Path,
        id: &MultipartId,
        named: Vec<PartId>,
    ) -> Result<PutResult> {
        let complete = async || {
            let object = {
                let mut uploads = self.uploads.lock().unwrap();
                let parts = uploads.open.get(id).ok_or_else(|| no_such_upload(path))?;
                let object = joined(parts, &named).ok_or_else(|| refused(path, "InvalidPart"))?;
                uploads.open.remove(id);
                object
            };
            self.objects.put(path, object.into()).await
        };
        self.request("complete", path, complete).await
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        let abort = async || {
            let aborted = self.uploads.lock().unwrap().open.remove(id);
            aborted.map(drop).ok_or_else(|| no_such_upload(path))
        };
        self.request("abort", path, abort).await
    }
}

/// The parts that are named, if they are still what they were named for.
fn joined(parts: &Parts, named: &[PartId]) -> Option<Vec<u8>> {
    let mut object = Vec::new();
    for (number, named) in named.iter().enumerate() {
        let (id, bytes) = parts.get(&number)?;
        if *id != named.content_id {
            return None;
        }
        object.extend_from_slice(bytes);
    }
    Some(object)
}

/// Both views of a bucket that a store takes.
pub(crate) fn views(bucket: &Arc<Bucket>) -> (Arc<dyn ObjectStore>, Arc<dyn MultipartStore>) {
    (Arc::clone(bucket) as _, Arc::clone(bucket) as _)
}
