//! A backend of which some commands are done otherwise.

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
use registry_storage::{ManualClock, contract::metadata::LocalMetadata, memory::MemoryMetadata};

/// An answer of a backend.
pub(super) type Answer<T> = Result<T, MetadataError>;

/// A backend in memory as it should be.
pub(super) fn sound() -> LocalMetadata {
    broken(|_| Sound)
}

/// A backend in memory with a fault built in.
pub(super) fn broken<M: Mutation>(mutation: impl FnOnce(ManualClock) -> M) -> LocalMetadata {
    LocalMetadata::new(|clock| {
        let inner = Arc::new(MemoryMetadata::new(Arc::new(clock.clone())));
        mutated(inner, mutation(clock))
    })
}

/// The backend with a fault built in.
pub(super) fn mutated<M: Mutation>(inner: Arc<dyn Metadata>, mutation: M) -> Arc<dyn Metadata> {
    Arc::new(Mutant { inner, mutation })
}

struct Sound;

impl Mutation for Sound {}

struct Mutant<M> {
    inner: Arc<dyn Metadata>,
    mutation: M,
}

/// Lists what a mutation may do otherwise, with the backend's own way as the default, and what it may
/// not.
macro_rules! mutable {
    ($($trait:ident {
        $(mut $method:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*
        $(own $fixed:ident($($name:ident: $kind:ty),*) -> $result:ty;)*
    })+) => {
        /// What is done otherwise.
        #[async_trait]
        pub(super) trait Mutation: Send + Sync + 'static {
            $($(async fn $method(
                &self,
                inner: &dyn Metadata,
                $($argument: $type),*
            ) -> Answer<$answer> {
                inner.$method($($argument),*).await
            })*)+
        }

        $(#[async_trait]
        impl<M: Mutation> $trait for Mutant<M> {
            $(async fn $method(&self, $($argument: $type),*) -> Answer<$answer> {
                self.mutation.$method(&*self.inner, $($argument),*).await
            })*
            $(async fn $fixed(&self, $($name: $kind),*) -> Answer<$result> {
                self.inner.$fixed($($name),*).await
            })*
        })+
    };
}

mutable! {
    Metadata {
        own identity(proposed: Identity) -> Identity;
    }
    Repositories {
        mut create_namespace(command: CreateNamespace<'_>) -> CreateOutcome;
        mut repositories(page: ListRepositories<'_>) -> Vec<RepositoryName>;
        own facts(repository: &RepositoryName) -> Facts;
        own namespace_facts(namespace: &Namespace) -> Facts;
        own namespace(name: &Namespace) -> Option<NamespaceRecord>;
        own update_namespace(
            name: &Namespace, facts: FactsVersion, settings: NamespaceSettings, origin: Origin<'_>
        ) -> Checked<UpdateOutcome>;
        own repository(name: &RepositoryName) -> Option<RepositoryRecord>;
        own create_repository(
            scope: Scope<'_>, visibility: Option<Visibility>, create: CreateRule, origin: Origin<'_>
        ) -> Checked<CreateOutcome>;
        own set_repository_visibility(
            scope: Scope<'_>, visibility: Option<Visibility>, origin: Origin<'_>
        ) -> Checked<UpdateOutcome>;
    }
    Content {
        mut tags(scope: Scope<'_>, after: Option<&str>, limit: usize) -> Checked<Vec<Tag>>;
        mut renew(renewal: Renewal<'_>) -> bool;
        mut put_blob(command: PutBlob<'_>) -> Checked<PutBlobOutcome>;
        mut mount_blob(command: MountBlob<'_>) -> Checked<MountBlobOutcome>;
        mut delete_blob(command: DeleteBlob<'_>) -> Checked<DeleteBlobOutcome>;
        mut put_manifest(command: PutManifest<'_>) -> Checked<PutManifestOutcome>;
        own blob(scope: Scope<'_>, digest: &Digest) -> Checked<Option<BlobRecord>>;
        own manifest(scope: Scope<'_>, reference: &Reference) -> Checked<Option<ManifestRecord>>;
        own referrers(scope: Scope<'_>, page: ReferrersPage<'_>) -> Checked<Vec<RawDescriptor>>;
        own holders(
            digest: &Digest, visible: Option<&VisibleSet>, after: Option<&str>, limit: usize
        ) -> Vec<RepositoryName>;
        own delete_tag(command: DeleteTag<'_>) -> Checked<DeleteTagOutcome>;
        own delete_manifest(command: DeleteManifest<'_>) -> Checked<DeleteManifestOutcome>;
        own quarantine(digest: &Digest, object: Option<&ObjectKey>) -> bool;
    }
    Uploads {
        mut write_checkpoint(command: WriteCheckpoint<'_>) -> WriteOutcome;
        mut expire(idle: Duration, limit: usize) -> Vec<ObjectKey>;
        own upload(session: SessionKey<'_>) -> Option<UploadState>;
        own claim(session: SessionKey<'_>) -> ClaimOutcome;
        own cancel(session: SessionKey<'_>) -> Option<UploadState>;
        own forget_expired(writes: &[ObjectKey]) -> ();
    }
    Collection {
        mut condemn(limit: usize) -> Condemned;
        mut remove(grace: Duration, limit: usize, origin: Origin<'_>) -> Removed;
        mut doomed(limit: usize) -> Vec<Doomed>;
        mut hold_orphans(held: bool) -> ();
        own seal() -> ();
        own forget_doomed(keys: &[ObjectKey]) -> ();
        own unknown(keys: &[ObjectKey]) -> Vec<UnknownObject>;
        own forget_unknown(but: &[ObjectKey]) -> ();
        own doom(keys: &[ObjectKey], grace: Duration) -> u64;
        own orphans_held() -> bool;
    }
    Inspection {
        mut manifests(
            after: Option<(&RepositoryName, &Digest)>, limit: usize
        ) -> Vec<KeptManifest>;
        mut release(aside: Duration, limit: usize) -> u64;
        own contents(after: Option<&Digest>, limit: usize) -> Vec<KeptContent>;
        own quarantined(after: Option<&ObjectKey>, limit: usize) -> Vec<Quarantined>;
        own quarantined_within(time: Duration) -> u64;
        own scrub_note() -> Option<String>;
        own keep_scrub_note(note: &str) -> ();
        own totals() -> Totals;
    }
    Changes {
        own pending(limit: usize) -> Vec<Change>;
        own acknowledge(ids: &[u64]) -> ();
    }
    Pulls {
        own add_pulls(counts: &[PullCount]) -> ();
        own pulls(repository: &RepositoryName, tag: Option<&Tag>) -> u64;
    }
    Leases {
        mut take_lease(lease: Lease<'_>, time: Duration) -> bool;
        own end_lease(lease: Lease<'_>, pause: Duration) -> ();
    }
}
