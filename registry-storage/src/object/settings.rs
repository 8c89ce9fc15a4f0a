//! What a store is set to: plain data.

use object_store::{Attribute, Attributes};

/// The settings of an [`ObjectBlobs`](super::ObjectBlobs).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectSettings {
    /// So many bytes are gathered before they go out as a part. S3 takes no part below 5 MiB but the
    /// last. A write that is gone on with keeps the size that it began with, since some stores want all
    /// parts alike.
    pub part_size: u64,
    /// So many parts an object can have: what needs more is refused as soon as that is known. S3 and Google's
    /// store take 10 000, so 16 MiB make objects of up to 156 GiB; Azure's takes 50 000.
    pub most_parts: u64,
    /// So many parts of one write are on their way at once.
    pub in_flight: usize,
    /// So many bytes of parts are held in memory by all writes together, gathered and on their way.
    /// At least one part is always granted.
    pub budget: u64,
    /// Where in the bucket the store is: a path, or nothing.
    pub prefix: String,
    /// The store's own word for where and how it keeps objects, as S3's `STANDARD_IA`, or nothing for what the
    /// bucket does by itself.
    pub storage_class: Option<String>,
    /// A read is asked for a second time when its answer has not begun after the time in which so many percent of the
    /// latest reads did, from 50 to 99, and the first answer is used. No more reads than the rest are asked for
    /// twice. It needs tokio's timer. Without it nothing is measured, and nothing is asked for twice.
    pub hedge: Option<u8>,
}

impl ObjectSettings {
    /// What an object is made with.
    pub(super) fn attributes(&self) -> Attributes {
        let class = self.storage_class.clone();
        let classes = class.map(|class| (Attribute::StorageClass, class));
        Attributes::from_iter(classes)
    }
}

impl Default for ObjectSettings {
    fn default() -> Self {
        Self {
            part_size: 16 << 20,
            most_parts: 10_000,
            in_flight: 4,
            budget: 256 << 20,
            prefix: String::new(),
            storage_class: None,
            hedge: None,
        }
    }
}
