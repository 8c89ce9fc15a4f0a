//! Making connections: TCP, and TLS where the feature is on.

use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What makes the connections.
#[cfg(feature = "tls")]
pub(crate) type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

/// What makes the connections.
#[cfg(not(feature = "tls"))]
pub(crate) type Connector = HttpConnector;

/// Why no connector can be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectorError {
    #[cfg(not(feature = "tls"))]
    #[error("https needs the feature \"tls\" of registry-client, which is off")]
    TlsIsOff,
    #[cfg(feature = "tls")]
    #[error("the root certificate is not valid PEM: {0}")]
    Pem(String),
    #[cfg(feature = "tls")]
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

fn tcp() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.enforce_http(cfg!(not(feature = "tls")));
    connector
}

/// A connector; https needs TLS.
#[cfg(not(feature = "tls"))]
pub(crate) fn connector(https: bool, _: &[Vec<u8>], _: bool) -> Result<Connector, ConnectorError> {
    if https {
        return Err(ConnectorError::TlsIsOff);
    }
    Ok(tcp())
}

/// A connector for https and http; roots that are added count beside the system's, unless any
/// certificate is believed.
#[cfg(feature = "tls")]
pub(crate) fn connector(
    _https: bool,
    root_pems: &[Vec<u8>],
    any_certificate: bool,
) -> Result<Connector, ConnectorError> {
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    let config = match any_certificate {
        true => config
            .dangerous()
            .with_custom_certificate_verifier(super::any_certificate::verifier(&provider)),
        false => config.with_root_certificates(roots::trusted(root_pems)?),
    };
    let config = config.with_no_client_auth();
    Ok(hyper_rustls::HttpsConnector::from((tcp(), config)))
}

#[cfg(feature = "tls")]
mod roots {
    use rustls::RootCertStore;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::ConnectorError;

    /// The system's roots, or Mozilla's where the system has none (as in a container of one binary),
    /// and the given ones.
    pub(super) fn trusted(pems: &[Vec<u8>]) -> Result<RootCertStore, ConnectorError> {
        let mut roots = RootCertStore::empty();
        // A system's store may hold certificates that nobody can read; the others still count.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for pem in pems {
            add(&mut roots, pem)?;
        }
        Ok(roots)
    }

    fn add(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), ConnectorError> {
        let mut found = false;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate =
                certificate.map_err(|error| ConnectorError::Pem(error.to_string()))?;
            roots.add(certificate)?;
            found = true;
        }
        if !found {
            return Err(ConnectorError::Pem("it holds no certificate".to_owned()));
        }
        Ok(())
    }
}
