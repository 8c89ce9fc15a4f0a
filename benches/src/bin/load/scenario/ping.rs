//! `GET /v2/`, without a credential: 200, or 401 where one is needed.

use async_trait::async_trait;

use super::{ALL_CONNECTIONS, Entry, Scenario, Unit};
use crate::connection::{Answer, Connection};
use crate::expect::ensure;
use crate::failure::Result;
use crate::target::Credential;
use crate::worker::Worker;

pub(super) const PING: Entry = Entry {
    name: "ping",
    title: "GET /v2/",
    unit: Unit::Operation,
    connections: ALL_CONNECTIONS,
    prepare: |fixture| {
        let target = fixture.target.clone().with(&Credential::Nobody);
        let request = target.request("GET", "/v2/");
        Box::pin(async { Ok(Box::new(Ping { request }) as Box<dyn Scenario>) })
    },
};

struct Ping {
    request: Vec<u8>,
}

impl Ping {
    async fn ask(&self, connection: &mut Connection) -> Result<Answer> {
        let answer = connection.answer(&self.request).await?;
        let complaint = "GET /v2/ answered neither 200 nor 401";
        ensure(matches!(answer.status, 200 | 401), complaint)?;
        Ok(answer)
    }
}

#[async_trait(?Send)]
impl Scenario for Ping {
    async fn step(&self, worker: &mut Worker) -> Result<Option<u64>> {
        let answer = self.ask(&mut worker.connection).await?;
        Ok(Some(answer.bytes))
    }

    async fn probe(&self, connection: &mut Connection) -> Result<()> {
        self.ask(connection).await.map(drop)
    }
}
