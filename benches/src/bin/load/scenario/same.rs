//! The same request again and again, or a few in turn: written once, and then only sent.

use async_trait::async_trait;

use super::Scenario;
use crate::connection::Connection;
use crate::failure::Result;
use crate::worker::Worker;

/// Requests in turn, the status of their answers, and what the body of the first must be.
pub(super) struct Same {
    pub(super) requests: Vec<Vec<u8>>,
    pub(super) status: u16,
    pub(super) check: Check,
}

pub(super) type Check = Box<dyn Fn(&[u8]) -> Result<()>>;

impl Same {
    /// One request that is answered with 200.
    pub(super) fn boxed(
        request: Vec<u8>,
        check: impl Fn(&[u8]) -> Result<()> + 'static,
    ) -> Box<dyn Scenario> {
        Box::new(Self {
            requests: vec![request],
            status: 200,
            check: Box::new(check),
        })
    }
}

#[async_trait(?Send)]
impl Scenario for Same {
    async fn step(&self, worker: &mut Worker) -> Result<Option<u64>> {
        // Workers begin at different places, and no two neighbours are asked for one after the other.
        let at = worker.number * 17 + worker.made * 7;
        let request = &self.requests[at % self.requests.len()];
        let answer = worker.connection.exchange(request, self.status).await?;
        Ok(Some(answer.bytes))
    }

    async fn probe(&self, connection: &mut Connection) -> Result<()> {
        let body = connection.read_whole(&self.requests[0], self.status);
        (self.check)(&body.await?)
    }
}
