//! The program under test, started, killed and stopped by its process id.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use super::moment::Moment;

/// How the program is started.
#[derive(Clone, Debug)]
pub struct Program {
    /// The binary.
    pub path: PathBuf,
    /// Arguments of `serve` beside those that say where.
    pub arguments: Vec<String>,
    /// Variables of its environment.
    pub environment: Vec<(String, String)>,
    /// Where what it logs is added.
    pub log: PathBuf,
}

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    child: Child,
    hosts: [String; 1],
}

impl Program {
    /// The program with more of an environment.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut program = self.clone();
        program
            .environment
            .push((name.to_owned(), value.to_owned()));
        program
    }

    /// The program with more arguments.
    #[must_use]
    pub fn arguments(&self, arguments: &[&str]) -> Self {
        let mut program = self.clone();
        program
            .arguments
            .extend(arguments.iter().map(|&argument| argument.to_owned()));
        program
    }

    /// Starts it over a data directory.
    ///
    /// # Errors
    /// Where there is no such program, say.
    pub fn spawn(&self, data: &Path) -> io::Result<Child> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        Command::new(&self.path)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--log",
                "warn",
                "--data",
            ])
            .arg(data)
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
    }

    /// Starts it over a data directory, and waits until it is ready.
    ///
    /// # Errors
    /// Where it does not get ready.
    pub fn start(&self, data: &Path) -> io::Result<Server> {
        let mut child = self.spawn(data)?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        match line.trim_end().strip_prefix("registry: ready at http://") {
            Some(host) => Ok(Server {
                hosts: [host.to_owned()],
                child,
            }),
            None => {
                child.kill()?;
                let status = child.wait()?;
                let log = self.log.display();
                Err(io::Error::other(format!(
                    "it did not start ({status}): see {log}"
                )))
            }
        }
    }

    /// Runs another of its commands on a data directory, to its end.
    ///
    /// # Errors
    /// Where it fails.
    pub fn run(&self, command: &[&str], data: &Path) -> io::Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let status = Command::new(&self.path)
            .args(command)
            .arg("--data")
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .status()?;
        match status.success() {
            true => Ok(()),
            false => Err(io::Error::other(format!("{command:?}: {status}"))),
        }
    }
}

impl Server {
    /// HOST:PORT.
    #[must_use]
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, as the system does: without a word.
    pub fn end(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
    }

    /// Kills it and waits for its end.
    ///
    /// # Errors
    /// Where it cannot be waited for.
    pub fn kill(mut self) -> io::Result<ExitStatus> {
        self.end();
        self.child.wait()
    }

    /// Waits until it ends by itself, but not for longer than this.
    ///
    /// # Errors
    /// Where it cannot be waited for.
    pub fn ended_within(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let begun = Moment::now();
        loop {
            match self.child.try_wait()? {
                None if begun.age() < limit => thread::sleep(Duration::from_millis(5)),
                ended => return Ok(ended),
            }
        }
    }
}

/// Whatever a test did not end.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
