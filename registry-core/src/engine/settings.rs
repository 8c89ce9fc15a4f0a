//! What an engine is set to: plain data.

use std::time::Duration;

use crate::{
    backend::{CreateRule, NamespaceSettings},
    manifest::ManifestLimits,
    name::NamingRules,
};

/// Which references of a manifest must exist when it is pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum References {
    /// All of them.
    Strict,
    /// All but the children of an index, which may come later or never.
    #[default]
    Indexes,
    /// None.
    Sparse,
}

/// The settings of a [`Registry`](crate::Registry). Those of the libraries are open and plain; a
/// server sets what its operator wants.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which references must exist.
    pub references: References,
    /// What a push may bring into being besides its content.
    pub create: CreateRule,
    /// Rules for the names of what is made.
    pub naming: NamingRules,
    /// Whether `alpine` and `library/alpine` are one repository.
    pub library_alias: bool,
    /// Content of at most this many bytes stays in the metadata backend.
    pub inline_limit: usize,
    /// An upload is checkpointed about every so many bytes, at a multiple of the store's part size.
    pub checkpoint_every: u64,
    /// Bounds of a manifest.
    pub manifest: ManifestLimits,
    /// Tags that one push may carry.
    pub max_tags_per_push: usize,
    /// The longest page of a listing.
    pub page_limit: usize,
    /// The longest page of referrers, whose entries repeat the annotations of manifests.
    pub referrers_page_limit: usize,
    /// What an answer said exists stays for at least so long.
    pub grace: Duration,
    /// An upload session that nobody writes to ends after so long.
    pub upload_expiry: Duration,
    /// The collector's care with objects that nothing names.
    pub orphans: OrphanSettings,
    /// Care with content whose bytes are wrong.
    pub quarantine: QuarantineSettings,
}

/// What is done with content whose bytes are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuarantineSettings {
    /// Its object is kept aside for so long.
    pub keep: Duration,
    /// So many within that time, and it is the store that is in doubt: no more is taken out of sight.
    pub most: u64,
    /// That time.
    pub within: Duration,
}

/// How much of the store may be unknown before the collector takes it for its own mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrphanSettings {
    /// Above this share of all objects, in percent, nothing unknown is removed.
    pub percent: u64,
    /// Up to this many unknown objects the share does not matter.
    pub floor: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            references: References::default(),
            create: CreateRule {
                namespace: Some(NamespaceSettings::default()),
                repository: true,
            },
            naming: NamingRules::oci(),
            library_alias: false,
            inline_limit: 16 << 10,
            checkpoint_every: 64 << 20,
            manifest: ManifestLimits::default(),
            max_tags_per_push: 100,
            page_limit: 1000,
            referrers_page_limit: 100,
            grace: Duration::from_secs(60 * 60),
            upload_expiry: Duration::from_secs(24 * 60 * 60),
            orphans: OrphanSettings {
                percent: 5,
                floor: 10,
            },
            quarantine: QuarantineSettings {
                keep: Duration::from_hours(30 * 24),
                most: 10,
                within: Duration::from_mins(10),
            },
        }
    }
}
