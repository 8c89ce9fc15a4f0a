//! The side of the process that takes over.

use std::{io, sync::Arc};

use registry_server::Listener;
use tokio::net::UnixStream;

use super::{HANGUP, NAME, READY, RELEASED, TAKE, hear, say};
use crate::{config::Config, control::socket, failure::Failure, hangups::Hangups};

/// The server that has the data directory.
pub(crate) struct Predecessor(UnixStream);

impl Predecessor {
    /// The server to take over from, where one runs.
    pub(crate) async fn find(config: &Config) -> Result<Option<Self>, Failure> {
        let storage = &config.storage;
        if config.database.url.is_some() {
            let sentence = "--take-over needs a data directory: of servers that share a database, start \
                another one and then stop the first";
            return Err(Failure::new(sentence));
        }
        if storage.memory {
            let sentence =
                "--take-over needs a data directory: what is in memory ends with its process";
            return Err(Failure::new(sentence));
        }
        let found = socket::connect(&storage.path, NAME).await;
        found.map(|found| found.map(Self)).map_err(lost)
    }

    /// Its sockets.
    pub(crate) async fn listeners(&self) -> Result<Vec<Listener>, Failure> {
        Listener::receive_all(&self.0).await.map_err(lost)
    }

    /// Has it stop, and waits until it has let go of the directory.
    pub(crate) async fn release(&mut self) -> Result<(), Failure> {
        say(&mut self.0, TAKE).await.map_err(lost)?;
        tracing::info!("taking over");
        match hear(&mut self.0, RELEASED).await {
            // It ended, and the directory is free as well.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
            heard => heard.map_err(lost),
        }
    }

    /// Sends it home. What it was told to reload meanwhile is told here.
    pub(crate) async fn dismiss(mut self, hangups: Arc<Hangups>) {
        if let Err(error) = say(&mut self.0, READY).await {
            tracing::warn!(%error, "the server that was taken over from has ended already");
        }
        tokio::spawn(async move {
            if hear(&mut self.0, HANGUP).await.is_ok() {
                hangups.tell();
            }
        });
    }
}

fn lost(error: io::Error) -> Failure {
    Failure::new(format!("the running server does not hand over: {error}"))
}
