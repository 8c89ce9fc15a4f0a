//! What a backend can be asked for, by name.

use std::fmt;

macro_rules! operations {
    ($($effect:ident: $($operation:ident = $method:literal),+;)+) => {
        /// A method of a backend. Names are unique over all of its traits.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Operation {
            $($(#[doc = concat!("The method `", $method, "`.")] $operation,)+)+
        }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$($(Self::$operation,)+)+];

            /// The name of the method.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $($(Self::$operation => $method,)+)+
                }
            }

            const fn effect(self) -> Effect {
                match self {
                    $($(Self::$operation => Effect::$effect,)+)+
                }
            }
        }
    };
}

#[derive(PartialEq, Eq)]
enum Effect {
    Reads,
    Writes,
}

// `identity` writes at most once in a registry's life, and whoever only reads needs its answer too.
operations! {
    // BlobStore and BlobWrite
    Reads: Read = "read", Stat = "stat", List = "list", Announce = "announce";
    Writes: Begin = "begin", Resume = "resume", Delete = "delete", Enter = "enter", Append = "append",
        Checkpoint = "checkpoint", Commit = "commit", Abort = "abort";
    // Metadata and Repositories
    Reads: Identity = "identity", Facts = "facts", NamespaceFacts = "namespace_facts",
        Namespace = "namespace", Repository = "repository", Repositories = "repositories";
    Writes: CreateNamespace = "create_namespace", UpdateNamespace = "update_namespace",
        CreateRepository = "create_repository",
        SetRepositoryVisibility = "set_repository_visibility";
    // Content
    Reads: Blob = "blob", Manifest = "manifest", Tags = "tags", Referrers = "referrers",
        Holders = "holders";
    Writes: Renew = "renew", PutBlob = "put_blob", MountBlob = "mount_blob",
        DeleteBlob = "delete_blob", PutManifest = "put_manifest", DeleteTag = "delete_tag",
        DeleteManifest = "delete_manifest", Quarantine = "quarantine";
    // Uploads
    Reads: Upload = "upload";
    Writes: Claim = "claim", WriteCheckpoint = "write_checkpoint", Cancel = "cancel",
        Expire = "expire", ForgetExpired = "forget_expired";
    // Collection
    Reads: Doomed = "doomed", OrphansHeld = "orphans_held";
    Writes: Condemn = "condemn", Seal = "seal", Remove = "remove",
        ForgetDoomed = "forget_doomed", Unknown = "unknown", Doom = "doom",
        ForgetUnknown = "forget_unknown", HoldOrphans = "hold_orphans";
    // Inspection
    Reads: Contents = "contents", Manifests = "manifests", Quarantined = "quarantined",
        QuarantinedWithin = "quarantined_within",
        ScrubNote = "scrub_note", Totals = "totals";
    Writes: Release = "release", KeepScrubNote = "keep_scrub_note";
    // Changes, Pulls and Leases
    Reads: Pending = "pending", Pulls = "pulls";
    Writes: Acknowledge = "acknowledge", AddPulls = "add_pulls", TakeLease = "take_lease",
        EndLease = "end_lease";
}

impl Operation {
    /// Whether it may change what is kept.
    #[must_use]
    pub fn is_write(self) -> bool {
        self.effect() == Effect::Writes
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
