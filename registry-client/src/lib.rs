//! A client of container registries: token flow, transfers, retries.
