//! What is measured.

use clap::ValueEnum;

/// One operation of a registry, as its table row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Operation {
    /// GET /v2/
    Ping,
    /// GET of a manifest by its tag
    ManifestByTag,
    /// HEAD of a blob
    HeadBlob,
    /// GET of a blob of 4 KiB
    SmallBlob,
    /// tags/list?n=100
    TagPage,
    /// _catalog?n=100
    CatalogPage,
    /// The referrers of one manifest
    Referrers,
    /// GET of a large blob
    PullLarge,
    /// POST and PUT of a large blob
    PushLarge,
    /// A whole image of 4 layers of 2 KiB
    PushSmallImage,
    /// A whole image of 8 layers of 256 KiB
    PushImage,
    /// PUT of one of two manifests under a tag
    MoveTag,
    /// Mount of a blob from another repository
    Mount,
}

/// What a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Microseconds of CPU for each time it was carried out.
    Operation,
    /// Milliseconds of CPU for each 10⁹ bytes.
    Gigabyte,
}

impl Operation {
    pub(crate) const ALL: [Self; 13] = [
        Self::Ping,
        Self::ManifestByTag,
        Self::HeadBlob,
        Self::SmallBlob,
        Self::TagPage,
        Self::CatalogPage,
        Self::Referrers,
        Self::MoveTag,
        Self::Mount,
        Self::PushSmallImage,
        Self::PushImage,
        Self::PullLarge,
        Self::PushLarge,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Ping => "GET /v2/",
            Self::ManifestByTag => "GET manifest by tag",
            Self::HeadBlob => "HEAD blob",
            Self::SmallBlob => "GET 4 KiB blob",
            Self::TagPage => "tags/list?n=100",
            Self::CatalogPage => "_catalog?n=100",
            Self::Referrers => "referrers",
            Self::PullLarge => "pull a large blob",
            Self::PushLarge => "push a large blob",
            Self::PushSmallImage => "push an image, 4 x 2 KiB",
            Self::PushImage => "push an image, 8 x 256 KiB",
            Self::MoveTag => "move a tag",
            Self::Mount => "mount",
        }
    }

    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::PullLarge | Self::PushLarge => Unit::Gigabyte,
            _ => Unit::Operation,
        }
    }

    /// How many of the connections it uses.
    pub(crate) fn connections(self, most: usize) -> usize {
        match self.unit() {
            Unit::Operation => most,
            Unit::Gigabyte => most.min(4),
        }
    }
}
