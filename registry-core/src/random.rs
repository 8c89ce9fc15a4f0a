//! Randomness, injected so that tests can repeat a run.

/// A source of random bytes. Names of uploads and the registry's secret come from it, so outside
/// tests it must be a cryptographic one.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

impl<F: Fn(&mut [u8]) + Send + Sync> Random for F {
    fn fill(&self, bytes: &mut [u8]) {
        self(bytes);
    }
}
