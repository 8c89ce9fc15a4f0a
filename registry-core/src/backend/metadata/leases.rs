//! Work that one process at a time should do.

use std::time::Duration;

use async_trait::async_trait;

use super::access::MetadataError;

/// Work, and who would do it.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    /// Which work.
    pub work: &'a str,
    /// Who: a name that no other process has. It is not empty.
    pub holder: &'a str,
}

/// Leases of work that one process at a time should do, as it would be done twice otherwise. Nothing is
/// kept safe by them: a holder may be slow, be overtaken and not know it yet. What work does must be right
/// also where two do it.
///
/// 1. *One holder.* Of those who would take a lease one has it, and the others are refused until it ended.
///    Leases of other work are not touched.
/// 2. *Renewed by taking it again.* It then lasts from now.
/// 3. *It ends by itself*, so long after it was taken last, by the backend's time.
/// 4. *It is ended by its holder alone*, who says for how long nobody has it then, itself included.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes or renews a lease for so long. False where somebody else has it, or nobody may have it yet.
    async fn take_lease(&self, lease: Lease<'_>, time: Duration) -> Result<bool, MetadataError>;

    /// Ends a lease, if it is this holder's. The next one may be had when so much time is over.
    async fn end_lease(&self, lease: Lease<'_>, pause: Duration) -> Result<(), MetadataError>;
}
