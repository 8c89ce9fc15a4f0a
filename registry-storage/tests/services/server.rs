//! Servers of other programs.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// A server is waited for at most so many times, this long.
const LOOKS: u32 = 1500;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A server with a port and a directory of its own, which ends when it is dropped.
pub(crate) struct Server {
    process: Child,
    port: u16,
    _directory: TempDir,
}

impl Server {
    /// Starts what is to listen at a port and keep what it has in a directory.
    pub(crate) fn start(command: impl FnOnce(u16, &Path) -> Command) -> Self {
        let (port, directory) = (unused_port(), tempfile::tempdir().unwrap());
        let mut command = command(port, directory.path());
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let program = command.get_program();
        Self {
            process: started.unwrap_or_else(|error| panic!("cannot start {program:?}: {error}")),
            port,
            _directory: directory,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Asks it until it answers.
    pub(crate) async fn wait_until(&mut self, answers: impl AsyncFn() -> bool) {
        for _ in 0..LOOKS {
            if answers().await {
                return;
            }
            let ended = self.process.try_wait().unwrap();
            assert_eq!(ended, None, "the server ended before it answered");
            thread::sleep(BETWEEN_LOOKS);
        }
        panic!("the server does not answer at port {}", self.port);
    }

    /// Ends it.
    pub(crate) fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test may have ended it.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Below those that the kernel gives to connections: one of these may be a connection's before its server is there.
const PORTS: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port that nobody listens at, and that nobody of this process was given before.
fn unused_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    loop {
        let port = PORTS + GIVEN.fetch_add(1, Ordering::Relaxed) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
