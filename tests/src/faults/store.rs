//! MinIO, with a bucket.

use std::{
    fs, io,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use super::{BUCKET, KEY, SECRET};
use crate::{clients::moment::Moment, ports::unused_address};

/// It has to listen after so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store, which is killed when it is dropped.
#[derive(Debug)]
pub struct Store {
    program: PathBuf,
    directory: PathBuf,
    address: SocketAddr,
    process: Option<Child>,
}

impl Store {
    /// Starts one over a directory, which it makes.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start(program: &Path, directory: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(directory.join(BUCKET))?;
        let mut store = Self {
            program: program.to_owned(),
            directory,
            address: unused_address(),
            process: None,
        };
        store.start_again()?;
        Ok(store)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts it again after it was stopped.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start_again(&mut self) -> io::Result<()> {
        let process = Command::new(&self.program)
            .env("MINIO_ROOT_USER", KEY)
            .env("MINIO_ROOT_PASSWORD", SECRET)
            .env("MINIO_BROWSER", "off")
            .args(["server", "--quiet", "--address"])
            .arg(self.address.to_string())
            .arg(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        self.process = Some(process);
        let begun = Moment::now();
        while TcpStream::connect(self.address).is_err() {
            if begun.age() > PATIENCE {
                return Err(io::Error::other("the store does not listen"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Ends it as a crash would.
    ///
    /// # Errors
    /// Where it does not end.
    pub fn stop(&mut self) -> io::Result<()> {
        if let Some(mut process) = self.process.take() {
            process.kill()?;
            process.wait()?;
        }
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.stop();
    }
}
