//! Measuring one server.

use std::sync::Arc;
use std::time::Duration;

use registry_benches::Stopwatch;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::failure::{Failure, Result};
use crate::fixture::{Fixture, Scale};
use crate::operation::Operation;
use crate::sample::Sample;
use crate::server::Server;
use crate::table::{Row, Table};
use crate::worker::Worker;

/// This part of a measurement goes before it, uncounted.
const WARM_UP: f64 = 0.2;

/// What load, on what.
pub(crate) struct Load {
    pub(crate) operations: Vec<Operation>,
    pub(crate) connections: usize,
    pub(crate) seconds: f64,
    pub(crate) scale: Scale,
}

/// Measures every operation once and prints the table.
pub(crate) fn run(server: &Server, load: &Load) -> Result<()> {
    let runtime = runtime()?;
    let idle = server.process.memory()?;
    let table = Table::begin(&server.name, load);
    let fixture = Fixture::push(&server.target, &load.scale, &load.operations);
    let fixture = Arc::new(runtime.block_on(fixture)?);
    for &operation in &load.operations {
        let sample = load.sample(&runtime, server, &fixture, operation)?;
        table.row(&Row::new(operation, sample));
    }
    table.end(idle, server.process.memory()?);
    Ok(())
}

/// One thread: the server shall have the others.
pub(crate) fn runtime() -> Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

impl Load {
    /// Measures one operation, after a while of the same that does not count.
    pub(crate) fn sample(
        &self,
        runtime: &Runtime,
        server: &Server,
        fixture: &Arc<Fixture>,
        operation: Operation,
    ) -> Result<Sample> {
        let connections = operation.connections(self.connections);
        let seconds = Duration::from_secs_f64(self.seconds);
        let round = |time| workers(fixture, operation, connections, time);
        let during = |failure: Failure| failure.during(operation.title());
        runtime
            .block_on(round(seconds.mul_f64(WARM_UP)))
            .map_err(during)?;
        let before = server.process.cpu_time()?;
        let mut sample = runtime.block_on(round(seconds)).map_err(during)?;
        sample.cpu = server.process.cpu_time()?.saturating_sub(before);
        Ok(sample)
    }
}

/// Lets every connection work for a while.
async fn workers(
    fixture: &Arc<Fixture>,
    operation: Operation,
    connections: usize,
    time: Duration,
) -> Result<Sample> {
    let mut workers = Vec::new();
    for number in 0..connections {
        workers.push(Worker::new(fixture, operation, number).await?);
    }
    let watch = Stopwatch::start();
    let tasks: JoinSet<_> = workers
        .into_iter()
        .map(|worker| work(worker, watch, time))
        .collect();
    let samples: Result<Vec<_>> = tasks.join_all().await.into_iter().collect();
    let sample = samples?.into_iter().fold(Sample::default(), Sample::and);
    Ok(Sample {
        time: watch.elapsed(),
        ..sample
    })
}

async fn work(mut worker: Worker, watch: Stopwatch, time: Duration) -> Result<Sample> {
    let mut sample = Sample::default();
    let mut before = watch.elapsed();
    while before < time {
        sample.bytes += worker.step().await?;
        let after = watch.elapsed();
        sample.operations += 1;
        sample.latencies.push(after - before);
        before = after;
    }
    Ok(sample)
}
