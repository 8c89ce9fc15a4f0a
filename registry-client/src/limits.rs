//! How much of an answer is taken.

/// The most that is taken of each kind of answer, in bytes. A longer one is an error; a registry
/// cannot fill the memory of its client.
///
/// Blobs are streamed and have no limit here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A manifest. Registries accept at least 4 MiB.
    pub manifest: usize,
    /// One page of tags, referrers or repositories. Some registries put all into one.
    pub page: usize,
    /// The answer of a token service.
    pub token: usize,
    /// The body of an error; of a longer one only the status is kept.
    pub error: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            manifest: 8 << 20,
            page: 16 << 20,
            token: 256 << 10,
            error: 64 << 10,
        }
    }
}
