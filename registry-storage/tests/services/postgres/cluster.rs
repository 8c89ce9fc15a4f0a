//! The server, started once for all tests of the process.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

const SCRIPT: &str = include_str!("cluster.sh");

/// Where Debian keeps the versions that are installed.
const VERSIONS: &str = "/usr/lib/postgresql";

struct Cluster {
    /// Where its socket is.
    directory: String,
    /// Who stops the server when its input ends, as it does with this process.
    _keeper: Child,
}

/// How a database of the server is connected to.
pub(crate) fn database(name: &str) -> String {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(start).as_ref();
    let cluster = cluster.expect("PostgreSQL did not start: standard error says why");
    format!("host={} user=registry dbname={name}", cluster.directory)
}

/// Where the server's socket is.
pub(crate) fn directory() -> PathBuf {
    let address = database("");
    let directory = address
        .strip_prefix("host=")
        .and_then(|rest| rest.split(' ').next());
    directory.expect("a directory").into()
}

fn start() -> Option<Cluster> {
    let mut keeper = Command::new("sh")
        .args(["-c", SCRIPT, "cluster"])
        .arg(programs())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut directory = String::new();
    let said = keeper.stdout.as_mut().unwrap();
    BufReader::new(said).read_line(&mut directory).unwrap();
    (!directory.is_empty()).then(|| Cluster {
        directory: directory.trim_end().to_owned(),
        _keeper: keeper,
    })
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
