//! What every request, push and listing does many times, measured alone: `cargo bench -p registry-benches`.
//!
//! Absolute figures are this machine's. What they are good for is the difference that a change makes:
//! `cargo bench -p registry-benches -- --save-baseline before`, and `--baseline before` after it.

mod digest;
mod manifest;
mod metadata;
mod policy;
mod request;
mod sample;

use criterion::{Criterion, criterion_group, criterion_main};

fn all(criterion: &mut Criterion) {
    digest::bench(criterion);
    manifest::bench(criterion);
    policy::bench(criterion);
    metadata::bench(criterion);
    request::bench(criterion);
}

criterion_group!(benches, all);
criterion_main!(benches);
