//! The contract, stamped for the store over Azure's client, with two clients as two processes would have them.

use registry_storage::blob_store_contract;

use super::Container;

blob_store_contract!(azurite, || async { Container::start().await });
