//! What is pushed: bytes that a number decides, and manifests of them.

use std::fmt::Write;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::random::Random;

/// A blob, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Decides everything else.
    pub number: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their digest.
    pub digest: String,
}

impl Blob {
    /// The blob of a number: of ten, five are small enough for the database, four are a file of some
    /// hundred KiB, and one is a file of some MiB.
    #[must_use]
    pub fn of(number: u64) -> Self {
        let mut random = Random::new(number);
        let size = match number % 10 {
            0..=4 => 1 + random.below(16 << 10),
            5..=8 => (16 << 10) + 1 + random.below(400 << 10),
            _ => (1 << 20) + random.below(3 << 20),
        };
        Self::sized(number, size, &mut random)
    }

    /// A large one: 6 to 18 MiB.
    #[must_use]
    pub fn large(number: u64) -> Self {
        let mut random = Random::new(number);
        let size = (6 << 20) + random.below(12 << 20);
        Self::sized(number, size, &mut random)
    }

    fn sized(number: u64, size: u64, random: &mut Random) -> Self {
        let size = usize::try_from(size).unwrap_or_default();
        let mut bytes = Vec::with_capacity(size + 8);
        while bytes.len() < size {
            bytes.extend_from_slice(&random.next().to_le_bytes());
        }
        bytes.truncate(size);
        let digest = sha256(&bytes);
        Self {
            number,
            bytes,
            digest,
        }
    }
}

/// A manifest that was or may have been pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their digest.
    pub digest: String,
    /// Its type.
    pub media_type: &'static str,
    /// The numbers of the blobs it refers to.
    pub blobs: Vec<u64>,
    /// The manifests it refers to.
    pub children: Vec<String>,
}

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

impl Manifest {
    /// An image of some blobs, the first of which is its configuration. `of` is what it is about.
    #[must_use]
    pub fn image(blobs: &[Blob], of: Option<&Self>, salt: u64) -> Self {
        let described = |blob: &Blob| {
            json!({
                "mediaType": "application/vnd.example.bytes",
                "digest": blob.digest,
                "size": blob.bytes.len(),
            })
        };
        let mut image = json!({
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": blobs.first().map(described),
            "layers": blobs.iter().skip(1).map(described).collect::<Vec<_>>(),
            "annotations": { "salt": salt.to_string() },
        });
        if let Some(subject) = of {
            image["subject"] = subject.described();
        }
        let numbers = blobs.iter().map(|blob| blob.number).collect();
        Self::new(IMAGE, &image, numbers, Vec::new())
    }

    /// An index of some manifests.
    #[must_use]
    pub fn index(children: &[&Self], salt: u64) -> Self {
        let described: Vec<_> = children.iter().map(|child| child.described()).collect();
        let index = json!({
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": described,
            "annotations": { "salt": salt.to_string() },
        });
        let digests = children.iter().map(|child| child.digest.clone());
        Self::new(INDEX, &index, Vec::new(), digests.collect())
    }

    fn new(
        media_type: &'static str,
        document: &serde_json::Value,
        blobs: Vec<u64>,
        children: Vec<String>,
    ) -> Self {
        let bytes = document.to_string().into_bytes();
        Self {
            digest: sha256(&bytes),
            bytes,
            media_type,
            blobs,
            children,
        }
    }

    fn described(&self) -> serde_json::Value {
        json!({
            "mediaType": self.media_type,
            "digest": self.digest,
            "size": self.bytes.len(),
        })
    }
}

/// The digest of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let mut digest = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        // Writing to a string does not fail.
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}
