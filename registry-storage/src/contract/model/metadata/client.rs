//! A client of the backend, whose commands can meet with trouble.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use registry_core::{
    Event, RawDescriptor, Reference, RepositoryName, Visibility,
    backend::{
        Checked, ClaimOutcome, CreateNamespace, CreateRule, DeleteBlob, DeleteManifest,
        DeleteManifestOutcome, DeleteTag, FactsVersion, ListRepositories, Metadata, MetadataError,
        MountBlob, NamespaceSettings, ObjectKey, Origin, PartialContent, PullCount, PutBlob,
        PutManifest, PutManifestOutcome, ReferrersPage, Renewal, Scope, TagCondition, TagMove,
        UploadState, WriteCheckpoint, WriteOutcome,
    },
};

use super::{
    action::{Condition, Creates, Read, Settings, Trouble, Write},
    stage::{self, Index},
    world::{Answer, Call, Claim, Stand},
};
use crate::{
    contract::metadata::fixture::{ALICE, Repo, SampleSession, checkpoint},
    wrap::{Fault, Faults, FaultyMetadata, When},
};

/// The grace and the idle time of the model, told so that no whole hour is a limit.
const GRACE: Duration = Duration::from_mins(90);
const IDLE: Duration = Duration::from_mins(270);

/// After so many steps a collection is taken never to end.
const MOST_STEPS: usize = 100;

/// The facts of a repository, as a reader sees them.
pub(super) type Shown = (Option<bool>, Option<Option<bool>>);

type Answered = Result<Answer, MetadataError>;

pub(super) struct Client {
    metadata: Arc<dyn Metadata>,
    faults: Arc<Faults>,
    /// The versions that it remembers, by repository.
    facts: BTreeMap<Index, FactsVersion>,
    epochs: BTreeMap<(Index, Index), u64>,
    /// What it was told last.
    pub(super) doomed: BTreeSet<String>,
    pub(super) expired: BTreeSet<String>,
    pending: Vec<u64>,
}

impl Client {
    pub(super) fn new(metadata: Arc<dyn Metadata>) -> Self {
        let faults = Arc::new(Faults::default());
        Self {
            metadata: Arc::new(FaultyMetadata::new(metadata, Arc::clone(&faults))),
            faults,
            facts: BTreeMap::new(),
            epochs: BTreeMap::new(),
            doomed: BTreeSet::new(),
            expired: BTreeSet::new(),
            pending: Vec::new(),
        }
    }

    /// Asks for the facts of a repository and remembers them.
    pub(super) async fn ask(&mut self, at: Index) -> (Shown, FactsVersion) {
        let facts = self
            .metadata
            .facts(&stage::repository(at))
            .await
            .expect("facts");
        self.facts.insert(at, facts.version);
        let is_public = |visibility| visibility == Visibility::Public;
        let namespace = facts.namespace.map(|found| is_public(found.visibility));
        let own = facts
            .repository
            .map(|found| found.visibility.map(is_public));
        ((namespace, own), facts.version)
    }

    /// Whether the epoch that it holds is that of a session without a row.
    pub(super) fn is_fresh(&self, at: Index, id: Index) -> bool {
        self.epoch(at, id) == 0
    }

    /// Makes a call that meets with trouble.
    pub(super) async fn call(&mut self, call: &Call, trouble: Option<Trouble>) -> Answered {
        if let Some(trouble) = trouble {
            let fault = match trouble {
                Trouble::Refused => Fault::Unavailable,
                Trouble::LostRequest => Fault::LostRequest,
                Trouble::LostAnswer => Fault::LostAnswer,
            };
            self.faults.add(None, When::Nth(1), fault);
        }
        let answered = self.write(call).await;
        self.faults.clear();
        answered
    }

    async fn write(&mut self, call: &Call) -> Answered {
        match &call.write {
            Write::CreateNamespace(..)
            | Write::UpdateNamespace(..)
            | Write::CreateRepository(..)
            | Write::SetVisibility(..) => self.write_place(&call.write).await,
            Write::PutBlob { .. }
            | Write::MountBlob { .. }
            | Write::DeleteBlob(..)
            | Write::Quarantine(_) => self.write_blob(call).await,
            Write::PutManifest { .. }
            | Write::DeleteTag(..)
            | Write::DeleteManifest(..)
            | Write::Renew(..)
            | Write::AddPulls(..) => self.write_manifest(&call.write).await,
            Write::Claim(..)
            | Write::Checkpoint(..)
            | Write::Cancel(..)
            | Write::Expire
            | Write::ForgetExpired => self.write_upload(call).await,
            _ => self.collect(call).await,
        }
    }

