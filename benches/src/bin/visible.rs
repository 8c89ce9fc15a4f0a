//! What a page of the catalog costs a caller who sees a few repositories of very many.
//!
//! `visible DIRECTORY NAME...` reads from a data directory that no server has, as a caller who may see the
//! repositories of these names, and then as one who sees all.

use std::{env, path::Path, process::ExitCode};

use async_trait::async_trait;
use registry_benches::{Stopwatch, say};
use registry_core::{
    Action, Caller, Decision, PageRequest, Policy, Registry, Resource, Visible, VisibleSet,
};
use registry_server::TokioSpawner;
use registry_storage::{Durability, directory::Directory};

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// How often a page is read.
const READS: u32 = 2000;

/// Shows everybody the same; to read is not asked of it.
struct Shows(Visible);

#[async_trait]
impl Policy for Shows {
    async fn decide(&self, _: &Caller, _: Resource<'_>, _: Action) -> Decision {
        Decision::Deny
    }

    async fn visible(&self, _: &Caller, _: Action) -> Visible {
        self.0.clone()
    }
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [directory, names @ ..] = &arguments[..] else {
        say(format_args!("usage: visible DIRECTORY NAME..."));
        return ExitCode::from(2);
    };
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().expect("a runtime");
    match runtime.block_on(measure(Path::new(directory), names)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("{error}"));
            ExitCode::FAILURE
        }
    }
}

async fn measure(directory: &Path, names: &[String]) -> Result {
    let set = VisibleSet {
        prefixes: names.iter().cloned().collect(),
        ..VisibleSet::default()
    };
    for (who, visible) in [
        ("sees a few", Visible::Some(set)),
        ("sees all", Visible::All),
    ] {
        let registry = open(directory, Shows(visible)).await?;
        let mut found = 0;
        let watch = Stopwatch::start();
        for _ in 0..READS {
            found = page(&registry).await?;
        }
        let took = watch.elapsed() / READS;
        say(format_args!(
            "{who:<12} {found:>4} repositories in {took:?}"
        ));
    }
    Ok(())
}

async fn open(directory: &Path, policy: Shows) -> Result<Registry> {
    let directory = Directory::open(directory, Durability::Strict)?;
    let parts = directory.builder().policy(policy);
    Ok(parts.spawner(TokioSpawner::current()).build().await?)
}

async fn page(registry: &Registry) -> Result<usize> {
    let page = PageRequest {
        after: None,
        limit: 100,
    };
    let found = registry.catalog(&Caller::anonymous(), page).await?;
    Ok(found.items.len())
}
