//! The contract, stamped for the store over real servers, with two clients as two processes would have
//! them.

use registry_storage::blob_store_contract;

use super::{Bucket, Program};

blob_store_contract!(versitygw, || async {
    Bucket::start(Program::Versitygw).await
});

blob_store_contract!(minio, || async { Bucket::start(Program::Minio).await });
