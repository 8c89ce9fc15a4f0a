//! The side of the server.

use std::{io, path::Path, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
};

use super::{Answer, NAME, socket};
use crate::{
    failure::Failure,
    job::{Job, Progress, Report},
    place::Place,
};

/// A job says less than this about itself.
const MAX_JOB: u64 = 1 << 20;

/// After a failure to accept: it is for want of file handles, and those come back with time.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes jobs for a place for as long as the answered future is polled. What runs then ends with it.
pub(crate) fn listen(
    directory: &Path,
    place: Place,
) -> io::Result<impl Future<Output = ()> + use<>> {
    let listener = socket::bind(directory, NAME)?;
    Ok(accept(listener, place))
}

async fn accept(listener: UnixListener, place: Place) {
    let mut jobs = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(jobs.spawn(serve(stream, place.clone()))),
                Err(error) => {
                    tracing::warn!(%error, "a command could not be let in");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(ended) = jobs.join_next() => {
                if let Err(error) = ended.unwrap_or_else(|error| Err(io::Error::other(error))) {
                    tracing::warn!(%error, "a command was not answered");
                }
            }
        }
    }
}

async fn serve(stream: UnixStream, place: Place) -> io::Result<()> {
    let (read, write) = stream.into_split();
    let mut read = BufReader::new(read.take(MAX_JOB));
    let mut line = String::new();
    read.read_line(&mut line).await?;
    let (answers, told) = unbounded_channel();
    let done = async {
        let teller = Teller(answers);
        let answer = run(&line, &place, &teller).await;
        teller.tell(answer);
        drop(teller);
    };
    tokio::select! {
        ((), sent) = async { tokio::join!(done, send(told, write)) } => sent,
        () = gone(read.into_inner().into_inner()) => Ok(()),
    }
}

async fn run(line: &str, place: &Place, teller: &Teller) -> Answer {
    let job: Job = match serde_json::from_str(line) {
        Ok(job) => job,
        Err(error) => {
            let sentence = format!("the server does not know this job: {error}");
            return Answer::Failed(Failure::new(sentence));
        }
    };
    tracing::info!(?job, "a command");
    match job.run(place, teller).await {
        Ok(()) => Answer::Done,
        Err(failure) => Answer::Failed(failure),
    }
}

/// Tells a command what its job tells.
struct Teller(UnboundedSender<Answer>);

impl Teller {
    fn tell(&self, answer: Answer) {
        // A command that is gone is not told.
        let _ = self.0.send(answer);
    }
}

impl Report for Teller {
    fn line(&self, line: &str) {
        self.tell(Answer::Line(line.to_owned()));
    }

    fn progress(&self, progress: &Progress) {
        self.tell(Answer::Progress(progress.clone()));
    }
}

async fn send(mut told: UnboundedReceiver<Answer>, mut write: OwnedWriteHalf) -> io::Result<()> {
    while let Some(answer) = told.recv().await {
        let mut line = serde_json::to_vec(&answer)?;
        line.push(b'\n');
        write.write_all(&line).await?;
    }
    Ok(())
}

/// Resolves when the command has gone away; it has nothing more to say.
async fn gone(mut read: OwnedReadHalf) {
    let mut byte = [0];
    while matches!(read.read(&mut byte).await, Ok(1..)) {}
}
