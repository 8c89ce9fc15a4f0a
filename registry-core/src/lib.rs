//! A container registry as a library: its types, the traits of its backends, and the engine.

pub mod backend;

mod caller;
mod change;
mod clock;
mod descriptor;
mod digest;
mod engine;
mod hooks;
mod manifest;
mod media_type;
mod name;
mod policy;
mod random;
mod raw_descriptor;
mod reference;
mod secret;
mod spawn;
mod sync;
mod tag;
#[cfg(test)]
mod testing;
mod text;
mod upload_id;

pub use caller::{AuthenticateError, Authenticator, Caller, Credentials};
pub use change::{Change, ChangeSink, DeliverError, Event, Visibility};
pub use clock::{Clock, SystemClock, Timestamp};
pub use descriptor::{Descriptor, Platform};
pub use digest::{
    Algorithms, Digest, DigestAlgorithm, DigestHasher, HashState, ParseDigestError,
    UnknownHashState, VerifyDigestError,
};
pub use engine::{
    Administer, Blob, BlobBody, Body, BodyError, Budget, BuildError, Builder, CollectReport,
    Collector, CollectorFigures, CollectorPhase, Delete, Error, Figures, Finding, ManifestPush,
    Opening, OrphanSettings, Page, PageRequest, Progress, Pull, Push, PushedBlob, PushedManifest,
    QuarantineSettings, References, Registry, Result, ScrubError, ScrubFigures, ScrubOptions,
    ScrubReport, Scrubber, Settings, Stopped, StoredManifest, Timer, Trust, Turn, Upload,
    UploadStatus, Work,
};
pub use hooks::{DeleteIntent, DeleteTarget, Hooks, PushIntent, TagIntent, Verdict, Veto};
pub use manifest::{Manifest, ManifestKind, ManifestLimits, ParseManifestError};
pub use media_type::{MediaType, ParseMediaTypeError};
pub use name::{
    ComponentRule, NameRuleError, Namespace, NamingRules, ParseNameError, RepositoryName,
};
pub use policy::{Action, AllowAll, Decision, Policy, Resource, Visible, VisibleSet};
pub use random::Random;
pub use raw_descriptor::RawDescriptor;
pub use reference::{ParseReferenceError, Reference};
pub use secret::Secret;
pub use spawn::{Spawn, Task};
pub use tag::{ParseTagError, Tag};
pub use upload_id::{ParseUploadIdError, UploadId};
