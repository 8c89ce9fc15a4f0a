//! A certificate authority for one test registry.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// An authority, and a certificate of it for this machine.
pub(super) struct Identity {
    authority: String,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

/// The names that a test may call this machine by.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

impl Identity {
    pub(super) fn generate() -> Self {
        Self::try_generate().unwrap_or_else(|error| panic!("no certificate can be made: {error}"))
    }

    fn try_generate() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new([])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params
            .distinguished_name
            .push(DnType::CommonName, "test registry authority");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names = NAMES.map(str::to_owned);
        let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
        Ok(Self {
            authority: authority.pem(),
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        })
    }

    pub(super) fn server_config(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![self.certificate.clone()], key)
            });
        Arc::new(config.unwrap_or_else(|error| panic!("no TLS can be set up: {error}")))
    }

    pub(super) fn into_authority(self) -> String {
        self.authority
    }
}
