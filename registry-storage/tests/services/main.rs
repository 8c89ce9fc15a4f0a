//! Backends over real servers, which the tests start and stop.
//!
//! Their programs are not of this project, so this is a binary that runs only when it is asked for: PostgreSQL
//! as a package has installed it, and stores that speak S3, whose paths the environment names:
//! `VERSITYGW=PATH MINIO=PATH cargo test -p registry-storage --all-features --test services`.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "s3")]
mod s3;
