//! What excludes what.

mod objects;

use std::time::Duration;

use registry_server::Address;

use super::{Anonymous, Config, Listen, Objects, Provider, Written};

/// Notes what cannot be together.
pub(super) fn check(config: &Config, written: &mut Written) {
    memory_excludes_a_directory(config, written);
    a_database_goes_with_a_bucket(config, written);
    a_standby_is_of_a_database(config, written);
    redirects_lead_to_a_bucket(config, written);
    a_cache_is_of_a_bucket(config, written);
    nobody_listens_openly_by_mistake(config, written);
    anonymous_callers_differ_from_users(config, written);
    a_certificate_has_its_key_and_its_use(config, written);
    a_load_balancer_is_trusted(config, written);
}

/// Where memory is asked for on a stronger word than a directory, it wins.
fn memory_excludes_a_directory(config: &Config, written: &mut Written) {
    if !config.storage.memory {
        return;
    }
    let memory = written.origin("storage", "memory").clone();
    for name in ["path", "durability"] {
        let other = written.origin("storage", name);
        if other.rank() >= memory.rank() {
            let what = format!("storage.memory excludes storage.{name}, which is set by {other}");
            return written.problem(&memory, what);
        }
    }
}

/// What one server keeps in memory or in files, others would not see.
fn a_database_goes_with_a_bucket(config: &Config, written: &mut Written) {
    let (section, key, what) = match (&config.database.url, &config.objects.bucket) {
        (None, None) => return,
        (Some(_), None) => (
            "database",
            "url",
            "database.url needs objects.bucket: servers that share a database share a bucket as well",
        ),
        (None, Some(_)) => (
            "objects",
            "bucket",
            "objects.bucket needs database.url: servers that share a bucket share a database as well",
        ),
        (Some(_), Some(_)) if config.storage.memory => (
            "storage",
            "memory",
            "storage.memory excludes database.url and objects.bucket",
        ),
        (Some(_), Some(_)) => return what_belongs_together_is_there(config, written),
    };
    let origin = written.origin(section, key).clone();
    written.problem(&origin, what);
}

fn what_belongs_together_is_there(config: &Config, written: &mut Written) {
    if config.database.authorities.is_some() && !config.database.tls {
        let origin = written.origin("database", "authorities").clone();
        let what = "database.authorities means nothing without database.tls";
        return written.problem(&origin, what);
    }
    objects::check(&config.objects, written);
}

/// A copy is always a moment behind.
const LEAST_LAG: Duration = Duration::from_secs(1);

fn a_standby_is_of_a_database(config: &Config, written: &mut Written) {
    let database = &config.database;
    if database.listings.is_some() && database.url.is_none() {
        let origin = written.origin("database", "listings").clone();
        let what = "database.listings needs database.url: what a standby copies is asked first";
        return written.problem(&origin, what);
    }
    if database.listings_lag < LEAST_LAG {
        let origin = written.origin("database", "listings_lag").clone();
        written.problem(&origin, "database.listings_lag must be at least 1s");
    }
}

/// The longer a URL lives, the longer it outlives the right to read.
const LONGEST_URL: Duration = Duration::from_mins(5);

fn redirects_lead_to_a_bucket(config: &Config, written: &mut Written) {
    let redirects = &config.redirects;
    if redirects.enabled && config.objects.bucket.is_none() {
        let origin = written.origin("redirects", "enabled").clone();
        let what = "redirects.enabled needs objects.bucket: only a bucket can be redirected to";
        return written.problem(&origin, what);
    }
    if redirects.enabled
        && let Some(what) = unsigned(&config.objects)
    {
        let origin = written.origin("redirects", "enabled").clone();
        return written.problem(&origin, what);
    }
    if !(Duration::from_secs(1)..=LONGEST_URL).contains(&redirects.expires) {
        let origin = written.origin("redirects", "expires").clone();
        written.problem(&origin, "redirects.expires must be from 1s to 5m");
    }
}

