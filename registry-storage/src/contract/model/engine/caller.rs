//! Callers of two engines over one store.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use registry_core::{
    AllowAll, BodyError, Caller, Digest, Error, ManifestPush, OrphanSettings, PageRequest, Pull,
    Push, Reference, References, Registry, Settings, Upload,
    backend::{BlobStore, Metadata, TagCondition},
};

use super::{
    action::{Condition, Request, Trouble},
    known::{EXPIRY, GRACE, Outcome, Session, another},
    stage::{self, INLINE, Index, Stage},
    tasks::Tasks,
};
use crate::{
    contract::drive::polled,
    wrap::{Faults, FaultyBlobs, FaultyMetadata, When},
};

type Answered = Result<Outcome, Error>;

/// A process: an engine, and what goes wrong with its backends.
pub(super) struct Process {
    registry: Registry,
    faults: Arc<Faults>,
    caller: Caller,
    tasks: Tasks,
    metadata: Arc<dyn Metadata>,
}

impl Process {
    pub(super) async fn new(
        number: u64,
        tasks: Tasks,
        blobs: Arc<dyn BlobStore>,
        metadata: Arc<dyn Metadata>,
    ) -> Self {
        let faults = Arc::new(Faults::default());
        let part = blobs.part_size();
        let blobs = FaultyBlobs::new(blobs, Arc::clone(&faults));
        let sound = Arc::clone(&metadata);
        let metadata = FaultyMetadata::new(metadata, Arc::clone(&faults));
        let drawn = AtomicU64::new(number << 32);
        let random = move |bytes: &mut [u8]| {
            let next = drawn.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            let next = next.into_iter().cycle();
            bytes
                .iter_mut()
                .zip(next)
                .for_each(|(byte, next)| *byte = next);
        };
        let registry = Registry::builder()
            .blobs(Arc::new(blobs))
            .metadata(Arc::new(metadata))
            .policy(AllowAll)
            .random(random)
            .spawner(tasks.clone())
            .settings(settings(part))
            .build()
            .await;
        Self {
            registry: registry.expect("a registry"),
            faults,
            caller: Caller::named("alice"),
            tasks,
            metadata: sound,
        }
    }

    /// A round of the collector, which may fail.
    pub(super) async fn collect(&self) {
        drop(self.registry.collect().await);
    }

    /// How a session stands.
    pub(super) async fn status(&self, session: &Session) -> Outcome {
        let status = async {
            let upload = self.upload(session).await?;
            Ok(Outcome::Stands(upload.status().await?.offset))
        };
        told(status.await, |_| None)
    }

    /// Makes a request that meets with trouble, and says what its caller was told.
    pub(super) async fn ask(
        &self,
        stage: &Stage,
        request: &Request,
        session: Option<&Session>,
        start: Option<u64>,
        trouble: Option<&Trouble>,
    ) -> Outcome {
        let is_write = request.is_write();
        let request = self.request(stage, request, session, start);
        let answered = match trouble {
            None => request.await,
            Some(Trouble::Dropped(polls)) => match polled(*polls, request).await {
                Some(answered) => answered,
                None => Ok(Outcome::Unsure),
            },
            Some(Trouble::Fault(nth, fault)) => {
                self.faults.add(None, When::Nth(*nth), fault.clone());
                request.await
            }
        };
        if is_write {
            self.tasks.ended().await;
        }
        self.faults.clear();
        if is_write {
            self.overtake_nothing().await;
        }
        told(answered, |digest| {
            let blob = stage.blob_of(digest).map(Content::Blob);
            blob.or_else(|| stage.manifest_of(digest).map(Content::Manifest))
        })
    }

    /// A command whose caller has gone away may wait still, where a backend queues them. What waits
    /// behind it is done after it.
    async fn overtake_nothing(&self) {
        let answered = self.metadata.forget_expired(&[]).await;
        answered.expect("a command without trouble");
    }

