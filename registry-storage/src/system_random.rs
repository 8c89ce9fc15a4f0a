//! The operating system's randomness.

use registry_core::Random;

/// Unguessable bytes from the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// Where the operating system has no randomness to give: nothing that needs it may go on then.
    #[expect(clippy::disallowed_methods, reason = "where real randomness enters")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}
