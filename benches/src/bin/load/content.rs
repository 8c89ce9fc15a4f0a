//! Content that nobody has pushed before.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Range;

use registry_core::{Algorithms, Digest, DigestHasher, HashState};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const OCTET_STREAM: &str = "application/octet-stream";

const NOISE: usize = 1 << 20;
const END: usize = 16;

/// Where content comes from: noise that all of it shares, and a number that makes each one its own.
///
/// The number is at the end, so that the noise before it is hashed once for all blobs of a size.
pub(crate) struct Contents {
    noise: Vec<u8>,
    run: u64,
    made: Cell<u64>,
    hashed: RefCell<HashMap<(String, usize), HashState>>,
}

/// A blob that is not held in memory: noise, and an end of its own.
pub(crate) struct Blob {
    end: [u8; END],
    size: usize,
    digest: Digest,
}

/// A number that no other run has: a registry that is measured twice must not have the content of the
/// first time.
pub(crate) fn new_run() -> u64 {
    RandomState::new().build_hasher().finish()
}

impl Contents {
    /// Those of a run; the same ones, in the same order, for the same run.
    pub(crate) fn of(run: u64) -> Self {
        Self {
            noise: noise(),
            run,
            made: Cell::new(0),
            hashed: RefCell::default(),
        }
    }

    /// A blob that is unlike all others.
    pub(crate) fn blob(&self, size: usize) -> Blob {
        self.blob_by("sha256", size)
    }

    /// The same, named by another algorithm.
    pub(crate) fn blob_by(&self, algorithm: &str, size: usize) -> Blob {
        let mut end = [0; END];
        end[..8].copy_from_slice(&self.next().to_le_bytes());
        end[8..].copy_from_slice(&self.run.to_le_bytes());
        let mut hasher = self.hashed(algorithm, size.saturating_sub(END));
        hasher.update(&end[..size.min(END)]);
        let digest = hasher.finish();
        Blob { end, size, digest }
    }

    /// A hasher that has seen so much of the noise.
    fn hashed(&self, algorithm: &str, length: usize) -> Box<dyn DigestHasher> {
        let algorithms = Algorithms::standard();
        let mut hashed = self.hashed.borrow_mut();
        let state = hashed.entry((algorithm.to_owned(), length));
        let state = state.or_insert_with(|| {
            let mut hasher = algorithms.get(algorithm).expect("it is standard").hasher();
            noise_at(&self.noise, 0..length).for_each(|piece| hasher.update(piece));
            hasher.save()
        });
        algorithms.restore(state).expect("it was saved just now")
    }

    /// Some of the bytes of a blob, in pieces of at most a MiB.
    pub(crate) fn part<'a>(
        &'a self,
        blob: &'a Blob,
        range: Range<usize>,
    ) -> impl Iterator<Item = &'a [u8]> {
        let middle = blob.size.saturating_sub(END);
        let of_noise = range.start.min(middle)..range.end.min(middle);
        let of_end = range.start.max(middle) - middle..range.end.max(middle) - middle;
        let end = Some(&blob.end[of_end]).filter(|end| !end.is_empty());
        noise_at(&self.noise, of_noise).chain(end)
    }

    pub(crate) fn bytes(&self, blob: &Blob, range: Range<usize>) -> Vec<u8> {
        self.part(blob, range).collect::<Vec<_>>().concat()
    }

    fn next(&self) -> u64 {
        self.made.replace(self.made.get() + 1)
    }

    /// An image manifest that is unlike all others, with a subject where one is given.
    pub(crate) fn manifest(&self, config: &Blob, layers: &[Blob], subject: Option<&str>) -> String {
        let number = self.next();
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

/// The bytes of a range of the noise again and again.
fn noise_at(noise: &[u8], range: Range<usize>) -> impl Iterator<Item = &[u8]> {
    let mut at = range.start;
    std::iter::from_fn(move || {
        let left = range.end.saturating_sub(at);
        let rest = &noise[at % noise.len()..];
        let piece = &rest[..rest.len().min(left)];
        at += piece.len();
        (!piece.is_empty()).then_some(piece)
    })
}

/// Bytes that do not compress, by xorshift.
fn noise() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
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
        let contents = Contents::of(new_run());
        for size in [1, 16, 17, 5000, (1 << 20) + 16, (2 << 20) + 17] {
            let blob = contents.blob(size);
            let bytes = contents.bytes(&blob, 0..size);
            assert_eq!(bytes.len(), size);
            assert_eq!(&Digest::sha256(&bytes), blob.digest());
        }
        assert_ne!(contents.blob(16).digest(), contents.blob(16).digest());
    }

    #[test]
    fn parts_of_a_blob_are_parts_of_its_bytes() {
        let contents = Contents::of(7);
        let size = (2 << 20) + 100;
        let blob = contents.blob_by("sha512", size);
        let whole = contents.bytes(&blob, 0..size);
        for range in [
            0..0,
            0..16,
            3..20,
            16..17,
            20..(1 << 20) + 30,
            (1 << 20)..size,
        ] {
            assert_eq!(contents.bytes(&blob, range.clone()), whole[range]);
        }
        let again = Contents::of(7).blob_by("sha512", size);
        assert_eq!(again.digest(), blob.digest());
        assert!(blob.digest().as_str().starts_with("sha512:"));
    }
}
