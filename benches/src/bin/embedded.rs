//! What the registry for tests costs: how long until it is there, and how long a small image takes.
//!
//! The aims are under 1 ms for the start and under 2 ms for the push and the pull together. This is a
//! benchmark and no timed test: on a machine that does other things a time is no pass or fail.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use registry_benches::{Stopwatch, say};
use registry_client::{Client, Repository};
use registry_core::{Descriptor, Digest, MediaType, Reference, RepositoryName};
use registry_server::testing::TestRegistry;

const ROUNDS: usize = 500;
const LAYERS: u8 = 2;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// An image as its client holds it.
struct Image {
    blobs: Vec<Bytes>,
    manifest: Bytes,
}

/// How long each round took.
#[derive(Default)]
struct Times {
    start: Vec<Duration>,
    push: Vec<Duration>,
    pull: Vec<Duration>,
    stop: Vec<Duration>,
}

fn main() -> Result<()> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build()?;
    let times = runtime.block_on(measure())?;
    say(format_args!(
        "{ROUNDS} rounds, each with a registry and a client of its own"
    ));
    say(format_args!(
        "{:<32} {:>10} {:>10} {:>10}",
        "", "least", "median", "p99"
    ));
    report("TestRegistry::start", times.start);
    report("push of a small image", times.push);
    report("pull of the same image", times.pull);
    report("drop", times.stop);
    Ok(())
}

async fn measure() -> Result<Times> {
    let image = Image::new();
    let mut times = Times::default();
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        let registry = TestRegistry::start().await;
        times.start.push(watch.elapsed());

        let client = Client::builder(registry.url()).build()?;
        let repository = client.repository(&RepositoryName::parse("library/app")?);
        let tag = Reference::parse("v1")?;
        let watch = Stopwatch::start();
        image.push(&repository, &tag).await?;
        times.push.push(watch.elapsed());

        let watch = Stopwatch::start();
        image.pull(&repository, &tag).await?;
        times.pull.push(watch.elapsed());

        let watch = Stopwatch::start();
        drop(registry);
        times.stop.push(watch.elapsed());
    }
    Ok(times)
}

impl Image {
    fn new() -> Self {
        let config = Bytes::from_static(b"{}");
        let config = Descriptor::of(MediaType::OCI_CONFIG, &config);
        let layers: Vec<_> = (0..LAYERS)
            .map(|layer| Bytes::from(vec![layer; 2048]))
            .collect();
        let descriptors: Vec<_> = layers
            .iter()
            .map(|layer| Descriptor::of(MediaType::OCI_LAYER, layer))
            .collect();
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_MANIFEST,
            "config": config,
            "layers": descriptors,
        });
        Self {
            blobs: layers
                .into_iter()
                .chain([Bytes::from_static(b"{}")])
                .collect(),
            manifest: manifest.to_string().into(),
        }
    }

    async fn push(&self, repository: &Repository, tag: &Reference) -> Result<()> {
        for blob in &self.blobs {
            repository.put_blob(&Digest::sha256(blob), blob).await?;
        }
        let manifest = self.manifest.clone();
        repository
            .put_manifest(tag, &MediaType::OCI_MANIFEST, manifest)
            .await?;
        Ok(())
    }

    async fn pull(&self, repository: &Repository, tag: &Reference) -> Result<()> {
        let manifest = repository.manifest(tag).await?;
        let mut whole = manifest.bytes == self.manifest;
        for blob in &self.blobs {
            let pulled = repository.blob(&Digest::sha256(blob)).await?;
            whole &= pulled.read_all(blob.len()).await? == *blob;
        }
        if whole {
            Ok(())
        } else {
            Err("another image came back".into())
        }
    }
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| {
        format!(
            "{:.3} ms",
            times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3
        )
    };
    say(format_args!(
        "{what:<32} {:>10} {:>10} {:>10}",
        at(0),
        at(50),
        at(99)
    ));
}
