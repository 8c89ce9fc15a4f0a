//! Marked steps: where a test wants a process to end, and syncs that it wants left out.
//!
//! A test names a step in the environment, and the process ends itself there, as if it were killed:
//! `MARKED_ABORT_AT=rename.after:3` at the third time. With `MARKED_LEAVE_OUT=file-syncs` or
//! `directory-syncs` a store in a directory does without those. All of this is of the feature
//! `abort-points`, which no release has.
//!
//! Steps are calls of a backend, of its files, and commits of its database, each before and after. So
//! none has to be marked where it is written, and none can be forgotten.

use std::{
    env,
    future::Future,
    process,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

#[cfg(feature = "directory")]
use {
    registry_core::backend::{BlobStore, Metadata},
    std::sync::Arc,
};

use crate::wrap::{Around, BackendError, Operation, WrappedBlobs, WrappedMetadata};

#[cfg(not(debug_assertions))]
compile_error!("abort-points are for tests: no release may have them");

/// Metadata whose calls are marked.
pub type MarkedMetadata = WrappedMetadata<Marks>;

/// A store whose calls are marked.
pub type MarkedBlobs = WrappedBlobs<Marks>;

/// Ends the process where a test wants it, around calls of a backend.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks;

/// Steps that are no calls of a backend.
const WITHIN: [&str; 7] = [
    "disk.write",
    "disk.truncate",
    "disk.rename",
    "disk.link",
    "disk.sync_file",
    "disk.sync_directory",
    "database.commit",
];

/// Backends whose calls are marked.
#[cfg(feature = "directory")]
pub(crate) fn around(
    metadata: Arc<dyn Metadata>,
    blobs: Arc<dyn BlobStore>,
) -> (Arc<MarkedMetadata>, Arc<MarkedBlobs>) {
    let marks = Arc::new(Marks);
    (
        Arc::new(MarkedMetadata::new(metadata, Arc::clone(&marks))),
        Arc::new(MarkedBlobs::new(blobs, marks)),
    )
}

/// Every marked step.
#[must_use]
pub fn steps() -> Vec<String> {
    let writes = Operation::ALL
        .iter()
        .filter(|operation| operation.is_write());
    let names = writes.map(|operation| operation.name()).chain(WITHIN);
    names
        .flat_map(|name| [format!("{name}.before"), format!("{name}.after")])
        .collect()
}

impl Around for Marks {
    async fn around<T: Send, E: BackendError>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        before(operation.name());
        let answer = call.await;
        after(operation.name());
        answer
    }
}

/// Does a step between its marks.
#[cfg(any(feature = "disk", feature = "sqlite"))]
pub(crate) fn step<T>(name: &str, step: impl FnOnce() -> T) -> T {
    before(name);
    let done = step();
    after(name);
    done
}

/// Whether a test wants such syncs left out.
#[cfg(feature = "disk")]
pub(crate) fn leaves_out(syncs: &str) -> bool {
    env::var("MARKED_LEAVE_OUT").is_ok_and(|left_out| left_out == syncs)
}

fn before(name: &str) {
    reach(name, "before");
}

fn after(name: &str) {
    reach(name, "after");
}

/// Where the process is to end, and how many times are left.
struct End {
    step: String,
    left: AtomicU64,
}

static END: LazyLock<Option<End>> = LazyLock::new(|| {
    let wanted = env::var("MARKED_ABORT_AT").ok()?;
    let (step, times) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    Some(End {
        step: step.to_owned(),
        left: AtomicU64::new(times.parse().ok()?),
    })
});

fn reach(name: &str, side: &str) {
    let Some(end) = &*END else {
        return;
    };
    let here = end
        .step
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('.'));
    if here == Some(side) && end.left.fetch_sub(1, Ordering::SeqCst) == 1 {
        process::abort();
    }
}