/// Why nothing can sign links to a bucket, if that is so.
fn unsigned(objects: &Objects) -> Option<&'static str> {
    match objects.provider {
        Provider::S3 => None,
        Provider::Azure if objects.account_key.is_some() => None,
        Provider::Azure => {
            Some("redirects.enabled needs objects.account_key: nothing else signs links here")
        }
        Provider::Gcs => Some("redirects.enabled needs a bucket of another provider than \"gcs\""),
    }
}

fn a_cache_is_of_a_bucket(config: &Config, written: &mut Written) {
    if config.cache.path.is_some() && config.objects.bucket.is_none() {
        let origin = written.origin("cache", "path").clone();
        let what = "cache.path needs objects.bucket: a disk needs no cache on a disk";
        written.problem(&origin, what);
    }
}

fn nobody_listens_openly_by_mistake(config: &Config, written: &mut Written) {
    if config.auth.open || config.auth.htpasswd.is_some() {
        return;
    }
    let Some(open) = config.server.listen.iter().find(|listen| !is_local(listen)) else {
        return;
    };
    let what = format!(
        "server.listen: whoever reaches {open} may do everything, since nobody must sign in: set \
         auth.htpasswd (--htpasswd FILE), or say by auth.open (--open) that this is meant"
    );
    let origin = written.origin("server", "listen").clone();
    written.problem(&origin, what);
}

/// Whether only who is on this machine comes in.
fn is_local(listen: &Listen) -> bool {
    match &listen.address {
        Address::Tcp(address) => address.ip().to_canonical().is_loopback(),
        Address::Unix(_) => true,
    }
}

fn anonymous_callers_differ_from_users(config: &Config, written: &mut Written) {
    if config.auth.anonymous == Anonymous::Pull && config.auth.htpasswd.is_none() {
        let origin = written.origin("auth", "anonymous").clone();
        let what = "auth.anonymous means nothing without auth.htpasswd: nobody must sign in";
        written.problem(&origin, what);
    }
}

/// A certificate that nobody is shown is likelier a listener forgotten than meant.
fn a_certificate_has_its_key_and_its_use(config: &Config, written: &mut Written) {
    let tls = &config.tls;
    let spoken = listeners(config).find(|(_, listen)| listen.tls);
    let (key, what) = match (&tls.certificate, &tls.key, spoken) {
        (None, None, None) | (Some(_), Some(_), Some(_)) => {
            return client_certificates_have_authorities(config, written);
        }
        (None, _, Some(_)) => ("certificate", "a listener speaks TLS: set tls.certificate"),
        (Some(_), None, _) => ("certificate", "tls.certificate needs tls.key"),
        (None, Some(_), None) => ("key", "tls.key needs tls.certificate"),
        (Some(_), Some(_), None) => (
            "certificate",
            "tls.certificate is set, and no listener speaks TLS: write tls after its address, as in \
             server.listen = [\"0.0.0.0:443 tls\"]",
        ),
    };
    let origin = match spoken {
        Some((section, _)) => written.origin(section, "listen").clone(),
        None => written.origin("tls", key).clone(),
    };
    written.problem(&origin, what);
}

fn client_certificates_have_authorities(config: &Config, written: &mut Written) {
    if config.tls.client_authorities.is_some() && config.tls.certificate.is_none() {
        let origin = written.origin("tls", "client_authorities").clone();
        let what = "tls.client_authorities means nothing without tls.certificate";
        written.problem(&origin, what);
    }
}

fn a_load_balancer_is_trusted(config: &Config, written: &mut Written) {
    let proxied = listeners(config).find(|(_, one)| one.proxy_protocol);
    if let (Some((section, listen)), []) = (proxied, &config.server.trusted_proxies[..]) {
        let what = format!(
            "{section}.listen: {listen} needs server.trusted_proxies, the load balancers that may connect"
        );
        let origin = written.origin(section, "listen").clone();
        written.problem(&origin, what);
    }
}

/// All places to listen at, each with the section that has it.
fn listeners(config: &Config) -> impl Iterator<Item = (&'static str, &Listen)> {
    let main = config.server.listen.iter().map(|one| ("server", one));
    let operators = config.operations.listen.iter();
    main.chain(operators.map(|one| ("operations", one)))
}