    async fn write_place(&self, write: &Write) -> Answered {
        let metadata = &self.metadata;
        match *write {
            Write::CreateNamespace(at, settings) => {
                let command = CreateNamespace {
                    name: &stage::repository(at).namespace(),
                    settings: settings.into(),
                    origin: ALICE,
                };
                metadata.create_namespace(command).await.map(Answer::Create)
            }
            Write::UpdateNamespace(at, settings) => {
                let name = stage::repository(at).namespace();
                let facts = self.version(at);
                let updated = metadata.update_namespace(&name, facts, settings.into(), ALICE);
                checked(updated.await, Answer::Update)
            }
            Write::CreateRepository(at, own, creates) => {
                let name = stage::repository(at);
                let rule = CreateRule {
                    repository: true,
                    ..creates.into()
                };
                let scope = self.scope(at, &name);
                let created = metadata.create_repository(scope, visibility(own), rule, ALICE);
                checked(created.await, Answer::Create)
            }
            Write::SetVisibility(at, own) => {
                let name = stage::repository(at);
                let scope = self.scope(at, &name);
                let set = metadata.set_repository_visibility(scope, visibility(own), ALICE);
                checked(set.await, Answer::Update)
            }
            _ => Ok(Answer::Done),
        }
    }

    async fn write_blob(&self, call: &Call) -> Answered {
        let key = call.key.as_deref();
        match call.write {
            Write::PutBlob {
                repository: at,
                blob,
                session,
                creates,
                ..
            } => {
                let name = stage::repository(at);
                let session = session.map(|id| (self.session(at, id), self.epoch(at, id)));
                let session = session.as_ref();
                let sample = stage::sample_blob(blob, key);
                let command = PutBlob {
                    session: session.map(|(session, epoch)| session.end(*epoch)),
                    create: creates.into(),
                    ..sample.put(self.scope(at, &name))
                };
                checked(self.metadata.put_blob(command).await, Answer::PutBlob)
            }
            Write::MountBlob {
                from,
                to,
                blob,
                creates,
            } => {
                let (source, target) = (stage::repository(from), stage::repository(to));
                let command = MountBlob {
                    from: self.scope(from, &source),
                    to: self.scope(to, &target),
                    digest: &stage::blob(blob),
                    create: creates.into(),
                    origin: ALICE,
                };
                checked(self.metadata.mount_blob(command).await, Answer::MountBlob)
            }
            Write::DeleteBlob(at, blob) => {
                let name = stage::repository(at);
                let command = DeleteBlob {
                    scope: self.scope(at, &name),
                    digest: &stage::blob(blob),
                    origin: ALICE,
                };
                checked(self.metadata.delete_blob(command).await, Answer::DeleteBlob)
            }
            Write::Quarantine(blob) => {
                let key = ObjectKey::new(key.unwrap_or("never/given"));
                let is = self
                    .metadata
                    .quarantine(&stage::blob(blob), Some(&key))
                    .await;
                is.map(Answer::Is)
            }
            _ => Ok(Answer::Done),
        }
    }

    async fn write_manifest(&self, write: &Write) -> Answered {
        match write {
            Write::PutManifest {
                repository,
                manifest,
                tags,
                creates,
            } => {
                self.put_manifest(*repository, *manifest, tags, *creates)
                    .await
            }
            Write::DeleteTag(at, tag, condition) => {
                let name = stage::repository(*at);
                let command = DeleteTag {
                    scope: self.scope(*at, &name),
                    tag: &stage::tag_at(*tag),
                    condition: (*condition).into(),
                    origin: ALICE,
                };
                checked(self.metadata.delete_tag(command).await, Answer::DeleteTag)
            }
            Write::DeleteManifest(at, manifest) => {
                let name = stage::repository(*at);
                let command = DeleteManifest {
                    scope: self.scope(*at, &name),
                    digest: &stage::manifest(*manifest),
                    origin: ALICE,
                };
                let deleted = self.metadata.delete_manifest(command).await;
                checked(deleted, |outcome| Answer::DeleteManifest(in_order(outcome)))
            }
            Write::Renew(at, target, index) => {
                let renewal = Renewal {
                    repository: &stage::repository(*at),
                    target: *target,
                    digest: &stage::digest(*target, *index),
                };
                self.metadata.renew(renewal).await.map(Answer::Is)
            }
            Write::AddPulls(at, tag) => {
                let count = PullCount {
                    repository: stage::repository(*at),
                    tag: tag.map(stage::tag_at),
                    pulls: 1,
                };
                self.metadata
                    .add_pulls(&[count])
                    .await
                    .map(|()| Answer::Done)
            }
            _ => Ok(Answer::Done),
        }
    }

