//! Telling changes.

use std::future::Future;

use super::{Registry, Result};
use crate::change::{ChangeSink, DeliverError};

impl Registry {
    /// Tells up to `limit` changes that wait to be told, in order, and acknowledges those the sink
    /// took. Answers how many it took, and the sink's error where it refused one: that one and all
    /// after it wait. One process at a time should do this; two may tell a change twice.
    ///
    /// # Errors
    /// When the metadata backend does not answer.
    pub async fn deliver_changes(
        &self,
        sink: &dyn ChangeSink,
        limit: usize,
    ) -> Result<(usize, Option<DeliverError>)> {
        let mut told = Vec::new();
        let mut refused = None;
        for change in self.inner.metadata.pending(limit).await? {
            match sink.deliver(&change).await {
                Ok(()) => told.push(change.id),
                Err(error) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        if !told.is_empty() {
            self.inner.metadata.acknowledge(&told).await?;
        }
        Ok((told.len(), refused))
    }

    /// Resolves when this process commits a change after this call. Call it before
    /// [`deliver_changes`](Self::deliver_changes) and await it after, and no change is missed; those of
    /// other processes are found by delivering now and then.
    pub fn changed(&self) -> impl Future<Output = ()> + Send + use<> {
        self.inner.changed.next()
    }
}
