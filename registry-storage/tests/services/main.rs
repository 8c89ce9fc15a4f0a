//! Backends over real servers, which the tests start and stop.
//!
//! Their programs are not of this project, so this is a binary that runs only when it is asked for, with
//! their paths in the environment:
//! `VERSITYGW=PATH MINIO=PATH cargo test -p registry-storage --all-features --test services`.

#[cfg(feature = "s3")]
mod s3;
