//! Servers, of which one is started once for all tests of the process.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

const SCRIPT: &str = include_str!("cluster.sh");

/// Where Debian keeps the versions that are installed.
const VERSIONS: &str = "/usr/lib/postgresql";

/// A server, and its standby where it is told to have one.
pub(crate) struct Cluster {
    /// Where its socket is.
    directory: String,
    /// Who stops the server when there is nothing more to be told, as at the end of this process.
    keeper: Child,
    says: BufReader<ChildStdout>,
}

/// The one that most tests share.
pub(crate) fn shared() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start)
}

impl Cluster {
    /// One of somebody's own.
    pub(crate) fn start() -> Self {
        let mut keeper = Command::new("sh")
            .args(["-c", SCRIPT, "cluster"])
            .arg(programs())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut says = BufReader::new(keeper.stdout.take().unwrap());
        let directory = line(&mut says);
        let why = "PostgreSQL did not start: standard error says why";
        assert!(!directory.is_empty(), "{why}");
        Self {
            directory,
            keeper,
            says,
        }
    }

    /// Has something done to its standby; see the script.
    pub(crate) fn tell(&mut self, what: &str) {
        let told = self.keeper.stdin.as_mut().unwrap();
        writeln!(told, "{what}").unwrap();
        assert_eq!(line(&mut self.says), what, "standard error says why");
    }

    /// How a database is connected to.
    pub(crate) fn address(&self, database: &str) -> String {
        format!("host={} user=registry dbname={database}", self.directory)
    }

    /// How its copy is connected to.
    pub(crate) fn copy(&self, database: &str) -> String {
        self.address(database) + " port=5433"
    }

    /// The socket of the server.
    pub(crate) fn socket(&self) -> PathBuf {
        Path::new(&self.directory).join(".s.PGSQL.5432")
    }

    /// The socket of its standby.
    pub(crate) fn copy_socket(&self) -> PathBuf {
        Path::new(&self.directory).join(".s.PGSQL.5433")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // This closes its standard input first.
        self.keeper.wait().ok();
    }
}

fn line(says: &mut impl BufRead) -> String {
    let mut line = String::new();
    says.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Where `initdb` and `pg_ctl` are: as `POSTGRES_BIN` says, or of the newest version that is installed.
fn programs() -> PathBuf {
    if let Some(told) = env::var_os("POSTGRES_BIN") {
        return told.into();
    }
    let versions = fs::read_dir(VERSIONS).into_iter().flatten();
    let versions = versions.filter_map(|version| Some(version.ok()?.path()));
    let newest = versions
        .filter(|version| version.join("bin/initdb").exists())
        .max_by_key(|version| number(version));
    let newest = newest.expect("PostgreSQL: install the package postgresql, or set POSTGRES_BIN");
    newest.join("bin")
}

fn number(version: &Path) -> Option<u32> {
    version.file_name()?.to_str()?.parse().ok()
}
