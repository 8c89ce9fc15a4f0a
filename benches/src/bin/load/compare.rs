//! The registry beside the limit, in turn: what else the machine does meets both alike.

use std::sync::Arc;

use crate::failure::Result;
use crate::fixture::Fixture;
use crate::measure::{Load, runtime};
use crate::operation::{Operation, Unit};
use crate::sample::{Sample, median};
use crate::server::Server;
use crate::table::{Row, Table};

/// Measures A B A B for each operation and prints the table. The ratio is the median of the rounds'.
pub(crate) fn run(server: &Server, load: &Load, rounds: usize) -> Result<()> {
    let runtime = runtime()?;
    let limit = Server::start_hyper()?;
    let idle = server.process.memory()?;
    let table = Table::begin(&server.name, load);
    let fixture = |server: &Server, operations| {
        let fixture = Fixture::push(&server.target, &load.scale, operations);
        runtime.block_on(fixture).map(Arc::new)
    };
    let own = fixture(server, &load.operations)?;
    let bare = Arc::new(Fixture::without_content(&limit.target, &load.scale));
    let mut hyper = Sample::default();
    for &operation in &load.operations {
        let mut total = Sample::default();
        let mut ratios = Vec::new();
        for _ in 0..rounds.max(1) {
            let a = load.sample(&runtime, &limit, &bare, Operation::Ping)?;
            let b = load.sample(&runtime, server, &own, operation)?;
            ratios.push(b.cost(Unit::Operation) / a.cost(Unit::Operation));
            hyper = hyper.and(a);
            total = total.and(b);
        }
        let row = Row::new(operation, total);
        table.row(&match operation.unit() {
            Unit::Operation => row.with_ratio(median(ratios)),
            Unit::Gigabyte => row,
        });
    }
    table.limit(hyper);
    table.end(idle, server.process.memory()?);
    Ok(())
}