    async fn put_manifest(
        &self,
        at: Index,
        manifest: Index,
        tags: &[(Index, Condition)],
        creates: Creates,
    ) -> Answered {
        let name = stage::repository(at);
        let moves = tags.iter().map(|(tag, condition)| TagMove {
            tag: stage::tag_at(*tag),
            condition: (*condition).into(),
        });
        let moves: Vec<_> = moves.collect();
        let sample = stage::sample_manifest(manifest);
        let command = PutManifest {
            create: creates.into(),
            ..sample.put(self.scope(at, &name), &moves)
        };
        let put = self.metadata.put_manifest(command).await;
        checked(put, |outcome| {
            Answer::PutManifest(match outcome {
                PutManifestOutcome::Missing(mut missing) => {
                    missing.sort();
                    PutManifestOutcome::Missing(missing)
                }
                outcome => outcome,
            })
        })
    }

    async fn write_upload(&mut self, call: &Call) -> Answered {
        match call.write {
            Write::Claim(at, id) => {
                let session = self.session(at, id);
                let claimed = self.metadata.claim(session.key()).await?;
                let (epoch, claim) = match claimed {
                    ClaimOutcome::Fresh => (Some(0), Claim::Fresh),
                    ClaimOutcome::Claimed { epoch, from } => {
                        let open = stand(UploadState::Open(from));
                        let Stand::Open(key) = open else {
                            return Ok(Answer::Done);
                        };
                        (Some(epoch), Claim::Claimed(key))
                    }
                    ClaimOutcome::Finished(digest) => {
                        (None, Claim::Ended(stand(UploadState::Finished(digest))))
                    }
                    ClaimOutcome::Cancelled => (None, Claim::Ended(Stand::Cancelled)),
                };
                self.epochs.extend(epoch.map(|epoch| ((at, id), epoch)));
                Ok(Answer::Claim(claim))
            }
            Write::Checkpoint(at, id) => {
                let key = call.key.as_deref().unwrap_or_default();
                let session = self.session(at, id);
                let command = WriteCheckpoint {
                    session: session.key(),
                    epoch: self.epoch(at, id),
                    checkpoint: checkpoint(key.len() as u64, key),
                };
                let written = self.metadata.write_checkpoint(command).await?;
                if let WriteOutcome::Written { epoch } = written {
                    self.epochs.insert((at, id), epoch);
                }
                Ok(Answer::Is(written != WriteOutcome::Superseded))
            }
            Write::Cancel(at, id) => {
                let stood = self.metadata.cancel(self.session(at, id).key()).await?;
                Ok(Answer::Upload(stood.map(stand)))
            }
            Write::Expire => {
                let keys = texts(self.metadata.expire(IDLE, 1000).await?);
                self.expired.clone_from(&keys);
                Ok(Answer::Keys(keys.into_iter().collect()))
            }
            _ => {
                let keys = keys(&call.keys);
                self.metadata
                    .forget_expired(&keys)
                    .await
                    .map(|()| Answer::Done)
            }
        }
    }

    async fn collect(&mut self, call: &Call) -> Answered {
        let keys = keys(&call.keys);
        match call.write {
            Write::Condemn => self.condemn_all().await,
            Write::Seal => self.metadata.seal().await.map(|()| Answer::Done),
            Write::Remove => self.remove_all().await,
            Write::Unknown => {
                let unknown = self.metadata.unknown(&keys).await?;
                let unknown = unknown.into_iter().map(|unknown| unknown.key);
                Ok(Answer::Keys(texts(unknown).into_iter().collect()))
            }
            Write::Doom => self.metadata.doom(&keys, GRACE).await.map(Answer::Count),
            Write::ForgetDoomed => self
                .metadata
                .forget_doomed(&keys)
                .await
                .map(|()| Answer::Done),
            _ => {
                let told = self.metadata.acknowledge(&self.pending).await;
                told.map(|()| Answer::Done)
            }
        }
    }

    /// Condemns until there is no more, whatever goes wrong in between.
    async fn condemn_all(&self) -> Answered {
        for _ in 0..MOST_STEPS {
            if let Ok(false) = self.metadata.condemn(1000).await.map(|step| step.more) {
                return Ok(Answer::Done);
            }
        }
        panic!("condemning comes to no end");
    }

