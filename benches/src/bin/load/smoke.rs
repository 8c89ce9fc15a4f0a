//! Every scenario a few times, with its answers looked at: that the tool and the registry fit.

use std::time::Duration;

use registry_benches::say;

use crate::compare::Contestant;
use crate::failure::{Failure, Kind, Result};
use crate::fixture::Scale;
use crate::round::Load;
use crate::scenario::{ALL, Entry};
use crate::server::Server;

const TIME: Duration = Duration::from_millis(100);

/// Carries out all scenarios on little content and fails with the first that is not as it should be.
pub(crate) async fn run(server: Server) -> Result<()> {
    let load = load();
    let contestant = Contestant::new(server, &load)?;
    for entry in &load.scenarios {
        match check(&contestant, &load, entry).await {
            Ok(operations) => say(format_args!("{}: {operations} times", entry.title)),
            Err(failure) if failure.kind() == Kind::NotHere => {
                say(format_args!("{}: left out, {failure}", entry.title));
            }
            Err(failure) => return Err(failure.during(entry.title)),
        }
    }
    Ok(())
}

async fn check(contestant: &Contestant, load: &Load, entry: &Entry) -> Result<u64> {
    let Contestant {
        server, fixture, ..
    } = contestant;
    let scenario = entry.prepare(fixture).await?;
    let sample = load.sample(server, &*scenario, entry).await?;
    if sample.operations == 0 {
        return Err(Failure::new("it was not carried out once"));
    }
    scenario.probe(&mut fixture.connect().await?).await?;
    Ok(sample.operations)
}

fn load() -> Load {
    Load {
        scenarios: ALL.iter().collect(),
        connections: 4,
        time: TIME,
        warm_up: TIME / 5,
        rate: None,
        scale: Scale {
            large: 4 << 20,
            tags: 120,
            repositories: 120,
            referrers: 120,
            deletes: 50,
            lanes: 4,
        },
    }
}
