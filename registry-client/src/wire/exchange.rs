//! Signing in and trying again.

use std::sync::Arc;

use http::{HeaderValue, StatusCode};
use registry_core::{Clock, Random};

use super::{Answer, Call, Outgoing, Transport};
use crate::auth::SignIn;
use crate::error::is_transient;
use crate::url::Origin;
use crate::{Error, Limits, Result, Retries, Sleep};

/// Everything that a request of a client passes through.
pub(crate) struct Wire {
    pub(crate) origin: Origin,
    pub(crate) transport: Transport,
    pub(crate) sign_in: SignIn,
    pub(crate) retries: Retries,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) sleep: Arc<dyn Sleep>,
}

/// The retries that one operation has made. An operation of several requests shares one.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    made: u32,
}

impl Budget {
    /// Whether an earlier request of the operation may have been carried out, its answer lost.
    pub(crate) fn is_touched(&self) -> bool {
        self.made > 0
    }
}

impl Wire {
    /// Sends a request until an answer comes that will not change, within the retries.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer> {
        self.send_within(call, &mut Budget::default()).await
    }

    /// The same as part of an operation that retries in other ways, too.
    pub(crate) async fn send_within(&self, call: &Call, budget: &mut Budget) -> Result<Answer> {
        loop {
            let error = match self.attempt(call).await {
                Ok(answer) if !is_transient(answer.status()) => return Ok(answer),
                Ok(answer) => self.refusal(answer).await,
                Err(error) => error,
            };
            self.wait(error, budget).await?;
        }
    }

    /// Sends a request whose body is a stream, once. After a 401 the next request has a new token.
    pub(crate) async fn send_stream(&self, call: &Call, body: Outgoing) -> Result<Answer> {
        let credential = self.credential(call).await?;
        let followed = self.follow(call, Some(body), credential.as_ref()).await?;
        if followed.answer.status() == StatusCode::UNAUTHORIZED && !followed.left {
            self.better(&followed.answer, call, credential.as_ref())
                .await?;
        }
        Ok(followed.answer)
    }

    /// Waits before the next try; returns the error where another try would not help or the retries
    /// are used up.
    pub(crate) async fn wait(&self, error: Error, budget: &mut Budget) -> Result<()> {
        if error.is_transient() {
            self.spend(error, budget).await
        } else {
            Err(error)
        }
    }

    /// The same for an error that the caller knows to have passed.
    pub(crate) async fn spend(&self, error: Error, budget: &mut Budget) -> Result<()> {
        let asked = error.retry_after();
        let pause = self.retries.pause(budget.made, asked, &*self.random);
        let Some(pause) = pause.filter(|_| budget.made < self.retries.most) else {
            return Err(error);
        };
        budget.made += 1;
        self.sleep.sleep(pause).await;
        Ok(())
    }

    /// The answer, if it has one of these statuses; otherwise the error that it is.
    pub(crate) async fn expect(&self, answer: Answer, statuses: &[StatusCode]) -> Result<Answer> {
        if statuses.contains(&answer.status()) {
            return Ok(answer);
        }
        Err(self.refusal(answer).await)
    }

    /// The error that an answer is.
    pub(crate) async fn refusal(&self, answer: Answer) -> Error {
        answer.into_error(self.limits.error, self.clock.now()).await
    }

    async fn attempt(&self, call: &Call) -> Result<Answer> {
        let credential = self.credential(call).await?;
        let followed = self.follow(call, None, credential.as_ref()).await?;
        if followed.answer.status() != StatusCode::UNAUTHORIZED || followed.left {
            return Ok(followed.answer);
        }
        let better = self
            .better(&followed.answer, call, credential.as_ref())
            .await?;
        match better {
            Some(better) => Ok(self.follow(call, None, Some(&better)).await?.answer),
            None => Ok(followed.answer),
        }
    }

    async fn credential(&self, call: &Call) -> Result<Option<HeaderValue>> {
        if *call.url.origin() != self.origin {
            return Ok(None);
        }
        self.sign_in.credential(&self.transport, &call.scopes).await
    }

    async fn better(
        &self,
        answer: &Answer,
        call: &Call,
        used: Option<&HeaderValue>,
    ) -> Result<Option<HeaderValue>> {
        let sign_in = &self.sign_in;
        sign_in
            .answer(&self.transport, answer, &call.scopes, used)
            .await
    }
}
