//! A connection, for one command.

use std::sync::Arc;

use deadpool_postgres::Object;
use tokio_postgres::{
    CancelToken, Row, Socket,
    tls::{MakeTlsConnect, TlsConnect},
    types::{ToSql, Type},
};

use super::{Statements, error::Failure, param::Param};

/// A connection that belongs to one command until it ends. One that was dropped before, because its
/// caller went away or its time was over, is not used again: the database is asked to stop what it
/// does there, and undoes it. But for a commit: one that waits for a standby and is asked to stop does not, but
/// shows everybody what the standby does not have.
pub(super) struct Session {
    client: Option<Object>,
    statements: Statements,
    cancel: Cancel,
    committing: bool,
    ended: bool,
}

/// Asks the database to stop what a connection does there.
pub(super) type Cancel = Arc<dyn Fn(CancelToken) + Send + Sync>;

/// The same over connections that are made in this way.
pub(super) fn cancel_by<T>(tls: T) -> Cancel
where
    T: MakeTlsConnect<Socket> + Clone + Sync + Send + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    Arc::new(move |token: CancelToken| {
        let tls = tls.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // Where that fails, the statement ends by itself.
            runtime.spawn(async move { token.cancel_query(tls).await });
        }
    })
}

impl Session {
    pub(super) fn new(client: Object, statements: Statements, cancel: Cancel) -> Self {
        Self {
            client: Some(client),
            statements,
            cancel,
            committing: false,
            ended: false,
        }
    }

    /// What is asked for next is a commit.
    pub(super) fn commits(&mut self) {
        self.committing = true;
    }

    /// Nothing is under way any more: others may have the connection.
    pub(super) fn end(mut self) {
        self.ended = true;
    }

    /// Ends with what the only statement came to.
    pub(super) fn leave<T>(self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        if outcome.as_ref().err().is_none_or(Failure::was_answered) {
            self.end();
        }
        outcome
    }

    /// All rows of an answer.
    pub(super) async fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        let client = self.client()?;
        match self.statements {
            Statements::Named => {
                let kinds: Vec<Type> = params.iter().map(Param::kind).collect();
                let statement = client.prepare_typed_cached(sql, &kinds).await?;
                Ok(client.query(&statement, &values(params)).await?)
            }
            Statements::Unnamed => Ok(client.query_typed(sql, &typed(params)).await?),
        }
    }

    /// The first row of an answer.
    pub(super) async fn one(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<Row>, Failure> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// Whether there is a row.
    pub(super) async fn any(&self, sql: &str, params: &[Param<'_>]) -> Result<bool, Failure> {
        Ok(!self.rows(sql, params).await?.is_empty())
    }

    /// Runs a statement and answers how many rows it changed.
    pub(super) async fn run(&self, sql: &str, params: &[Param<'_>]) -> Result<u64, Failure> {
        let client = self.client()?;
        match self.statements {
            Statements::Named => {
                let kinds: Vec<Type> = params.iter().map(Param::kind).collect();
                let statement = client.prepare_typed_cached(sql, &kinds).await?;
                Ok(client.execute(&statement, &values(params)).await?)
            }
            Statements::Unnamed => Ok(client.execute_typed(sql, &typed(params)).await?),
        }
    }

    /// Runs statements that have no parameters and no answer, in one trip.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Failure> {
        Ok(self.client()?.batch_execute(sql).await?)
    }

    fn client(&self) -> Result<&Object, Failure> {
        // It is there until it is dropped.
        self.client.as_ref().ok_or(Failure::TooSlow)
    }
}

fn values<'a>(params: &'a [Param<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(Param::value).collect()
}

fn typed<'a>(params: &'a [Param<'_>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    params
        .iter()
        .map(|param| (param.value(), param.kind()))
        .collect()
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        if self.ended {
            return;
        }
        let token = client.cancel_token();
        // Closing the connection alone would leave a statement that waits for a lock waiting.
        drop(Object::take(client));
        if !self.committing {
            (self.cancel)(token);
        }
    }
}
