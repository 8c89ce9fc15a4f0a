//! A server over a data directory.

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::exchange::{Answer, exchange};

pub(crate) struct Server {
    child: Child,
    host: String,
}

/// `serve` over a data directory, of a command that is the program or leads to it.
pub(crate) fn program<'a>(command: &'a mut Command, data: &Path) -> &'a mut Command {
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
}

impl Server {
    pub(crate) fn over(data: &Path) -> Self {
        let mut registry = Command::new(env!("CARGO_BIN_EXE_registry"));
        Self::of(program(&mut registry, data))
    }

    /// Starts what a command says.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let host = line.trim_end().strip_prefix("registry: ready at http://");
        let host = host.unwrap_or_else(|| panic!("no ready line: {line:?}"));
        Self {
            host: host.to_owned(),
            child,
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.host).unwrap()
    }

    pub(crate) fn exchange(&self, request: &str, body: &[u8]) -> Answer {
        exchange(&self.host, request, body).expect("an answer")
    }
}

/// Killed: nothing may hang on a proper end.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
