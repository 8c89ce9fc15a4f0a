//! Every operation a few times, with its answers looked at: that the tool and the registry fit.

use std::sync::Arc;

use registry_benches::say;

use crate::failure::Result;
use crate::fixture::{Fixture, Scale};
use crate::measure::{Load, runtime};
use crate::operation::Operation;
use crate::probe::probe;
use crate::sample::Sample;
use crate::server::Server;

const SECONDS: f64 = 0.1;

/// Carries out all operations on little content and fails with the first that is not as it should be.
pub(crate) fn run(server: &Server) -> Result<()> {
    let runtime = runtime()?;
    let load = load();
    let fixture = Fixture::push(&server.target, &load.scale, &load.operations);
    let fixture = Arc::new(runtime.block_on(fixture)?);
    for &operation in &load.operations {
        let Sample { operations, .. } = load.sample(&runtime, server, &fixture, operation)?;
        let checked = runtime.block_on(probe(&fixture, operation));
        checked.map_err(|failure| failure.during(operation.title()))?;
        say(format_args!("{}: {operations} times", operation.title()));
    }
    Ok(())
}

fn load() -> Load {
    Load {
        operations: Operation::ALL.to_vec(),
        connections: 4,
        seconds: SECONDS,
        scale: Scale {
            large: 4 << 20,
            tags: 120,
            repositories: 120,
            referrers: 20,
        },
    }
}
