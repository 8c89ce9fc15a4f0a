//! Hashing a stream, by the algorithms that clients use.

use criterion::{Criterion, Throughput};
use registry_core::Algorithms;

/// What a connection brings at once, about.
const PIECE: usize = 64 << 10;

pub(crate) fn bench(criterion: &mut Criterion) {
    let algorithms = Algorithms::standard();
    let piece = vec![7; PIECE];
    let mut group = criterion.benchmark_group("digest of 64 KiB of a stream");
    group.throughput(Throughput::Bytes(PIECE as u64));
    for name in ["sha256", "sha512"] {
        let mut hasher = algorithms.get(name).expect("it is standard").hasher();
        group.bench_function(name, |bencher| bencher.iter(|| hasher.update(&piece)));
    }
    group.finish();
}
