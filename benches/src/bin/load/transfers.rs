//! What a server holds in memory while very many large transfers run at once.

use std::time::Duration;

use crate::compare::Contestant;
use crate::failure::{Failure, Kind, Result};
use crate::pace::Pace;
use crate::results::TransferMemory;
use crate::round::{Load, round};
use crate::scenario::Entry;

const PAUSE: Duration = Duration::from_millis(10);

/// The most that was anonymous, where the process of the server is known and it takes them.
pub(crate) async fn memory(
    contestant: &Contestant,
    load: &Load,
    transfers: usize,
) -> Result<Option<TransferMemory>> {
    let pulls = during(contestant, load, transfers, "pull-large").await;
    let pushes = during(contestant, load, transfers, "push-large").await;
    let (pulls, pushes) = match (pulls, pushes) {
        (Err(failure), _) | (_, Err(failure)) if failure.kind() == Kind::NoSuchApi => {
            return Ok(None);
        }
        (pulls, pushes) => (pulls?, pushes?),
    };
    Ok(pulls.zip(pushes).map(|(pulls, pushes)| TransferMemory {
        transfers,
        pulls,
        pushes,
    }))
}

async fn during(
    contestant: &Contestant,
    load: &Load,
    transfers: usize,
    name: &str,
) -> Result<Option<u64>> {
    let entry = Entry::named(name).map_err(Failure::new)?;
    let scenario = entry.prepare(&contestant.fixture).await?;
    let pace = || Pace::begin(load.time, None);
    let server = &contestant.server;
    let mut most = None;
    let watching = async {
        loop {
            let memory = server.memory()?.map(|memory| memory.anonymous);
            most = most.max(memory);
            tokio::time::sleep(PAUSE).await;
        }
    };
    let watched: Result<()> = tokio::select! {
        sample = round(server, &*scenario, transfers, pace) => sample.map(drop),
        failed = watching => failed,
    };
    watched.map(|()| most)
}
