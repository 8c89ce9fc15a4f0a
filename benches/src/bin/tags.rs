//! What a repository of very many tags costs: to make, to open, to list from its beginning, its middle
//! and its end, and to collect.
//!
//! `tags COUNT DIRECTORY`; a directory that holds them already is measured as it is.

use std::{env, path::Path, process::ExitCode, time::Duration};

use bytes::Bytes;
use registry_benches::{Stopwatch, say};
use registry_core::{
    AllowAll, Caller, Digest, ManifestPush, PageRequest, Reference, Registry, RepositoryName,
    Settings, Tag, backend::TagCondition,
};
use registry_server::TokioSpawner;
use registry_storage::{Durability, directory::Directory};

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// Tags that move in one transaction.
const AT_ONCE: usize = 10_000;

/// How often each page is read.
const READS: u32 = 200;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [count, directory] = &arguments[..] else {
        say(format_args!("usage: tags COUNT DIRECTORY"));
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let count = count.parse().expect("a number of tags");
    match runtime.block_on(measure(count, Path::new(directory))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("{error}"));
            ExitCode::FAILURE
        }
    }
}

async fn measure(count: usize, path: &Path) -> Result {
    if !path.exists() {
        let watch = Stopwatch::start();
        fill(&open(path).await?, count).await?;
        tell("made and closed", watch.elapsed());
    }
    let watch = Stopwatch::start();
    let registry = open(path).await?;
    tell("opened", watch.elapsed());
    for (place, after) in [("first", 0), ("middle", count / 2), ("last", count - 200)] {
        let watch = Stopwatch::start();
        for _ in 0..READS {
            page(&registry, &tag(after)?).await?;
        }
        tell(&format!("{place} page of 100"), watch.elapsed() / READS);
    }
    let watch = Stopwatch::start();
    registry.collect().await?;
    tell("a round of collection", watch.elapsed());
    Ok(())
}

fn tell(what: &str, took: Duration) {
    say(format_args!(
        "{what:24} {:>12.3} ms",
        took.as_secs_f64() * 1e3
    ));
}

async fn open(path: &Path) -> Result<Registry> {
    let directory = Directory::open(path, Durability::Strict)?;
    let settings = Settings {
        max_tags_per_push: AT_ONCE,
        ..Settings::default()
    };
    let parts = directory.builder().policy(AllowAll).settings(settings);
    Ok(parts.spawner(TokioSpawner::current()).build().await?)
}

fn repository() -> Result<RepositoryName> {
    Ok("team/app".parse()?)
}

fn tag(number: usize) -> Result<Tag> {
    Ok(format!("v{number:08}").parse()?)
}

async fn fill(registry: &Registry, count: usize) -> Result {
    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
    let reference = Reference::Digest(Digest::sha256(manifest.as_bytes()));
    let push = registry.open(&Caller::anonymous(), &repository()?).push();
    let push = push.await?;
    let tags: Vec<_> = (0..count).map(tag).collect::<Result<_>>()?;
    for tags in tags.chunks(AT_ONCE) {
        let manifest = ManifestPush {
            reference: &reference,
            tags,
            content_type: None,
            bytes: Bytes::from_static(manifest.as_bytes()),
            condition: TagCondition::Any,
        };
        push.put_manifest(manifest).await?;
    }
    Ok(())
}

async fn page(registry: &Registry, after: &Tag) -> Result {
    let page = PageRequest {
        after: Some(after.as_str()),
        limit: 100,
    };
    let pull = registry.open(&Caller::anonymous(), &repository()?).pull();
    let found = pull.await?.tags(page).await?;
    assert_eq!(found.items.len(), 100, "tags of a page");
    Ok(())
}
