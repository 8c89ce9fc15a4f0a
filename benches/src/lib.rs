//! What the benchmarks share: time as it passes, and words to the terminal.
//!
//! The programs are in `src/bin`: `load` measures a registry from outside, `embedded` the registry for
//! tests from inside, `disk` the store that keeps blobs in a directory, `tags` a repository of very
//! many tags on disk, `visible` a catalog of which a caller sees little, `observing` what it costs to
//! watch requests. `benches/hot` is what `cargo bench` measures.

mod report;
mod stopwatch;

pub use report::say;
pub use stopwatch::Stopwatch;
