//! Content for the clauses, and the steps they share.

use std::{ops::Range, sync::LazyLock};

use bytes::Bytes;
use futures_util::StreamExt;
use registry_core::{
    Digest,
    backend::{BlobStore, BlobWrite, ObjectKey, ObjectKind, ObjectRead, StoreError},
};

use super::BlobStoreHarness;

/// Parts larger than this are not filled by a clause.
const LARGEST_PART: u64 = 8 << 20;

/// Appends come in pieces of at most this.
const PIECE: u64 = 64 << 10;

/// The length around which a clause sets its offsets: the store's part, unless that is very large.
pub(crate) fn part(store: &dyn BlobStore) -> u64 {
    let part = store.part_size();
    assert!(part > 0, "part_size() is 0");
    part.min(LARGEST_PART)
}

/// Lengths at which a store of parts may err.
pub(crate) fn lengths(store: &dyn BlobStore) -> [u64; 7] {
    let part = part(store);
    [0, 1, part - 1, part, part + 1, 2 * part, 2 * part + 17]
}

/// Samples are put together from blocks of this many bytes of the noise.
const BLOCK: u64 = 4096;

/// Some bytes without order. Samples are cut from them, since making each byte anew takes longer than
/// all that a store does with it.
static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let words = 0..16 * BLOCK / 8;
    words.flat_map(|place| mixed(place).to_be_bytes()).collect()
});

/// Some content: every byte is told by the seed and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    seed: u8,
    pub(crate) length: u64,
}

impl Sample {
    pub(crate) fn new(seed: u8, length: u64) -> Self {
        Self { seed, length }
    }

    /// The bytes of a range.
    pub(crate) fn bytes(self, range: Range<u64>) -> Bytes {
        let blocks = range.start / BLOCK..range.end.div_ceil(BLOCK);
        let before = range.start - blocks.start * BLOCK;
        let mut bytes = Vec::new();
        for place in blocks {
            bytes.extend_from_slice(self.block(place));
        }
        let length = range.end - range.start;
        Bytes::from(bytes).slice(before as usize..(before + length) as usize)
    }

    /// No two blocks look alike, so bytes in the wrong place show.
    fn block(self, place: u64) -> &'static [u8] {
        let starts = NOISE.len() as u64 - BLOCK;
        let start = mixed(mixed(u64::from(self.seed)) ^ place) % starts;
        &NOISE[start as usize..][..BLOCK as usize]
    }

    pub(crate) fn whole(self) -> Bytes {
        self.bytes(0..self.length)
    }

    pub(crate) fn digest(self) -> Digest {
        Digest::sha256(&self.whole())
    }
}

/// SplitMix64's way from a number to one that shows nothing of it.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Appends a range of the sample in pieces.
pub(crate) async fn append(write: &mut dyn BlobWrite, sample: Sample, range: Range<u64>) {
    let outcome = try_append(write, sample, range).await;
    outcome.expect("append");
}

/// Appends a range of the sample in pieces, as far as the store takes it.
pub(crate) async fn try_append(
    write: &mut dyn BlobWrite,
    sample: Sample,
    range: Range<u64>,
) -> Result<(), StoreError> {
    let mut start = range.start;
    while start < range.end {
        let end = range.end.min(start + PIECE);
        write.append(sample.bytes(start..end)).await?;
        start = end;
    }
    Ok(())
}

/// A write to which the sample was appended.
pub(crate) async fn written(store: &dyn BlobStore, sample: Sample) -> Box<dyn BlobWrite> {
    let mut write = store.begin().await.expect("begin");
    append(&mut *write, sample, 0..sample.length).await;
    write
}

/// The key of an object committed with the sample.
pub(crate) async fn stored(store: &dyn BlobStore, sample: Sample) -> ObjectKey {
    let write = written(store, sample).await;
    write.commit(&sample.digest()).await.expect("commit")
}

/// All the bytes of a read.
pub(crate) async fn drained(read: ObjectRead) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    let mut stream = read.bytes;
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(bytes)
}

/// The bytes of a range of an object.
pub(crate) async fn read_range(
    store: &dyn BlobStore,
    key: &ObjectKey,
    range: Option<Range<u64>>,
) -> Result<Vec<u8>, StoreError> {
    drained(store.read(key, range).await?).await
}

/// Panics unless the object is there and is the sample.
pub(crate) async fn assert_whole(store: &dyn BlobStore, key: &ObjectKey, sample: Sample) {
    let size = store.stat(key).await.expect("stat of a committed object");
    assert_eq!(size, Some(sample.length), "the size of {key}");
    let read = store.read(key, None).await.expect("read");
    assert_eq!(
        read.size, sample.length,
        "the size that a read of {key} tells"
    );
    let bytes = drained(read)
        .await
        .expect("the bytes of a committed object");
    assert_same(&bytes, &sample.whole(), key);
}

/// Panics unless both are the same bytes; says where they part, not what they are.
pub(crate) fn assert_same(found: &[u8], expected: &[u8], key: &ObjectKey) {
    if found == expected {
        return;
    }
    let differs = found.iter().zip(expected).position(|(a, b)| a != b);
    assert_eq!(
        differs, None,
        "the first byte of {key} that is not what was appended"
    );
    assert_eq!(
        found.len(),
        expected.len(),
        "how many bytes were read of {key}"
    );
}

/// Panics if a reader can tell that there is an object of that key.
pub(crate) async fn assert_absent(store: &dyn BlobStore, key: &ObjectKey) {
    let size = store.stat(key).await.expect("stat of an absent key");
    assert_eq!(
        size, None,
        "the size of {key}, which is no committed object"
    );
    let whole = store.read(key, None).await.map(|read| read.size);
    assert!(
        whole.is_err(),
        "{key} is no committed object but was opened"
    );
    let listed = listed(store, ObjectKind::Committed).await;
    assert!(
        !listed.contains(key),
        "{key} is no committed object but is listed as one"
    );
}

/// What of unfinished writes the store lists.
pub(crate) fn told(harness: &dyn BlobStoreHarness, unfinished: Vec<ObjectKey>) -> Vec<ObjectKey> {
    match harness.lists_unfinished() {
        true => unfinished,
        false => Vec::new(),
    }
}

/// Every key of a kind, in one page.
pub(crate) async fn listed(store: &dyn BlobStore, kind: ObjectKind) -> Vec<ObjectKey> {
    store.list(kind, None, usize::MAX).await.expect("list")
}
