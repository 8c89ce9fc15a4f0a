//! The services that servers share: a database, and a store that speaks S3. Each test has its own.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use registry_tests::{faults::database, ports::unused_address};

use super::until::until;

const SCRIPT: &str = include_str!("postgres.sh");

/// A PostgreSQL server.
pub(crate) struct Postgres {
    /// Where its socket is.
    directory: PathBuf,
    port: u16,
    /// Who stops the server when there is nothing more to be told, as at the end of this process.
    keeper: Child,
    says: BufReader<ChildStdout>,
}

impl Postgres {
    pub(crate) fn start() -> Self {
        Self::with(5432, &[])
    }

    /// One that listens at a port as well, by TLS with the certificate and the key in a directory.
    pub(crate) fn start_tls(port: u16, tls: &Path) -> Self {
        Self::with(port, &[&port.to_string(), tls.to_str().unwrap()])
    }

    fn with(port: u16, more: &[&str]) -> Self {
        let mut keeper = Command::new("sh")
            .args(["-c", SCRIPT, "postgres"])
            .arg(programs())
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut says = BufReader::new(keeper.stdout.take().expect("standard output"));
        let directory = line(&mut says);
        assert!(!directory.is_empty(), "PostgreSQL did not start: see above");
        Self {
            directory: directory.into(),
            port,
            keeper,
            says,
        }
    }

    /// Makes a database, and answers how it is connected to.
    pub(crate) fn create(&self, name: &str) -> String {
        let made = Command::new(programs().join("createdb"))
            .args(["-U", "registry", "-h"])
            .arg(&self.directory)
            .args(["-p", &self.port.to_string(), name])
            .status();
        assert!(made.expect("createdb").success());
        let (directory, port) = (self.directory.to_str().unwrap(), self.port);
        format!("host={directory} port={port} user=registry dbname={name}")
    }

    /// What a database answers, line by line.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let asked = self.psql(database).args(["-c", sql]).output();
        let asked = asked.expect("psql");
        assert!(
            asked.status.success(),
            "{}",
            String::from_utf8_lossy(&asked.stderr)
        );
        String::from_utf8(asked.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// A client of a database.
    pub(crate) fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(programs().join("psql"));
        psql.args(["-U", "registry", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h"])
            .arg(&self.directory)
            .args(["-p", &self.port.to_string(), database]);
        psql
    }

    /// Where its socket is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The user and the group that it runs as, where that is not whoever tests.
    pub(crate) fn owner(&self) -> Option<(u32, u32)> {
        let owner = fs::metadata(&self.directory).unwrap();
        let ours = fs::metadata("/proc/self").unwrap().uid();
        (owner.uid() != ours).then(|| (owner.uid(), owner.gid()))
    }

    /// Ends it as a crash would.
    pub(crate) fn stop(&mut self) {
        self.tell("stop");
    }

    pub(crate) fn start_again(&mut self) {
        self.tell("start");
    }

    fn tell(&mut self, what: &str) {
        let told = self.keeper.stdin.as_mut().expect("standard input");
        writeln!(told, "{what}").expect("the script runs");
        assert_eq!(line(&mut self.says), what);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // This closes its standard input first.
        self.keeper.wait().ok();
    }
}

fn line(says: &mut impl BufRead) -> String {
    let mut line = String::new();
    says.read_line(&mut line).expect("a line");
    line.trim_end().to_owned()
}

fn programs() -> PathBuf {
    database::programs().unwrap_or_else(|error| panic!("{error}"))
}

/// A bucket, and the store that has it.
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) endpoint: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    program: Program,
    directory: PathBuf,
    address: String,
    store: Option<Child>,
}

/// A store that speaks S3.
#[derive(Clone, Debug)]
pub(crate) enum Program {
    Versitygw,
    /// The same by TLS, with the certificate and the key in a directory.
    Encrypted(PathBuf),
    /// One that encrypts what it keeps, with the one key of its key management: `its-key`.
    Minio,
}

