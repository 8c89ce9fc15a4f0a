//! How large a manifest may be.

use serde::{Deserialize, Serialize};

/// The limits on a manifest; each is a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ManifestLimits {
    /// The length of the whole manifest in bytes: 4 MiB by default, as the specification advises.
    pub max_bytes: usize,
    /// How many descriptors it may hold, the subject among them: 10 000 by default.
    pub max_descriptors: usize,
    /// How deep its objects and arrays may nest: 64 by default.
    pub max_depth: usize,
    /// The length of the own annotations of a manifest with a subject, keys and values together, in
    /// bytes: 256 KiB by default. The referrers API repeats them in every list.
    pub max_annotation_bytes: usize,
}

impl Default for ManifestLimits {
    fn default() -> Self {
        Self {
            max_bytes: 4 << 20,
            max_descriptors: 10_000,
            max_depth: 64,
            max_annotation_bytes: 256 << 10,
        }
    }
}
