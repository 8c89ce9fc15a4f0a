//! Descriptors as text.

use std::sync::Arc;

use crate::Descriptor;

/// The JSON of a [`Descriptor`].
///
/// A page of referrers goes from rows to an answer, and nothing on its way looks into it: to read each
/// descriptor and write it again costs more than all the rest.
///
/// ```
/// use registry_core::{Descriptor, MediaType, RawDescriptor};
///
/// let config = Descriptor::of(MediaType::OCI_EMPTY, b"{}");
/// assert_eq!(RawDescriptor::of(&config).read().unwrap(), config);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDescriptor(Arc<str>);

impl RawDescriptor {
    /// Of a descriptor.
    #[must_use]
    pub fn of(descriptor: &Descriptor) -> Self {
        // It has nothing that is not JSON.
        let text = serde_json::to_string(descriptor).unwrap_or_default();
        Self(text.into())
    }

    /// Of text that [`as_str`](Self::as_str) has answered before.
    #[must_use]
    pub fn kept(text: &str) -> Self {
        Self(text.into())
    }

    /// The JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The descriptor.
    ///
    /// # Errors
    /// Where the text is not that of a descriptor.
    pub fn read(&self) -> Result<Descriptor, serde_json::Error> {
        serde_json::from_str(&self.0)
    }
}
