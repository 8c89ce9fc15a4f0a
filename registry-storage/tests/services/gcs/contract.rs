//! The contract, stamped for the store over Google's client, with two clients as two processes would have them.

use registry_storage::blob_store_contract;

use super::OpenBucket;

blob_store_contract!(minio, || async { OpenBucket::start().await });
