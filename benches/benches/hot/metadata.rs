//! Operations of the engine over memory and over SQLite with a directory.

use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use registry_core::{Caller, PageRequest, Reference, Tag};
use tokio::runtime::Runtime;

use crate::sample::{Sample, runtime};

pub(crate) fn bench(criterion: &mut Criterion) {
    let runtime = runtime();
    let directory = tempfile::tempdir().expect("a directory");
    let samples = [
        ("memory", Sample::in_memory(&runtime)),
        ("SQLite", Sample::on_disk(&runtime, directory.path())),
    ];
    for (backend, sample) in &samples {
        let mut group = criterion.benchmark_group(format!("engine over {backend}"));
        reads(&mut group, &runtime, sample);
        group.bench_function("move a tag", |bencher| {
            bencher.iter(|| runtime.block_on(sample.tag("moves")));
        });
        group.finish();
    }
}

fn reads(group: &mut BenchmarkGroup<'_, WallTime>, runtime: &Runtime, sample: &Sample) {
    let caller = Caller::anonymous();
    let pull = || {
        let pull = sample.registry.open(&caller, &sample.name).pull();
        async { pull.await.expect("a permit") }
    };
    let reference = Reference::Tag(Tag::parse("v100").expect("a tag"));
    group.bench_function("manifest by tag", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async { pull().await.manifest(&reference).await.expect("a manifest") })
        });
    });
    group.bench_function("size of a blob", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async { pull().await.stat_blob(&sample.blob).await.expect("a blob") })
        });
    });
    let page = PageRequest {
        after: None,
        limit: 100,
    };
    group.bench_function("page of 100 tags", |bencher| {
        bencher.iter(|| runtime.block_on(async { pull().await.tags(page).await.expect("tags") }));
    });
}
