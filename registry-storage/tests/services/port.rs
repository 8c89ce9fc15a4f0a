//! Where servers of tests listen.

use std::net::{Ipv4Addr, TcpListener};

/// A port that nobody listens at.
pub(crate) fn unused_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
