//! A container of Azure's.

use std::sync::Arc;

use registry_core::backend::StoreError;
use registry_storage::{
    SystemRandom,
    object::{
        ObjectBlobs,
        object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder, split_sas},
    },
};

use super::{client, settings};
use crate::{config::Objects, failure::Failure};

pub(super) fn blobs(config: &Objects) -> Result<Result<ObjectBlobs, StoreError>, Failure> {
    let random = Arc::new(SystemRandom);
    Ok(ObjectBlobs::azure(
        builder(config)?,
        settings(config),
        random,
    ))
}

/// A client of the container, to sign links with.
pub(super) fn client(config: &Objects) -> Result<MicrosoftAzure, Failure> {
    builder(config)?.build().map_err(client::unusable)
}

fn builder(config: &Objects) -> Result<MicrosoftAzureBuilder, Failure> {
    let given = config.account_key.is_some() || config.shared_access.is_some();
    let builder = match given {
        // What the environment has would be another way in.
        true => MicrosoftAzureBuilder::new(),
        false => MicrosoftAzureBuilder::from_env(),
    };
    let mut builder = builder
        .with_client_options(client::options(config)?)
        .with_retry(client::tries(config));
    if let Some(container) = &config.bucket {
        builder = builder.with_container_name(container);
    }
    if let Some(account) = &config.account {
        builder = builder.with_account(account);
    }
    if let Some(endpoint) = &config.endpoint {
        builder = builder.with_endpoint(endpoint.clone());
    }
    if let Some(key) = &config.account_key {
        builder = builder.with_access_key(key.expose());
    }
    if let Some(signature) = &config.shared_access {
        let pairs = split_sas(signature.expose()).map_err(client::unusable)?;
        builder = builder.with_sas_authorization(pairs);
    }
    Ok(builder)
}
