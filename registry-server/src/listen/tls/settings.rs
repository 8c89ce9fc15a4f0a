//! How a listener speaks TLS: plain data.

use std::path::PathBuf;

/// How a listener speaks TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// A PEM file: the certificate, then those that lead from it to its authority.
    pub certificate: PathBuf,
    /// A PEM file: the certificate's private key (PKCS#8, PKCS#1 or SEC1).
    pub key: PathBuf,
    /// The oldest version to speak.
    pub minimum: TlsVersion,
    /// Whether clients show certificates of their own.
    pub clients: ClientCertificates,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// Whether clients show certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They are not asked for one.
    #[default]
    Ignored,
    /// They may; one that is no certificate of these authorities (a PEM file) is refused.
    Optional(PathBuf),
    /// They must, one of these authorities (a PEM file).
    Required(PathBuf),
}

impl TlsSettings {
    /// A certificate and its key, TLS 1.2 or 1.3, no client certificates.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            certificate: certificate.into(),
            key: key.into(),
            minimum: TlsVersion::default(),
            clients: ClientCertificates::default(),
        }
    }
}