    async fn request(
        &self,
        stage: &Stage,
        request: &Request,
        session: Option<&Session>,
        start: Option<u64>,
    ) -> Answered {
        match *request {
            Request::PutBlob { at, blob, wrong } => {
                let digest = stage.blob_digest(blob);
                let sent = if wrong { another(blob) } else { blob };
                let mut body = body(stage.blob(sent), false);
                let push = self.push(at).await?;
                push.put_blob(&digest, &mut body).await?;
                Ok(Outcome::Done)
            }
            Request::Begin { at, .. } => {
                Ok(Outcome::Begun(self.push(at).await?.begin_upload(None)?))
            }
            Request::Append { .. } | Request::Finish { .. } | Request::Cancel { .. } => {
                match session {
                    Some(session) => self.write(stage, request, session, start).await,
                    None => Ok(Outcome::Unsure),
                }
            }
            Request::Mount { from, to, blob } => {
                let from = from.map(stage::repository);
                let push = self.push(to).await?;
                let mounted = push.mount(&stage.blob_digest(blob), from.as_ref()).await?;
                Ok(mounted.map_or(Outcome::Absent, |_| Outcome::Done))
            }
            Request::PutManifest {
                at,
                manifest,
                tag,
                condition,
            } => {
                self.put_manifest(stage, (at, manifest), tag, condition)
                    .await
            }
            Request::DeleteBlob { at, blob } => {
                let delete = self
                    .registry
                    .open(&self.caller, &stage::repository(at))
                    .delete();
                delete.await?.blob(&stage.blob_digest(blob)).await?;
                Ok(Outcome::Done)
            }
            Request::DeleteManifest { at, manifest } => {
                let delete = self
                    .registry
                    .open(&self.caller, &stage::repository(at))
                    .delete();
                delete
                    .await?
                    .manifest(&stage.manifest_digest(manifest))
                    .await?;
                Ok(Outcome::Done)
            }
            Request::DeleteTag { at, tag } => {
                let delete = self
                    .registry
                    .open(&self.caller, &stage::repository(at))
                    .delete();
                delete
                    .await?
                    .tag(&stage::tag_at(tag), &TagCondition::Any)
                    .await?;
                Ok(Outcome::Done)
            }
            _ => self.read(stage, request).await,
        }
    }

    async fn write(
        &self,
        stage: &Stage,
        request: &Request,
        session: &Session,
        start: Option<u64>,
    ) -> Answered {
        let upload = self.upload(session).await?;
        let bytes = stage.blob(session.blob);
        let rest = bytes.slice(start.map_or(bytes.len(), |start| start as usize)..);
        match *request {
            Request::Append { share, breaks, .. } => {
                let length = rest.len() as u64 * share / 100;
                let part = rest.slice(..length as usize);
                let offset = upload.append(start, &mut body(&part, breaks)).await?;
                match start.is_none_or(|start| start + length == offset) {
                    true => Ok(Outcome::Stands(offset)),
                    false => Ok(Outcome::Other(format!(
                        "{length} bytes from {start:?}: {offset}"
                    ))),
                }
            }
            Request::Finish { wrong, .. } => {
                let blob = if wrong {
                    another(session.blob)
                } else {
                    session.blob
                };
                let digest = stage.blob_digest(blob);
                upload
                    .finish(start, &mut body(&rest, false), &digest)
                    .await?;
                Ok(Outcome::Done)
            }
            _ => {
                upload.cancel().await?;
                Ok(Outcome::Done)
            }
        }
    }

    async fn put_manifest(
        &self,
        stage: &Stage,
        (at, manifest): (Index, Index),
        tag: Option<Index>,
        condition: Condition,
    ) -> Answered {
        let reference = match tag {
            Some(tag) => Reference::Tag(stage::tag_at(tag)),
            None => Reference::Digest(stage.manifest_digest(manifest)),
        };
        let condition = match condition {
            Condition::Any => TagCondition::Any,
            Condition::Absent => TagCondition::Absent,
            Condition::Is(manifest) => TagCondition::Is(stage.manifest_digest(manifest)),
        };
        let push = ManifestPush {
            reference: &reference,
            tags: &[],
            content_type: None,
            bytes: stage.manifest(manifest).clone(),
            condition,
        };
        self.push(at).await?.put_manifest(push).await?;
        Ok(Outcome::Done)
    }

    async fn read(&self, stage: &Stage, request: &Request) -> Answered {
        let page = PageRequest {
            after: None,
            limit: 100,
        };
        match *request {
            Request::GetBlob { at, blob } => {
                let pull = self.pull(at).await?;
                let found = pull.stat_blob(&stage.blob_digest(blob)).await?;
                match found.read_all().await? == *stage.blob(blob) {
                    true => Ok(Outcome::Done),
                    false => Ok(Outcome::Other("other bytes than were pushed".to_owned())),
                }
            }
            Request::GetManifest { at, manifest } => {
                let reference = Reference::Digest(stage.manifest_digest(manifest));
                self.get_manifest(stage, at, &reference).await
            }
            Request::GetTag { at, tag } => {
                let reference = Reference::Tag(stage::tag_at(tag));
                self.get_manifest(stage, at, &reference).await
            }
            Request::ListReferrers { at, subject } => {
                let subject = stage.manifest_digest(subject);
                let found = self.pull(at).await?.referrers(&subject, None, page).await?;
                let digests = found.items.iter().map(|descriptor| &descriptor.digest);
                let listed = digests.filter_map(|digest| stage.manifest_of(digest));
                Ok(Outcome::Listed(listed.collect()))
            }
            Request::ListTags { at } => match self.pull(at).await?.tags(page).await {
                Ok(found) => {
                    let all = 0..stage::TAGS.len();
                    let listed = all.filter(|tag| found.items.contains(&stage::tag_at(*tag)));
                    Ok(Outcome::Listed(listed.collect()))
                }
                Err(Error::RepositoryUnknown(_)) => Ok(Outcome::Listed(Vec::new())),
                Err(error) => Err(error),
            },
            _ => Ok(Outcome::Other("no request".to_owned())),
        }
    }

