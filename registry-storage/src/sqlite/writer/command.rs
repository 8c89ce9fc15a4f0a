//! A command on its way to the thread that writes, and its answer on the way back.

use registry_core::backend::MetadataError;
use tokio::sync::oneshot;

use crate::sqlite::{error::Failure, transaction::Transaction};

/// A command, whatever it answers.
pub(super) trait Command: Send {
    /// Runs it. After an error, what it did has to be undone.
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<(), MetadataError>;

    /// Has it fail, whatever it did.
    fn fail(&mut self, error: MetadataError);

    /// Gives the answer to whoever asked.
    fn answer(self: Box<Self>);
}

pub(super) struct Call<T, F> {
    command: Option<F>,
    outcome: Option<Result<T, MetadataError>>,
    answer: oneshot::Sender<Result<T, MetadataError>>,
}

impl<T, F> Call<T, F> {
    pub(super) fn new(command: F, answer: oneshot::Sender<Result<T, MetadataError>>) -> Self {
        Self {
            command: Some(command),
            outcome: None,
            answer,
        }
    }
}

impl<T, F> Command for Call<T, F>
where
    T: Send,
    F: FnOnce(&mut Transaction<'_>) -> Result<T, Failure> + Send,
{
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<(), MetadataError> {
        let Some(command) = self.command.take() else {
            return Ok(());
        };
        let outcome = command(transaction).map_err(MetadataError::from);
        let ran = outcome.as_ref().map(drop).map_err(MetadataError::clone);
        self.outcome = Some(outcome);
        ran
    }

    fn fail(&mut self, error: MetadataError) {
        self.outcome = Some(Err(error));
    }

    fn answer(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            // Nobody waits for it any more where the call was dropped.
            let _ = self.answer.send(outcome);
        }
    }
}