impl Program {
    /// How it is started to keep buckets in a directory.
    fn command(&self, address: &str, keys: [&str; 2], directory: &Path) -> Command {
        let variable = match self {
            Self::Versitygw | Self::Encrypted(_) => "VERSITYGW",
            Self::Minio => "MINIO",
        };
        let program = env::var(variable)
            .unwrap_or_else(|_| panic!("{variable} names the program of that store"));
        let mut command = Command::new(program);
        if let Self::Encrypted(tls) = self {
            command.arg("--cert").arg(tls.join("certificate"));
            command.arg("--key").arg(tls.join("key"));
        }
        match self {
            Self::Versitygw | Self::Encrypted(_) => command
                .envs([("ROOT_ACCESS_KEY", keys[0]), ("ROOT_SECRET_KEY", keys[1])])
                .args(["--port", address, "--quiet", "posix"]),
            Self::Minio => command
                .envs([
                    ("MINIO_ROOT_USER", keys[0]),
                    ("MINIO_ROOT_PASSWORD", keys[1]),
                ])
                .env("MINIO_DOMAIN", "localhost")
                .env("MINIO_KMS_SECRET_KEY", KEY_MANAGEMENT)
                .env("MINIO_BROWSER", "off")
                .args(["server", "--quiet", "--address", address]),
        };
        command.arg(directory);
        command
    }
}

/// A name and 32 bytes in base64.
const KEY_MANAGEMENT: &str = "its-key:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

impl Bucket {
    pub(crate) fn start() -> Self {
        Self::of(Program::Versitygw)
    }

    pub(crate) fn of(program: Program) -> Self {
        let directory = tempfile::tempdir().expect("a directory").keep();
        let name = "registry".to_owned();
        fs::create_dir(directory.join(&name)).unwrap();
        let address = unused_address();
        let endpoint = match program {
            Program::Encrypted(_) => format!("https://localhost:{}", address.port()),
            Program::Versitygw | Program::Minio => format!("http://{address}"),
        };
        let mut bucket = Self {
            name,
            endpoint,
            access_key: "key".to_owned(),
            secret_key: "secret of the key".to_owned(),
            program,
            directory,
            address: address.to_string(),
            store: None,
        };
        bucket.start_again();
        bucket
    }

    pub(crate) fn start_again(&mut self) {
        let keys = [&*self.access_key, &*self.secret_key];
        let store = self
            .program
            .command(&self.address, keys, &self.directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.store = Some(store.expect("the store starts"));
        until("the store listens", || {
            TcpStream::connect(&self.address).is_ok()
        });
    }

    /// Changes a byte of each object, as a bad disk would.
    pub(crate) fn change_every_object(&self) {
        let blobs = self.directory.join(&self.name).join("blobs");
        for shard in fs::read_dir(blobs).unwrap() {
            for object in fs::read_dir(shard.unwrap().path()).unwrap() {
                let file = fs::OpenOptions::new()
                    .write(true)
                    .open(object.unwrap().path());
                file.unwrap().write_all_at(b"?", 1000).unwrap();
            }
        }
    }

    /// How many objects it has, uploads under way not among them.
    pub(crate) fn objects(&self) -> usize {
        files(&self.directory.join(&self.name))
    }

    /// The multipart uploads that it has begun, and that have neither been completed nor aborted.
    pub(crate) fn unfinished(&self) -> usize {
        let begun = self.directory.join(&self.name).join(".sgwtmp/multipart");
        let objects = fs::read_dir(begun).into_iter().flatten();
        let uploads = objects.flat_map(|object| fs::read_dir(object.unwrap().path()).unwrap());
        uploads.count()
    }

    /// Ends it as a crash would.
    pub(crate) fn stop(&mut self) {
        if let Some(mut store) = self.store.take() {
            drop(store.kill());
            drop(store.wait());
        }
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.stop();
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// How many files there are below a directory, but for those in directories that the store keeps for itself.
fn files(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let count = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') => {
            files(&entry.path())
        }
        Ok(kind) => usize::from(kind.is_file()),
        // It went away meanwhile.
        Err(_) => 0,
    };
    entries.map(count).sum()
}
