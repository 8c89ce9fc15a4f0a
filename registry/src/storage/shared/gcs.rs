//! A bucket of Google's.

use std::{
    env::{self, VarError},
    fs,
};

use registry_storage::object::object_store::gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder};

use super::client;
use crate::{config::Objects, failure::Failure};

/// Names the file of an application's credentials.
const CREDENTIALS: &str = "GOOGLE_APPLICATION_CREDENTIALS";

pub(super) fn client(config: &Objects) -> Result<GoogleCloudStorage, Failure> {
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_client_options(client::options(config)?)
        .with_retry(client::tries(config));
    if let Some(bucket) = &config.bucket {
        builder = builder.with_bucket_name(bucket);
    }
    if let Some(endpoint) = &config.endpoint {
        builder = builder.with_base_url(endpoint.trim_end_matches('/'));
    }
    identified(builder, config)?
        .build()
        .map_err(client::unusable)
}

/// Not by all that the client finds in the environment: names like `SERVICE_ACCOUNT` may mean something else there.
fn identified(
    builder: GoogleCloudStorageBuilder,
    config: &Objects,
) -> Result<GoogleCloudStorageBuilder, Failure> {
    if let Some(path) = &config.service_account {
        let key = fs::read_to_string(path).map_err(|error| {
            let path = path.display();
            Failure::new(format!("objects.service_account: {path}: {error}"))
        })?;
        return Ok(builder.with_service_account_key(key));
    }
    match env::var(CREDENTIALS) {
        Ok(path) if !path.is_empty() => Ok(builder.with_application_credentials(path)),
        Err(VarError::NotUnicode(_)) => Err(Failure::new(format!("{CREDENTIALS} is not UTF-8"))),
        _ => Ok(builder),
    }
}
