//! The server that is measured: started here, or running already.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use registry_benches::Stopwatch;
use rustix::process::{Pid, Signal, kill_process};

use crate::failure::{Failure, Result};
use crate::fixture::Place;
use crate::process::{Memory, Process};
use crate::specification::Specification;
use crate::target::{Credential, Target};

const READY: &str = "registry: ready at ";
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

/// A server, and its process where it is known. One that was started here ends with this value.
pub(crate) struct Server {
    pub(crate) name: String,
    /// What it promises of its answers, in a word.
    pub(crate) durability: String,
    pub(crate) target: Target,
    pub(crate) place: Place,
    process: Option<Process>,
    _child: Option<Running>,
}

impl Server {
    /// Starts what is specified, or finds it.
    pub(crate) fn open(specification: Specification, credential: &Credential) -> Result<Self> {
        let mut child = match specification.command.as_str() {
            "" => None,
            command => Some(Running::start(command, specification.url.is_none())?),
        };
        let during = |failure: Failure| failure.during(&specification.name);
        let ready = wait_until_ready(specification.url.as_deref(), child.as_mut());
        let id = child.as_ref().map(|child| child.0.id());
        Ok(Self {
            target: ready.map_err(during)?.with(credential),
            name: specification.name,
            durability: specification.durability,
            place: specification.place,
            process: id.or(specification.pid).map(Process::new),
            _child: child,
        })
    }

    /// The bare hyper service, in a process of its own.
    pub(crate) fn start_hyper() -> Result<Self> {
        let load = std::env::current_exe()?;
        let specification = Specification::parse(&format!("{} hyper", load.display()))?;
        Self::open(specification, &Credential::Nobody)
    }

    pub(crate) fn cpu_time(&self) -> Result<Option<Duration>> {
        self.process.map(Process::cpu_time).transpose()
    }

    pub(crate) fn memory(&self) -> Result<Option<Memory>> {
        self.process.map(Process::memory).transpose()
    }
}

fn wait_until_ready(url: Option<&str>, child: Option<&mut Running>) -> Result<Target> {
    match (url, child) {
        (Some(url), child) => {
            let target = Target::parse(url)?;
            wait_for_answer(&target, child).map(|()| target)
        }
        (None, Some(child)) => child.wait_for_line(),
        (None, None) => Err(Failure::new("neither a command nor url= says which server")),
    }
}

/// Asks for `/v2/` until it is answered with 200 or 401.
fn wait_for_answer(target: &Target, mut child: Option<&mut Running>) -> Result<()> {
    let watch = Stopwatch::start();
    while !answers(target).unwrap_or(false) {
        if let Some(status) = child.as_mut().and_then(|child| child.0.try_wait().ok()?) {
            return Err(Failure::new(format!(
                "it ended before it answered: {status}"
            )));
        }
        if watch.elapsed() > START {
            return Err(Failure::new("it does not answer GET /v2/ with 200 or 401"));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

fn answers(target: &Target) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&target.address(), START)?;
    stream.set_read_timeout(Some(START))?;
    stream.write_all(&target.request_with("GET", "/v2/", "Connection: close\r\n"))?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    Ok(matches!(&status[9..], b"200" | b"401"))
}

/// A process that is asked to end with this value, and made to if it does not.
struct Running(Child);

impl Running {
    fn start(command: &str, says_when_ready: bool) -> Result<Self> {
        let mut words = command.split_ascii_whitespace();
        let program = words.next().unwrap_or_default();
        let output = if says_when_ready {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        let mut command = Command::new(program);
        let command = command.args(words).stdin(Stdio::null()).stdout(output);
        let child = command.spawn();
        let child = child.map_err(|error| Failure::from(error).during(program));
        child.map(Self)
    }

    fn wait_for_line(&mut self) -> Result<Target> {
        let output = self.0.stdout.as_mut().map(BufReader::new);
        for line in output.into_iter().flat_map(BufRead::lines) {
            if let Some(url) = line?.strip_prefix(READY) {
                return Target::parse(url);
            }
        }
        Err(Failure::new("it ended without saying where it is ready"))
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.has_ended() {
            return;
        }
        // Only by being asked can it end processes of its own.
        let asked = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let watch = Stopwatch::start();
        while asked.is_ok() && watch.elapsed() < STOP {
            if self.has_ended() {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        // It may have ended just now; then both fail, and nothing is left to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