    async fn get_manifest(&self, stage: &Stage, at: Index, reference: &Reference) -> Answered {
        let found = self.pull(at).await?.stat_manifest(reference).await?;
        let manifest = stage.manifest_of(&found.digest);
        let manifest = manifest.filter(|manifest| *stage.manifest(*manifest) == found.bytes);
        let other = || Outcome::Other("other bytes than were pushed".to_owned());
        Ok(manifest.map_or_else(other, Outcome::Found))
    }

    async fn push(&self, at: Index) -> Result<Push, Error> {
        self.registry
            .open(&self.caller, &stage::repository(at))
            .push()
            .await
    }

    async fn pull(&self, at: Index) -> Result<Pull, Error> {
        self.registry
            .open(&self.caller, &stage::repository(at))
            .pull()
            .await
    }

    async fn upload(&self, session: &Session) -> Result<Upload, Error> {
        self.push(session.at).await?.upload(&session.id)
    }
}

/// What a digest is of.
enum Content {
    Blob(Index),
    Manifest(Index),
}

/// What the caller was told.
fn told(answered: Answered, which: impl Fn(&Digest) -> Option<Content>) -> Outcome {
    let error = match answered {
        Ok(outcome) => return outcome,
        Err(error) => error,
    };
    match error {
        Error::Unavailable(_) | Error::Full | Error::UploadTakenOver => Outcome::Unsure,
        Error::RepositoryUnknown(_) | Error::BlobUnknown(_) | Error::ManifestUnknown(_) => {
            Outcome::Absent
        }
        Error::UploadUnknown => Outcome::Gone,
        Error::DigestMismatch { .. } => Outcome::Mismatch,
        Error::RangeInvalid { .. } => Outcome::Elsewhere,
        Error::Body(BodyError::Broken(_)) => Outcome::Broken,
        Error::ManifestBlobUnknown(digests) => {
            let (mut blobs, mut manifests) = (Vec::new(), Vec::new());
            for digest in &digests {
                match which(digest) {
                    Some(Content::Blob(blob)) => blobs.push(blob),
                    Some(Content::Manifest(manifest)) => manifests.push(manifest),
                    None => return Outcome::Other(format!("{digest} is missing")),
                }
            }
            Outcome::Missing(blobs, manifests)
        }
        Error::ConditionFailed { current: None, .. } => Outcome::Conflict(None),
        Error::ConditionFailed {
            current: Some(digest),
            ..
        } => match which(&digest) {
            Some(Content::Manifest(manifest)) => Outcome::Conflict(Some(manifest)),
            _ => Outcome::Other(format!("the tag points at {digest}")),
        },
        Error::Required { by, .. } => match which(&by) {
            Some(Content::Manifest(manifest)) => Outcome::RequiredBy(manifest),
            _ => Outcome::Other(format!("{by} requires it")),
        },
        error => Outcome::Other(format!("{error:?}")),
    }
}

/// A body in pieces.
fn body(
    bytes: &Bytes,
    breaks: bool,
) -> impl stream::Stream<Item = Result<Bytes, BodyError>> + Send + Unpin + use<> {
    let half = bytes.len() / 2;
    let pieces = [bytes.slice(..half), bytes.slice(half..)].map(Ok);
    let broken = || Err(BodyError::Broken("the client went away".to_owned()));
    stream::iter(pieces.into_iter().chain(breaks.then(broken)))
}

fn settings(part: u64) -> Settings {
    let hours = |hours: u32| Duration::from_hours(u64::from(hours));
    Settings {
        references: References::Strict,
        inline_limit: INLINE,
        checkpoint_every: part,
        // Told so that no whole hour is a limit.
        grace: hours(GRACE) + Duration::from_mins(30),
        upload_expiry: hours(EXPIRY) + Duration::from_mins(30),
        orphans: OrphanSettings {
            percent: 100,
            floor: 0,
        },
        ..Settings::default()
    }
}
