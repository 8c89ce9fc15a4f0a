//! The server that is measured: started here, or running already.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::failure::{Failure, Result};
use crate::process::Process;
use crate::target::Target;

const READY: &str = "registry: ready at ";

/// A server and its process. One that was started here ends with this value.
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) target: Target,
    pub(crate) process: Process,
    child: Option<Child>,
}

impl Server {
    /// Starts a command and waits until it says where it is ready.
    pub(crate) fn start(command: &str) -> Result<Self> {
        let mut words = command.split_ascii_whitespace();
        let program = words
            .next()
            .ok_or_else(|| Failure::new("the command is empty"))?;
        let child = Command::new(program)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| Failure::from(error).during(program))?;
        let ready = wait_until_ready(&mut child);
        let mut server = Self {
            name: command.to_owned(),
            target: Target::parse("http://127.0.0.1:0")?,
            process: Process::new(child.id()),
            child: Some(child),
        };
        server.target = ready.map_err(|failure| failure.during(command))?;
        Ok(server)
    }

    /// The bare hyper service, in a process of its own.
    pub(crate) fn start_hyper() -> Result<Self> {
        let load = std::env::current_exe()?;
        Self::start(&format!("{} hyper", load.display()))
    }

    pub(crate) fn attach(pid: u32, url: &str) -> Result<Self> {
        Ok(Self {
            name: format!("process {pid} at {url}"),
            target: Target::parse(url)?,
            process: Process::new(pid),
            child: None,
        })
    }
}

fn wait_until_ready(child: &mut Child) -> Result<Target> {
    let output = child.stdout.as_mut().map(BufReader::new);
    for line in output.into_iter().flat_map(BufRead::lines) {
        if let Some(url) = line?.strip_prefix(READY) {
            return Target::parse(url);
        }
    }
    Err(Failure::new("it ended without saying where it is ready"))
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself; then both fail, and nothing is left to do.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
