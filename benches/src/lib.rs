//! Benchmarks and the load tool of the registry.
