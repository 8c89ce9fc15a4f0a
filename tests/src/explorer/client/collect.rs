//! The collector's steps.

use registry_core::backend::ObjectKey;

use super::Client;
use crate::explorer::connection::Request;

impl Client {
    /// Marks what is dead.
    pub async fn condemn(&self) {
        self.metadata.condemn().await;
    }

    /// Ends the pass.
    pub async fn seal(&self) {
        self.metadata.seal().await;
    }

    /// Removes what stayed dead.
    pub async fn remove(&self) {
        self.metadata.remove().await;
    }

    /// A whole round of the collector, with a removal before and after the grace may be over.
    pub async fn collect(&self) {
        self.condemn().await;
        self.seal().await;
        self.remove().await;
        self.remove().await;
        self.delete_doomed().await;
    }

    /// Deletes from the store what was given up.
    pub async fn delete_doomed(&self) {
        let doomed = self.metadata.doomed().await;
        let keys: Vec<ObjectKey> = doomed.into_iter().map(|doomed| doomed.key).collect();
        for key in &keys {
            self.discard(key.as_str()).await;
        }
        self.metadata.forget_doomed(&keys).await;
    }

    /// Looks for objects of the store that nothing names, and gives up those it knew before.
    pub async fn sweep(&self) {
        let rows = self.metadata.sql.perform(Request::ListObjects).await;
        let keys: Vec<ObjectKey> = rows.iter().filter_map(|(key, _)| key.object()).collect();
        let unknown = self.metadata.unknown(&keys).await;
        if !unknown.is_empty() {
            self.metadata.doom(&unknown).await;
        }
    }
}
