//! A bucket of Amazon's, or of a store that speaks its protocol.

use std::sync::Arc;

use registry_storage::object::object_store::{
    StaticCredentialProvider,
    aws::{self, AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, AwsCredential},
};

use super::{client, credentials::CredentialsFile};
use crate::{
    config::{Checksum, Encryption, Objects},
    failure::Failure,
};

/// A client of the bucket.
pub(super) fn client(config: &Objects) -> Result<AmazonS3, Failure> {
    let mut builder = AmazonS3Builder::from_env()
        .with_region(&config.region)
        .with_virtual_hosted_style_request(!config.path_style)
        // Over TLS nobody on the way can change the bytes, so they are not hashed for the signature as well.
        .with_unsigned_payload(!config.plain_http)
        .with_client_options(client::options(config)?)
        .with_retry(client::tries(config));
    if let Some(bucket) = &config.bucket {
        builder = builder.with_bucket_name(bucket);
    }
    if let Some(endpoint) = endpoint(config) {
        builder = builder.with_endpoint(endpoint);
    }
    let builder = checked(encrypted(signed(builder, config)?, config)?, config);
    builder.build().map_err(client::unusable)
}

/// Where requests go to: the client takes it as it is where the bucket is in the host's name.
fn endpoint(config: &Objects) -> Option<String> {
    let endpoint = config.endpoint.as_ref()?;
    match (&config.bucket, endpoint.split_once("://")) {
        (Some(bucket), Some((scheme, host))) if !config.path_style => {
            Some(format!("{scheme}://{bucket}.{host}"))
        }
        _ => Some(endpoint.clone()),
    }
}

fn signed(builder: AmazonS3Builder, config: &Objects) -> Result<AmazonS3Builder, Failure> {
    if let (Some(key), Some(secret)) = (&config.access_key, &config.secret_key) {
        let credential = AwsCredential {
            key_id: key.clone(),
            secret_key: secret.expose().to_owned(),
            // One of the environment would belong to another key.
            token: None,
        };
        let provider = StaticCredentialProvider::new(credential);
        return Ok(builder.with_credentials(Arc::new(provider)));
    }
    match &config.credentials {
        Some(path) => {
            let file = CredentialsFile::open(path, &config.profile)?;
            Ok(builder.with_credentials(Arc::new(file)))
        }
        None => Ok(builder),
    }
}

fn encrypted(builder: AmazonS3Builder, config: &Objects) -> Result<AmazonS3Builder, Failure> {
    let kind = match config.encryption {
        Encryption::Bucket => return Ok(builder),
        Encryption::Store => "AES256",
        Encryption::Kms => "aws:kms",
        Encryption::KmsTwice => "aws:kms:dsse",
    };
    let key = |name: &str| name.parse::<AmazonS3ConfigKey>().map_err(client::unusable);
    let builder = builder.with_config(key("aws_server_side_encryption")?, kind);
    match &config.encryption_key {
        Some(id) => Ok(builder.with_config(key("aws_sse_kms_key_id")?, id)),
        None => Ok(builder),
    }
}

fn checked(builder: AmazonS3Builder, config: &Objects) -> AmazonS3Builder {
    match config.checksum {
        Checksum::None => builder,
        Checksum::Crc64 => builder.with_checksum_algorithm(aws::Checksum::CRC64NVME),
        Checksum::Sha256 => builder.with_checksum_algorithm(aws::Checksum::SHA256),
    }
}
