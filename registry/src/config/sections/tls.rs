//! HTTPS.

use std::path::PathBuf;

use crate::config::{
    choice::choice,
    declaration::{Flag, section},
};

section! {
    /// HTTPS, on the listeners that are marked `tls`. The files are read again when they change, and no connection ends
    /// for it; what cannot be used leaves the old certificate in use.
    Tls = "tls" {
        /// A PEM file: the certificate, and those that lead from it to its authority.
        certificate: Option<PathBuf> = None, Flag::value("tls-certificate", "FILE") => reloaded;

        /// A PEM file: the certificate's private key.
        key: Option<PathBuf> = None, Flag::value("tls-key", "FILE") => reloaded;

        /// The oldest version to speak.
        minimum: Version = Version::Tls12 => reloaded;

        /// A PEM file: the authorities of client certificates.
        client_authorities: Option<PathBuf> = None => reloaded;

        /// Whether clients must show a certificate of these authorities. One of others is refused in any case.
        client_certificates: Clients = Clients::Required => reloaded;
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// 1.2.
    Tls12,
    /// 1.3.
    Tls13,
}

choice! {
    Version {
        Tls12 = "1.2": "and 1.3",
        Tls13 = "1.3": "alone",
    }
}

/// Whether clients show certificates, where there are authorities of such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clients {
    /// They may.
    Optional,
    /// They must.
    Required,
}

choice! {
    Clients {
        Optional = "optional": "they may",
        Required = "required": "they must",
    }
}