    /// Removes until there is no more, whatever goes wrong in between.
    async fn remove_all(&self) -> Answered {
        let origin = Origin {
            actor: None,
            record: true,
        };
        for _ in 0..MOST_STEPS {
            let step = self.metadata.remove(GRACE, 1000, origin).await;
            if let Ok(false) = step.map(|step| step.more) {
                return Ok(Answer::Done);
            }
        }
        panic!("removing comes to no end");
    }

    /// Reads, with the facts that it remembers.
    pub(super) async fn read(&mut self, read: &Read) -> Answered {
        match *read {
            Read::Blob(..) | Read::Manifest(..) | Read::Tagged(..) | Read::Tags(_) => {
                self.read_content(read).await
            }
            Read::Referrers(at, subject) => self.read_referrers(at, subject).await,
            Read::Namespace(_) | Read::Repository(_) | Read::Repositories => {
                self.read_places(read).await
            }
            Read::Holders(blob) => {
                let all = self
                    .metadata
                    .holders(&stage::blob(blob), None, None, 100)
                    .await?;
                Ok(Answer::Places(all.iter().map(place).collect()))
            }
            Read::Upload(at, id) => {
                let state = self.metadata.upload(self.session(at, id).key()).await?;
                Ok(Answer::Upload(state.map(stand)))
            }
            Read::Pending => {
                let changes = self.metadata.pending(10_000).await?;
                self.pending = changes.iter().map(|change| change.id).collect();
                let told = changes.into_iter().map(|change| change.event);
                let told = told.filter(is_foretold).map(|event| format!("{event:?}"));
                let mut told: Vec<_> = told.collect();
                told.sort();
                Ok(Answer::Events(told))
            }
            Read::Doomed => {
                let doomed = self.metadata.doomed(10_000).await?;
                self.doomed = texts(doomed.into_iter().map(|doomed| doomed.key));
                Ok(Answer::Keys(self.doomed.iter().cloned().collect()))
            }
            Read::Pulls(at, tag) => {
                let tag = tag.map(stage::tag_at);
                let name = stage::repository(at);
                self.metadata
                    .pulls(&name, tag.as_ref())
                    .await
                    .map(Answer::Count)
            }
        }
    }

    async fn read_places(&self, read: &Read) -> Answered {
        match *read {
            Read::Namespace(at) => {
                let name = stage::repository(at).namespace();
                let record = self.metadata.namespace(&name).await?;
                Ok(Answer::Namespace(record.map(|found| found.settings.into())))
            }
            Read::Repository(at) => {
                let record = self.metadata.repository(&stage::repository(at)).await?;
                let own = record.map(|found| found.visibility);
                let is_public = |visibility| visibility == Visibility::Public;
                Ok(Answer::Repository(own.map(|own| own.map(is_public))))
            }
            _ => {
                let page = ListRepositories {
                    after: None,
                    limit: 100,
                    visible: Some(&stage::visible()),
                };
                let shown = self.metadata.repositories(page).await?;
                Ok(Answer::Places(shown.iter().map(place).collect()))
            }
        }
    }

    async fn read_content(&self, read: &Read) -> Answered {
        match *read {
            Read::Blob(at, blob) => {
                let name = stage::repository(at);
                let scope = self.scope(at, &name);
                let record = self.metadata.blob(scope, &stage::blob(blob)).await;
                checked(record, |record| {
                    let record =
                        record.map(|found| (stage::key_of(&found.content), found.condemned));
                    Answer::Blob(record)
                })
            }
            Read::Manifest(at, manifest) => {
                self.resolve(at, stage::manifest(manifest).into()).await
            }
            Read::Tagged(at, tag) => self.resolve(at, stage::tag_at(tag).into()).await,
            Read::Tags(at) => {
                let name = stage::repository(at);
                let tags = self.metadata.tags(self.scope(at, &name), None, 100).await;
                checked(tags, |tags| {
                    let places = (0..stage::TAGS.len())
                        .filter(|index| tags.contains(&stage::tag_at(*index)));
                    Answer::Places(places.collect())
                })
            }
            _ => Ok(Answer::Done),
        }
    }

    async fn resolve(&self, at: Index, reference: Reference) -> Answered {
        let name = stage::repository(at);
        let scope = self.scope(at, &name);
        let record = self.metadata.manifest(scope, &reference).await;
        checked(record, |record| {
            let found = record.map(|found| (stage::manifest_of(&found.digest), found.condemned));
            Answer::Manifest(found)
        })
    }

