//! The side of the command.

use std::{io, path::Path};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
};

use super::{Answer, NAME, socket};
use crate::{
    failure::Failure,
    job::{Job, Report},
};

/// A server that has a data directory.
pub(crate) struct Server(UnixStream);

/// The server that has this directory, where one has it.
pub(crate) async fn connect(directory: &Path) -> Result<Option<Server>, Failure> {
    let connected = socket::connect(directory, NAME).await;
    let connected = connected.map_err(|error| {
        let directory = directory.display();
        Failure::new(format!(
            "the server of {directory} cannot be reached: {error}"
        ))
    })?;
    Ok(connected.map(Server))
}

impl Server {
    /// Has it do a job.
    pub(crate) async fn run(self, job: &Job, report: &dyn Report) -> Result<(), Failure> {
        self.exchange(job, report).await.unwrap_or_else(|error| {
            Err(Failure::new(format!(
                "the server went away before it was done: {error}"
            )))
        })
    }

    async fn exchange(self, job: &Job, report: &dyn Report) -> io::Result<Result<(), Failure>> {
        let mut stream = BufReader::new(self.0);
        let mut line = serde_json::to_vec(job)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match serde_json::from_str(&line)? {
                Answer::Line(line) => report.line(&line),
                Answer::Progress(progress) => report.progress(&progress),
                Answer::Done => return Ok(Ok(())),
                Answer::Failed(failure) => return Ok(Err(failure)),
            }
        }
    }
}
