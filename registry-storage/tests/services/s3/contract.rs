//! The contract, stamped for the store over a real server, with two clients as two processes would have
//! them.

use registry_storage::blob_store_contract;

use super::Bucket;

blob_store_contract!(s3_blobs, || async { Bucket::start() });
