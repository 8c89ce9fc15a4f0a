//! A server under test, stopped by its process id.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    /// What the ready line says.
    pub(crate) address: String,
}

/// How the program ended, and what it said.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_registry"));
    // What is set for the tests is not meant for the server.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("REGISTRY_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    end(&mut program(arguments))
}

/// Runs a command to its end.
pub(crate) fn end(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended {
        status: output.status,
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

impl Server {
    /// Starts one in memory with further arguments, and waits until it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::spawn(&[&["serve", "--memory"], arguments].concat())
    }

    /// Starts one over a data directory.
    pub(crate) fn over(data: &Path) -> Self {
        let data = data.to_str().unwrap();
        Self::spawn(&["serve", "--listen", "127.0.0.1:0", "--data", data])
    }

    fn spawn(arguments: &[&str]) -> Self {
        Self::of(&mut program(arguments))
    }

    /// Starts what a command says.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("registry: ready at ");
        let address = address
            .unwrap_or_else(|| panic!("no ready line: {line:?}"))
            .to_owned();
        Self {
            child,
            out,
            address,
        }
    }

    pub(crate) fn host(&self) -> &str {
        self.address.strip_prefix("http://").unwrap()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.host()).unwrap()
    }

    /// Memory of the server that is no file's, in bytes.
    pub(crate) fn anonymous_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Reads the log until a line has all these words in it.
    pub(crate) fn log_says(&mut self, words: &[&str]) -> String {
        let log = self.child.stderr.as_mut().unwrap();
        let mut line = Vec::new();
        loop {
            let mut byte = [0];
            log.read_exact(&mut byte).expect("the log ends");
            line.push(byte[0]);
            if byte[0] == b'\n' {
                let text = String::from_utf8(std::mem::take(&mut line)).unwrap();
                if words.iter().all(|word| text.contains(word)) {
                    return text;
                }
            }
        }
    }

    /// Reads the log until each of these words was in some line of it, in whatever order.
    pub(crate) fn log_says_all(&mut self, words: &[&str]) {
        let mut left = words.to_vec();
        while !left.is_empty() {
            let line = self.log_says(&[]);
            left.retain(|word| !line.contains(word));
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", signal, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for the end.
    pub(crate) fn ended(mut self) -> Ended {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        let status = self.child.wait().unwrap();
        Ended { status, out, err }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed leaves it running; one that passed has waited for its end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request and reads the answer to the end of the connection.
pub(crate) fn ask(stream: &mut (impl Read + Write), request: &str) -> String {
    write!(
        stream,
        "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
