//! Any metadata with something around each call.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use registry_core::{
    Change, Digest, Namespace, RawDescriptor, Reference, RepositoryName, Tag, Visibility,
    VisibleSet,
    backend::{
        BlobRecord, Changes, Checked, ClaimOutcome, Collection, Condemned, Content,
        CreateNamespace, CreateOutcome, CreateRule, DeleteBlob, DeleteBlobOutcome, DeleteManifest,
        DeleteManifestOutcome, DeleteTag, DeleteTagOutcome, Doomed, Facts, FactsVersion, Identity,
        Inspection, KeptContent, KeptManifest, Lease, Leases, ListRepositories, ManifestRecord,
        Metadata, MetadataError, MountBlob, MountBlobOutcome, NamespaceRecord, NamespaceSettings,
        ObjectKey, Origin, PullCount, Pulls, PutBlob, PutBlobOutcome, PutManifest,
        PutManifestOutcome, Quarantined, ReferrersPage, Removed, Renewal, Repositories,
        RepositoryRecord, Scope, SessionKey, Totals, UnknownObject, UpdateOutcome, UploadState,
        Uploads, WriteCheckpoint, WriteOutcome,
    },
};

use super::{around::Around, operation::Operation};

/// [`Metadata`] with something around each call.
pub struct WrappedMetadata<A> {
    inner: Arc<dyn Metadata>,
    around: Arc<A>,
}

impl<A: Around> WrappedMetadata<A> {
    /// Wraps it.
    #[must_use]
    pub fn new(inner: Arc<dyn Metadata>, around: Arc<A>) -> Self {
        Self { inner, around }
    }
}

/// Implements a trait by listing its methods, each with its operation.
macro_rules! delegate {
    ($trait:ident { $(
        $operation:ident: $method:ident($($argument:ident: $type:ty),*) -> $answer:ty;
    )+ }) => {
        #[async_trait]
        impl<A: Around> $trait for WrappedMetadata<A> {
            $(async fn $method(&self, $($argument: $type),*) -> Result<$answer, MetadataError> {
                debug_assert_eq!(Operation::$operation.name(), stringify!($method));
                let call = self.inner.$method($($argument),*);
                self.around.around(Operation::$operation, call).await
            })+
        }
    };
}

delegate! { Metadata {
    Identity: identity(proposed: Identity) -> Identity;
} }

delegate! { Repositories {
    Facts: facts(repository: &RepositoryName) -> Facts;
    NamespaceFacts: namespace_facts(namespace: &Namespace) -> Facts;
    Namespace: namespace(name: &Namespace) -> Option<NamespaceRecord>;
    CreateNamespace: create_namespace(command: CreateNamespace<'_>) -> CreateOutcome;
    UpdateNamespace: update_namespace(
        name: &Namespace, facts: FactsVersion, settings: NamespaceSettings, origin: Origin<'_>
    ) -> Checked<UpdateOutcome>;
    Repository: repository(name: &RepositoryName) -> Option<RepositoryRecord>;
    CreateRepository: create_repository(
        scope: Scope<'_>, visibility: Option<Visibility>, create: CreateRule, origin: Origin<'_>
    ) -> Checked<CreateOutcome>;
    SetRepositoryVisibility: set_repository_visibility(
        scope: Scope<'_>, visibility: Option<Visibility>, origin: Origin<'_>
    ) -> Checked<UpdateOutcome>;
    Repositories: repositories(page: ListRepositories<'_>) -> Vec<RepositoryName>;
} }

delegate! { Content {
    Blob: blob(scope: Scope<'_>, digest: &Digest) -> Checked<Option<BlobRecord>>;
    Manifest: manifest(
        scope: Scope<'_>, reference: &Reference
    ) -> Checked<Option<ManifestRecord>>;
    Tags: tags(scope: Scope<'_>, after: Option<&str>, limit: usize) -> Checked<Vec<Tag>>;
    Referrers: referrers(scope: Scope<'_>, page: ReferrersPage<'_>) -> Checked<Vec<RawDescriptor>>;
    Holders: holders(
        digest: &Digest, visible: Option<&VisibleSet>, after: Option<&str>, limit: usize
    ) -> Vec<RepositoryName>;
    Renew: renew(renewal: Renewal<'_>) -> bool;
    PutBlob: put_blob(command: PutBlob<'_>) -> Checked<PutBlobOutcome>;
    MountBlob: mount_blob(command: MountBlob<'_>) -> Checked<MountBlobOutcome>;
    DeleteBlob: delete_blob(command: DeleteBlob<'_>) -> Checked<DeleteBlobOutcome>;
    PutManifest: put_manifest(command: PutManifest<'_>) -> Checked<PutManifestOutcome>;
    DeleteTag: delete_tag(command: DeleteTag<'_>) -> Checked<DeleteTagOutcome>;
    DeleteManifest: delete_manifest(
        command: DeleteManifest<'_>
    ) -> Checked<DeleteManifestOutcome>;
    Quarantine: quarantine(digest: &Digest, object: Option<&ObjectKey>) -> bool;
} }

delegate! { Uploads {
    Upload: upload(session: SessionKey<'_>) -> Option<UploadState>;
    Claim: claim(session: SessionKey<'_>) -> ClaimOutcome;
    WriteCheckpoint: write_checkpoint(command: WriteCheckpoint<'_>) -> WriteOutcome;
    Cancel: cancel(session: SessionKey<'_>) -> Option<UploadState>;
    Expire: expire(idle: Duration, limit: usize) -> Vec<ObjectKey>;
    ForgetExpired: forget_expired(writes: &[ObjectKey]) -> ();
} }

delegate! { Collection {
    Condemn: condemn(limit: usize) -> Condemned;
    Seal: seal() -> ();
    Remove: remove(grace: Duration, limit: usize, origin: Origin<'_>) -> Removed;
    Doomed: doomed(limit: usize) -> Vec<Doomed>;
    ForgetDoomed: forget_doomed(keys: &[ObjectKey]) -> ();
    Unknown: unknown(keys: &[ObjectKey]) -> Vec<UnknownObject>;
    Doom: doom(keys: &[ObjectKey], grace: Duration) -> u64;
    ForgetUnknown: forget_unknown(but: &[ObjectKey]) -> ();
    HoldOrphans: hold_orphans(held: bool) -> ();
    OrphansHeld: orphans_held() -> bool;
} }

delegate! { Inspection {
    Contents: contents(after: Option<&Digest>, limit: usize) -> Vec<KeptContent>;
    Manifests: manifests(
        after: Option<(&RepositoryName, &Digest)>, limit: usize
    ) -> Vec<KeptManifest>;
    Quarantined: quarantined(after: Option<&ObjectKey>, limit: usize) -> Vec<Quarantined>;
    QuarantinedWithin: quarantined_within(time: Duration) -> u64;
    Release: release(aside: Duration, limit: usize) -> u64;
    ScrubNote: scrub_note() -> Option<String>;
    KeepScrubNote: keep_scrub_note(note: &str) -> ();
    Totals: totals() -> Totals;
} }

delegate! { Changes {
    Pending: pending(limit: usize) -> Vec<Change>;
    Acknowledge: acknowledge(ids: &[u64]) -> ();
} }

delegate! { Pulls {
    AddPulls: add_pulls(counts: &[PullCount]) -> ();
    Pulls: pulls(repository: &RepositoryName, tag: Option<&Tag>) -> u64;
} }

delegate! { Leases {
    TakeLease: take_lease(lease: Lease<'_>, time: Duration) -> bool;
    EndLease: end_lease(lease: Lease<'_>, pause: Duration) -> ();
} }
