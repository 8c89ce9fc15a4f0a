//! What the clients of all providers have in common.

use std::{fs, path::Path, time::Duration};

use registry_storage::object::object_store::{self, Certificate, ClientOptions, RetryConfig};

use crate::{config::Objects, failure::Failure};

/// Where a machine finds its own credentials; no proxy knows them.
const OF_THIS_MACHINE: &str = "169.254.0.0/16,metadata.google.internal";

/// A store may be silent for a while, and a large object may take as long as it takes.
pub(super) fn options(config: &Objects) -> Result<ClientOptions, Failure> {
    let mut options = ClientOptions::new()
        .with_allow_http(config.plain_http)
        .with_connect_timeout(config.connect_timeout)
        .with_read_timeout(config.deadline)
        .with_timeout_disabled();
    if let Some(proxy) = &config.proxy {
        options = options
            .with_proxy_url(proxy)
            .with_proxy_excludes(OF_THIS_MACHINE);
    }
    if let Some(path) = &config.authorities {
        options = options.with_no_system_certificates(true);
        for authority in authorities(path)? {
            options = options.with_root_certificate(authority);
        }
    }
    Ok(options)
}

/// A client is told 503 and when to come back sooner than it would give up.
pub(super) fn tries(config: &Objects) -> RetryConfig {
    RetryConfig {
        max_retries: 4,
        retry_timeout: config.deadline.min(Duration::from_secs(15)),
        ..RetryConfig::default()
    }
}

/// The bucket cannot be used as it is configured.
pub(super) fn unusable(error: object_store::Error) -> Failure {
    Failure::new(format!("the bucket cannot be used: {error}"))
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let unusable = |what: String| {
        let path = path.display();
        Failure::new(format!("objects.authorities: {path}: {what}"))
    };
    let pem = fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))?;
    match found.is_empty() {
        true => Err(unusable("it holds no certificate".to_owned())),
        false => Ok(found),
    }
}
