//! What excludes what.

use registry_server::Address;

use super::{Anonymous, Config, Listen, Written};

/// Notes what cannot be together.
pub(super) fn check(config: &Config, written: &mut Written) {
    memory_excludes_a_directory(config, written);
    nobody_listens_openly_by_mistake(config, written);
    anonymous_callers_differ_from_users(config, written);
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
fn is_local(Listen(address): &Listen) -> bool {
    match address {
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
