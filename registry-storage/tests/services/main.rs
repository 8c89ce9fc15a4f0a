//! Backends over real servers, which the tests start and stop.
//!
//! Their programs are not of this project, so this is a binary that runs only when it is asked for: PostgreSQL
//! as a package has installed it, stores that speak S3 (Google's client is tried over one of them) and one that is like
//! Azure's, whose paths the environment names:
//! `VERSITYGW=PATH MINIO=PATH AZURITE=PATH cargo test -p registry-storage --all-features --test services`.

#[cfg(feature = "azure")]
mod azure;
// Its server is one that is like S3.
#[cfg(all(feature = "gcs", feature = "s3"))]
mod gcs;
#[cfg(all(feature = "postgres", feature = "s3"))]
mod pairs;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "s3")]
mod s3;
#[cfg(any(feature = "azure", feature = "s3"))]
mod server;
