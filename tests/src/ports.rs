//! Ports for servers that are told where to listen.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// Below those that the kernel gives to connections. A port of these would be free for anybody's connection
/// while its server is not there yet, or is stopped for a while, and for one that asks whether it is there.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// Ports between those of one process and the next one's.
const EACH: u32 = 100;

/// A port of this machine that nobody listens at, and that nobody of this process was given before.
///
/// # Panics
/// Where there is none.
pub fn unused_address() -> SocketAddr {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    for _ in 0..COUNT {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (process::id() * EACH + given) % COUNT;
        let address = (Ipv4Addr::LOCALHOST, u16::try_from(port).expect("a port")).into();
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("somebody listens at each port from {FIRST} on");
}
