//! Where clients come in: the sockets, TLS, and the proxies in front.

use std::{io::ErrorKind, path::PathBuf};

use registry_server::{
    ClientCertificates, Listener, TlsFiles, TlsSettings, TlsVersion, TrustedProxies, systemd,
};

use crate::{
    config::{self, Clients, Config, Listen, Version},
    failure::Failure,
    reload::Reload,
};

/// The certificate of the listeners that speak TLS.
#[derive(Clone, Debug)]
pub(crate) struct Certificates(TlsFiles);

impl Certificates {
    /// What is configured; none where no listener speaks TLS.
    pub(crate) fn open(config: &config::Tls) -> Result<Option<Self>, Failure> {
        let files = settings(config).map(TlsFiles::open).transpose();
        let files = files.map_err(|error| Failure::new(format!("no TLS: {error}")))?;
        Ok(files.map(Self))
    }
}

impl Reload for Certificates {
    fn name(&self) -> &'static str {
        "the certificate"
    }

    fn files(&self, config: &Config) -> Vec<PathBuf> {
        let tls = &config.tls;
        let files = [&tls.certificate, &tls.key, &tls.client_authorities];
        files.into_iter().flatten().cloned().collect()
    }

    fn reload(&self, config: &Config) -> Result<(), Failure> {
        let Some(settings) = settings(&config.tls) else {
            let sentence = "whether TLS is spoken changes with a restart alone";
            return Err(Failure::new(sentence));
        };
        let read = self.0.reload_from(settings);
        read.map(drop)
            .map_err(|error| Failure::new(error.to_string()))
    }
}

/// The sockets that systemd has opened.
pub(crate) fn activated() -> Result<Vec<Listener>, Failure> {
    let passed = systemd::activated()
        .map_err(|error| Failure::new(format!("systemd passes a socket of no use: {error}")))?;
    Ok(passed.into_iter().map(|socket| socket.listener).collect())
}

/// All sockets, those of clients and behind them those of operators, each taken from among these or bound.
pub(crate) fn bind(
    config: &Config,
    certificates: Option<&Certificates>,
    passed: &mut Vec<Listener>,
) -> Result<Vec<Listener>, Failure> {
    let mut bind = |listen: &Listen| {
        let bound = take(passed, listen).map_or_else(|| bind_one(listen), Ok);
        let bound = bound.map_err(|error| {
            let (address, way_out) = (&listen.address, way_out(error.kind()));
            Failure::new(format!("cannot listen on {address}: {error}{way_out}"))
        });
        Ok(begin(bound?, listen, config, certificates))
    };
    let all = config.server.listen.iter().chain(&config.operations.listen);
    all.map(&mut bind).collect()
}

/// Refuses sockets that systemd has opened and that are not configured: it is not known whether they may be
/// open to others, or should speak TLS.
pub(crate) fn refuse_unknown(passed: &[Listener]) -> Result<(), Failure> {
    let Some(unknown) = passed.first() else {
        return Ok(());
    };
    let address = unknown.endpoint().address;
    Err(Failure::new(format!(
        "systemd passes a socket at {address}, which is not in server.listen"
    )))
}

/// The socket at an address, where it is among these.
fn take(passed: &mut Vec<Listener>, listen: &Listen) -> Option<Listener> {
    let here = |socket: &Listener| socket.endpoint().address == listen.address;
    let index = passed.iter().position(here)?;
    Some(passed.swap_remove(index))
}

/// Whose word is taken about where a request comes from.
pub(crate) fn proxies(config: &config::Server) -> TrustedProxies {
    TrustedProxies {
        networks: config
            .trusted_proxies
            .iter()
            .filter_map(|proxy| proxy.0)
            .collect(),
        unix: config.trusted_proxies.iter().any(|proxy| proxy.0.is_none()),
        header: config.forwarded_header,
    }
}

/// What to do about an address that was refused.
fn way_out(refused: ErrorKind) -> &'static str {
    match refused {
        ErrorKind::AddrInUse => {
            "; end the process that listens there, or set another address (server.listen or --listen, operations.listen)"
        }
        ErrorKind::AddrNotAvailable => {
            "; it must be an address of this machine, or 0.0.0.0 or [::] for all of them"
        }
        ErrorKind::PermissionDenied => {
            "; a port below 1024 needs CAP_NET_BIND_SERVICE or a socket of systemd's, a unix socket a directory to write to"
        }
        _ => "",
    }
}

fn bind_one(listen: &Listen) -> std::io::Result<Listener> {
    match (&listen.address, listen.mode) {
        (registry_server::Address::Unix(path), Some(mode)) => Listener::bind_unix(path, mode),
        (address, _) => Listener::bind(address),
    }
}

/// How connections to a socket begin.
fn begin(
    mut listener: Listener,
    listen: &Listen,
    config: &Config,
    certificates: Option<&Certificates>,
) -> Listener {
    if listen.proxy_protocol {
        listener = listener.proxy_protocol(proxies(&config.server));
    }
    // The configuration has a certificate where a listener wants one.
    match certificates {
        Some(Certificates(files)) if listen.tls => listener.tls(files),
        _ => listener,
    }
}

fn settings(config: &config::Tls) -> Option<TlsSettings> {
    let mut settings = TlsSettings::new(config.certificate.as_ref()?, config.key.as_ref()?);
    settings.minimum = match config.minimum {
        Version::Tls12 => TlsVersion::Tls12,
        Version::Tls13 => TlsVersion::Tls13,
    };
    settings.clients = match (
        config.client_authorities.clone(),
        config.client_certificates,
    ) {
        (None, _) => ClientCertificates::Ignored,
        (Some(authorities), Clients::Optional) => ClientCertificates::Optional(authorities),
        (Some(authorities), Clients::Required) => ClientCertificates::Required(authorities),
    };
    Some(settings)
}