    async fn read_referrers(&self, at: Index, subject: Index) -> Answered {
        let name = stage::repository(at);
        let page = ReferrersPage {
            subject: &stage::manifest(subject),
            artifact_type: None,
            after: None,
            limit: 100,
        };
        let referrers = self.metadata.referrers(self.scope(at, &name), page).await;
        checked(referrers, |referrers| {
            let read = |raw: &RawDescriptor| raw.read().expect("a descriptor").digest;
            let digests = referrers.iter().map(read);
            let mut places: Vec<_> = digests.map(|digest| stage::manifest_of(&digest)).collect();
            places.sort_unstable();
            Answer::Places(places)
        })
    }

    fn version(&self, at: Index) -> FactsVersion {
        self.facts.get(&at).copied().unwrap_or_default()
    }

    fn scope<'a>(&self, at: Index, repository: &'a RepositoryName) -> Scope<'a> {
        let facts = self.version(at);
        Scope { repository, facts }
    }

    fn epoch(&self, at: Index, id: Index) -> u64 {
        self.epochs.get(&(at, id)).copied().unwrap_or_default()
    }

    fn session(&self, at: Index, id: Index) -> SampleSession {
        let repo = Repo::new(Arc::clone(&self.metadata), stage::REPOSITORIES[at]);
        SampleSession::new(&repo, stage::SESSIONS[id])
    }
}

fn checked<T>(
    answer: Result<Checked<T>, MetadataError>,
    current: impl FnOnce(T) -> Answer,
) -> Answered {
    Ok(match answer? {
        Checked::Current(answer) => current(answer),
        Checked::Stale => Answer::Stale,
    })
}

fn in_order(outcome: DeleteManifestOutcome) -> DeleteManifestOutcome {
    match outcome {
        DeleteManifestOutcome::Deleted { mut untagged } => {
            untagged.sort();
            DeleteManifestOutcome::Deleted { untagged }
        }
        outcome => outcome,
    }
}

/// What the model tells as well: whether a blob that was linked before is told again, and a tag that
/// did not move, the guarantees leave open.
fn is_foretold(event: &Event) -> bool {
    match event {
        Event::Tagged { from, to, .. } => from.as_ref() != Some(to),
        Event::NamespaceVisibilityChanged { .. }
        | Event::RepositoryVisibilityChanged { .. }
        | Event::BlobPushed { .. }
        | Event::BlobMounted { .. } => false,
        _ => true,
    }
}

fn stand(state: UploadState) -> Stand {
    match state {
        UploadState::Open(checkpoint) => Stand::Open(match checkpoint.content {
            PartialContent::Store(store) => store.key.to_string(),
            PartialContent::Inline(_) => "inline".to_owned(),
        }),
        UploadState::Finished(digest) => {
            let blob = (0..stage::BLOBS.len()).find(|index| stage::blob(*index) == digest);
            Stand::Finished(blob.expect("the digest of a blob that was put"))
        }
        UploadState::Cancelled => Stand::Cancelled,
    }
}

fn place(name: &RepositoryName) -> Index {
    let place = (0..stage::REPOSITORIES.len()).find(|at| stage::repository(*at) == *name);
    place.expect("a repository that was made")
}

fn texts(keys: impl IntoIterator<Item = ObjectKey>) -> BTreeSet<String> {
    keys.into_iter().map(|key| key.to_string()).collect()
}

fn keys(texts: &[String]) -> Vec<ObjectKey> {
    texts
        .iter()
        .map(|text| ObjectKey::new(text.as_str()))
        .collect()
}

fn visibility(own: Option<bool>) -> Option<Visibility> {
    own.map(|public| match public {
        true => Visibility::Public,
        false => Visibility::Private,
    })
}

impl From<Settings> for NamespaceSettings {
    fn from(settings: Settings) -> Self {
        Self {
            visibility: match settings.public {
                true => Visibility::Public,
                false => Visibility::Private,
            },
            collect_untagged: settings.collects,
        }
    }
}

impl From<NamespaceSettings> for Settings {
    fn from(settings: NamespaceSettings) -> Self {
        Self {
            public: settings.visibility == Visibility::Public,
            collects: settings.collect_untagged,
        }
    }
}

impl From<Creates> for CreateRule {
    fn from(creates: Creates) -> Self {
        Self {
            namespace: creates.namespace.map(Into::into),
            repository: creates.repository,
        }
    }
}

impl From<Condition> for TagCondition {
    fn from(condition: Condition) -> Self {
        match condition {
            Condition::Any => Self::Any,
            Condition::Absent => Self::Absent,
            Condition::Is(manifest) => Self::Is(stage::manifest(manifest)),
            Condition::Unmoved => Self::Unmoved,
        }
    }
}
