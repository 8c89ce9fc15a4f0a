//! One scenario on one server, for a while.

use std::cell::RefCell;
use std::time::Duration;

use futures_util::future::try_join_all;

use crate::failure::Result;
use crate::fixture::Scale;
use crate::pace::Pace;
use crate::sample::Sample;
use crate::scenario::{Entry, Scenario};
use crate::server::Server;
use crate::worker::Worker;

/// What load, for how long.
pub(crate) struct Load {
    pub(crate) scenarios: Vec<&'static Entry>,
    pub(crate) connections: usize,
    pub(crate) time: Duration,
    /// Goes before each measurement, uncounted.
    pub(crate) warm_up: Duration,
    /// Operations in each second; nothing for a closed loop.
    pub(crate) rate: Option<f64>,
    pub(crate) scale: Scale,
}

impl Load {
    /// Measures a scenario, after a while of the same that does not count.
    pub(crate) async fn sample(
        &self,
        server: &Server,
        scenario: &dyn Scenario,
        entry: &Entry,
    ) -> Result<Sample> {
        let connections = self.connections.min(entry.connections);
        scenario.restock().await?;
        let warm_up = || Pace::begin(self.warm_up, None);
        round(server, scenario, connections, warm_up).await?;
        scenario.restock().await?;
        let before = server.cpu_time()?;
        let pace = || Pace::begin(self.time, self.rate);
        let mut sample = round(server, scenario, connections, pace).await?;
        let after = server.cpu_time()?;
        sample.cpu = after.zip(before).map(|(after, before)| after - before);
        Ok(sample)
    }
}

/// Lets every connection work; the pace begins when all are open.
pub(crate) async fn round(
    server: &Server,
    scenario: &dyn Scenario,
    connections: usize,
    begin: impl FnOnce() -> Pace,
) -> Result<Sample> {
    let workers = (0..connections).map(|number| Worker::new(&server.target, number));
    let mut workers = try_join_all(workers).await?;
    let sample = RefCell::new(Sample::default());
    let pace = begin();
    let working = workers.iter_mut();
    try_join_all(working.map(|worker| work(worker, scenario, &pace, &sample))).await?;
    let aside: Duration = workers.iter().map(|worker| worker.aside).sum();
    let mut sample = sample.into_inner();
    sample.time = pace.elapsed().saturating_sub(aside / connections as u32);
    sample.reopened = workers
        .iter()
        .map(|worker| worker.connection.reopened())
        .sum();
    sample.not_begun = pace.not_begun();
    Ok(sample)
}

async fn work(
    worker: &mut Worker,
    scenario: &dyn Scenario,
    pace: &Pace,
    sample: &RefCell<Sample>,
) -> Result<()> {
    while let Some(due) = pace.next().await {
        let aside = worker.aside;
        let Some(bytes) = scenario.step(worker).await? else {
            break;
        };
        worker.made += 1;
        let aside = worker.aside - aside;
        let latency = pace.elapsed().saturating_sub(due + aside);
        sample.borrow_mut().add(bytes, latency);
    }
    Ok(())
}
