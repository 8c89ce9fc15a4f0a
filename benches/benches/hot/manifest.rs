//! Parsing a manifest.

use criterion::{Criterion, Throughput};
use registry_core::Manifest;

use crate::sample::manifest_of;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse a manifest");
    for layers in [4, 100] {
        let bytes = manifest_of(layers);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("{layers} layers"), |bencher| {
            bencher.iter(|| Manifest::parse(None, bytes.clone()).expect("a manifest"));
        });
    }
    group.finish();
}
