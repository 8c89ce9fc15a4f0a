//! Who may do what.

use std::path::PathBuf;

use crate::config::{
    choice::choice,
    declaration::{Flag, section},
};

section! {
    /// Who may do what. Without any of it everybody who reaches the server may do everything; so it then listens on
    /// loopback and on unix sockets alone, unless `open` says that this is meant.
    Auth = "auth" {
        /// A file of users, a line each, with passwords hashed by bcrypt: what `htpasswd -B` writes. Whoever is in it
        /// may do everything. When the file changes, it is read again.
        htpasswd: Option<PathBuf> = None, Flag::value("htpasswd", "FILE") => reloaded;

        /// What others may do, who send no password. A server with passwords must ask for one at the door, so docker,
        /// podman and skopeo want a login even then; containerd, helm, oras and crane do not.
        anonymous: Anonymous = Anonymous::None;

        /// Listen where others reach the server though nobody must sign in.
        open: bool = false, Flag::on("open");
    }
}

/// What callers may do who did not sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anonymous {
    /// Nothing.
    None,
    /// Read.
    Pull,
}

choice! {
    Anonymous {
        None = "none": "nothing",
        Pull = "pull": "pull, and list what there is",
    }
}
