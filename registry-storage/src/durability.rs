//! What an answer of a backend on a disk is worth.

/// When a backend answers that something is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Durability {
    /// When it is on the disk: whatever was answered survives a crash of the process, of the system,
    /// and a power cut.
    #[default]
    Strict,
    /// When the operating system has it: whatever was answered survives a crash of the process alone.
    /// After a crash of the system or a power cut the last half minute or so may be absent, or be there
    /// by name with wrong bytes. For caches and tests.
    Relaxed,
}
