//! The test registry for tests without a runtime.

use std::{
    future::Future,
    ops::Deref,
    path::Path,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use registry_core::{Descriptor, Digest};

use super::{Pushed, TestRegistry};

/// A [`TestRegistry`] whose preloading blocks. Everything else is the same.
#[derive(Debug)]
pub struct BlockingTestRegistry(TestRegistry);

impl BlockingTestRegistry {
    pub(super) fn new(registry: TestRegistry) -> Self {
        Self(registry)
    }

    /// As [`TestRegistry::push_image`].
    pub fn push_image(&self, repository: &str, tag: &str, layers: &[&[u8]]) -> Pushed {
        block_on(self.0.push_image(repository, tag, layers))
    }

    /// As [`TestRegistry::push_index`].
    pub fn push_index(&self, repository: &str, tag: &str, children: &[&Pushed]) -> Pushed {
        block_on(self.0.push_index(repository, tag, children))
    }

    /// As [`TestRegistry::push_artifact`].
    pub fn push_artifact(
        &self,
        repository: &str,
        tag: &str,
        artifact_type: &str,
        content: &[u8],
    ) -> Pushed {
        block_on(
            self.0
                .push_artifact(repository, tag, artifact_type, content),
        )
    }

    /// As [`TestRegistry::push_referrer`].
    pub fn push_referrer(
        &self,
        repository: &str,
        subject: &Descriptor,
        artifact_type: &str,
        content: &[u8],
    ) -> Pushed {
        block_on(
            self.0
                .push_referrer(repository, subject, artifact_type, content),
        )
    }

    /// As [`TestRegistry::push_blob`].
    pub fn push_blob(&self, repository: &str, bytes: &[u8]) -> Digest {
        block_on(self.0.push_blob(repository, bytes))
    }

    /// As [`TestRegistry::load_layout`].
    pub fn load_layout(&self, repository: &str, directory: impl AsRef<Path>) -> Vec<Digest> {
        block_on(self.0.load_layout(repository, directory))
    }
}

impl Deref for BlockingTestRegistry {
    type Target = TestRegistry;

    fn deref(&self) -> &TestRegistry {
        &self.0
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future on this thread. It needs no runtime of its own: what it waits for runs on the
/// server's thread.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
