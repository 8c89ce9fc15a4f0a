//! What large blobs cost in the store that keeps them in a directory: processor time per GB of a push,
//! with the hash and without, and of a pull from the page cache, copied out once as a socket would.
//!
//! `disk [DIRECTORY]`; the directory should be on the disk that is asked about.

use std::{env, fs, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt;
use registry_benches::{Stopwatch, say};
use registry_core::{
    Algorithms, Digest,
    backend::{BlobStore, ObjectKey, StoreError},
};
use registry_storage::{Durability, SystemRandom, disk::DiskBlobs};

/// The size of the blob.
const SIZE: usize = 256 << 20;

/// How often a push is done; the mean is told.
const PUSHES: usize = 4;

/// How often a pull is done.
const PULLS: usize = 32;

/// The size of a small object, and how often it is pulled.
const SMALL: usize = 64 << 10;
const SMALL_PULLS: usize = 100_000;

/// A push's bytes arrive in pieces of this size, as hyper reads them from a busy connection.
const ARRIVING: usize = 64 << 10;

/// Clock ticks in a second, as `/proc` counts them on every Linux there is.
const TICKS: u64 = 100;

fn main() -> Result<(), StoreError> {
    let parent = env::args_os()
        .nth(1)
        .map_or_else(env::temp_dir, PathBuf::from);
    let directory = parent.join(format!("registry-disk-bench-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread().build();
    let runtime = runtime.expect("a runtime");
    let measured = runtime.block_on(measure(&directory));
    drop(fs::remove_dir_all(&directory));
    measured
}

async fn measure(directory: &std::path::Path) -> Result<(), StoreError> {
    for durability in [Durability::Strict, Durability::Relaxed] {
        let blobs = DiskBlobs::open(directory, durability, Arc::new(SystemRandom))?;
        for hashed in [true, false] {
            let what = format!("push, {durability:?}, hashed: {hashed}");
            let cost = Cost::start();
            for _ in 0..PUSHES {
                let key = push(&blobs, hashed).await?;
                blobs.delete(&key).await?;
            }
            cost.tell(&what, SIZE * PUSHES);
        }
    }
    let blobs = DiskBlobs::open(directory, Durability::Strict, Arc::new(SystemRandom))?;
    let key = push(&blobs, false).await?;
    for readers in [1, 4] {
        let cost = Cost::start();
        for _ in 0..PULLS / readers {
            let pulls: Vec<_> = (0..readers)
                .map(|_| {
                    let (blobs, key) = (blobs.clone(), key.clone());
                    tokio::spawn(async move { pull(&blobs, &key, SIZE).await })
                })
                .collect();
            for pulled in pulls {
                pulled.await.expect("a pull")?;
            }
        }
        cost.tell(&format!("pull, {readers} at once"), SIZE * PULLS);
    }
    let mut write = blobs.begin().await?;
    write.append(Bytes::from(vec![7; SMALL])).await?;
    let key = write.commit(&Digest::sha256(b"another name")).await?;
    let cost = Cost::start();
    for _ in 0..SMALL_PULLS {
        pull(&blobs, &key, SMALL).await?;
    }
    cost.tell("pull, 64 KiB", SMALL * SMALL_PULLS);
    Ok(())
}

async fn push(blobs: &DiskBlobs, hashed: bool) -> Result<ObjectKey, StoreError> {
    let piece = Bytes::from(vec![7; ARRIVING]);
    let algorithm = Algorithms::default().get("sha256").expect("sha256").clone();
    let mut hasher = algorithm.hasher();
    let mut write = blobs.begin().await?;
    for _ in 0..SIZE / ARRIVING {
        if hashed {
            hasher.update(&piece);
        }
        // As a connection would bring it: a buffer that was written to just now.
        write.append(Bytes::copy_from_slice(&piece)).await?;
    }
    write.commit(&Digest::sha256(b"for the name")).await
}

async fn pull(blobs: &DiskBlobs, key: &ObjectKey, size: usize) -> Result<(), StoreError> {
    let mut out = vec![0; ARRIVING];
    let mut read = blobs.read(key, None).await?;
    let mut length = 0;
    while let Some(bytes) = read.bytes.next().await {
        let bytes = bytes?;
        length += bytes.len();
        for piece in bytes.chunks(ARRIVING) {
            out[..piece.len()].copy_from_slice(piece);
            std::hint::black_box(&out);
        }
    }
    assert_eq!(length, size, "bytes of a pull");
    Ok(())
}

/// Time since it was started.
struct Cost {
    wall: Stopwatch,
    processor: Duration,
}

impl Cost {
    fn start() -> Self {
        Self {
            wall: Stopwatch::start(),
            processor: processor_time(),
        }
    }

    fn tell(&self, what: &str, bytes: usize) {
        let bytes = bytes as f64;
        let processor = (processor_time() - self.processor).as_secs_f64() * 1e3;
        let rate = bytes / 1e6 / self.wall.elapsed().as_secs_f64();
        let per_gb = processor / (bytes / 1e9);
        say(format_args!(
            "{what:40} {per_gb:6.0} CPU ms per GB {rate:6.0} MB/s"
        ));
    }
}

/// The processor time of this process: user and system.
fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("/proc/self/stat");
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let times = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / TICKS)
}
