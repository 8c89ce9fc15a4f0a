//! Content that nobody has pushed before.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use registry_core::{Algorithms, Digest};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const OCTET_STREAM: &str = "application/octet-stream";

const NOISE: usize = 1 << 20;
const PREFIX: usize = 16;

/// Where content comes from: noise that all of it shares, and a number that makes each one its own.
pub(crate) struct Contents {
    noise: Vec<u8>,
    run: u64,
    made: AtomicU64,
}

/// A blob that is not held in memory: a prefix of its own, then noise up to its size.
pub(crate) struct Blob {
    prefix: [u8; PREFIX],
    size: usize,
    digest: Digest,
}

impl Contents {
    pub(crate) fn new() -> Self {
        // A registry that is measured twice must not have the content of the first time.
        let run = RandomState::new().build_hasher().finish();
        Self {
            noise: noise(run),
            run,
            made: AtomicU64::new(0),
        }
    }

    /// A blob that is unlike all others.
    pub(crate) fn blob(&self, size: usize) -> Blob {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let mut prefix = [0; PREFIX];
        prefix[..8].copy_from_slice(&self.run.to_le_bytes());
        prefix[8..].copy_from_slice(&number.to_le_bytes());
        let algorithms = Algorithms::standard();
        let mut hasher = algorithms.get("sha256").expect("it is standard").hasher();
        pieces(&prefix, &self.noise, size).for_each(|piece| hasher.update(piece));
        let digest = hasher.finish();
        Blob {
            prefix,
            size,
            digest,
        }
    }

    /// The bytes of a blob, in pieces of at most a MiB.
    pub(crate) fn pieces<'a>(&'a self, blob: &'a Blob) -> impl Iterator<Item = &'a [u8]> {
        pieces(&blob.prefix, &self.noise, blob.size)
    }

    pub(crate) fn bytes(&self, blob: &Blob) -> Vec<u8> {
        self.pieces(blob).collect::<Vec<_>>().concat()
    }

    /// An image manifest that is unlike all others, with a subject where one is given.
    pub(crate) fn manifest(&self, config: &Blob, layers: &[Blob], subject: Option<&str>) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let layers: Vec<_> = layers.iter().map(|layer| layer.descriptor(LAYER)).collect();
        let subject = subject.map_or(String::new(), |subject| format!(r#""subject":{subject},"#));
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{},"layers":[{}],{subject}"annotations":{{"run":"{}","number":"{number}"}}}}"#,
            config.descriptor(CONFIG),
            layers.join(","),
            self.run,
        )
    }
}

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

impl Blob {
    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    fn descriptor(&self, media_type: &str) -> String {
        descriptor(media_type, &self.digest, self.size)
    }
}

/// A descriptor as JSON.
pub(crate) fn descriptor(media_type: &str, digest: &Digest, size: usize) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}}}"#)
}

fn pieces<'a>(prefix: &'a [u8], noise: &'a [u8], size: usize) -> impl Iterator<Item = &'a [u8]> {
    let mut left = size;
    let pieces = std::iter::once(prefix).chain(std::iter::repeat(noise));
    pieces.map_while(move |piece| {
        let taken = piece.len().min(left);
        left -= taken;
        (taken > 0).then_some(&piece[..taken])
    })
}

/// Bytes that do not compress, by xorshift.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.take(NOISE / 8).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_has_its_size_and_digest_and_is_unlike_others() {
        let contents = Contents::new();
        for size in [1, 16, 17, 5000, (1 << 20) + 16, (2 << 20) + 17] {
            let blob = contents.blob(size);
            let bytes = contents.bytes(&blob);
            assert_eq!(bytes.len(), size);
            assert_eq!(&Digest::sha256(&bytes), blob.digest());
        }
        assert_ne!(contents.blob(16).digest(), contents.blob(16).digest());
    }
}
