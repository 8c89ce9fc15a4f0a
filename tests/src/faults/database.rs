//! A pair of PostgreSQL servers, one of which is the synchronous standby of the other.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::ports::unused_address;

const SCRIPT: &str = include_str!("postgres.sh");

/// Where Debian keeps the versions that are installed.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Both servers; they end with the script that has them.
#[derive(Debug)]
pub struct Database {
    addresses: [SocketAddr; 2],
    /// Which of them takes writes.
    primary: usize,
    /// What the script is told; when that ends, it stops the servers.
    told: Option<ChildStdin>,
    says: BufReader<ChildStdout>,
    script: Child,
}

impl Database {
    /// Starts both.
    ///
    /// # Errors
    /// Where they do not start.
    pub fn start() -> io::Result<Self> {
        Self::start_with(None)
    }

    /// The same of servers that also take TLS, with the certificate and the key of a directory.
    ///
    /// # Errors
    /// Where they do not start.
    pub fn start_tls(tls: &Path) -> io::Result<Self> {
        Self::start_with(Some(tls))
    }

    fn start_with(tls: Option<&Path>) -> io::Result<Self> {
        let addresses = [unused_address(), unused_address()];
        let mut script = Command::new("sh")
            .args(["-c", SCRIPT, "postgres"])
            .arg(programs()?)
            .args(addresses.map(|address| address.port().to_string()))
            .args(tls)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let told = script.stdin.take();
        let says = script.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut database = Self {
            addresses,
            primary: 0,
            told,
            says: BufReader::new(says),
            script,
        };
        database.hear("ready")?;
        Ok(database)
    }

    /// Where they listen.
    #[must_use]
    pub fn addresses(&self) -> [SocketAddr; 2] {
        self.addresses
    }

    /// Has something done to them; see the script.
    ///
    /// # Errors
    /// Where it does not succeed.
    pub fn tell(&mut self, what: &str) -> io::Result<()> {
        let told = self.told.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(told, "{what}")?;
        self.hear(what)?;
        if what == "failover" {
            self.primary = 1 - self.primary;
        }
        Ok(())
    }

    /// Which of them takes writes.
    #[must_use]
    pub fn primary(&self) -> usize {
        self.primary
    }

    fn hear(&mut self, what: &str) -> io::Result<()> {
        let mut line = String::new();
        self.says.read_line(&mut line)?;
        match line.trim_end() == what {
            true => Ok(()),
            false => Err(io::Error::other(format!(
                "PostgreSQL did not {what}: see above"
            ))),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.told = None;
        let _ = self.script.wait();
    }
}

/// Where the programs are: as `POSTGRES_BIN` says, or of a version that is installed.
///
/// # Errors
/// Where there are none.
pub fn programs() -> io::Result<PathBuf> {
    if let Some(told) = env::var_os("POSTGRES_BIN") {
        return Ok(told.into());
    }
    let versions = fs::read_dir(VERSIONS).into_iter().flatten();
    let mut programs = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    let found = programs.find(|bin| bin.join("initdb").exists());
    found.ok_or_else(|| {
        io::Error::other("no PostgreSQL: install the package postgresql, or set POSTGRES_BIN")
    })
}
