//! `registry stats`: how much there is.

use std::{fs, path::Path};

use registry_core::{
    Error,
    backend::{Inspection, Totals},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Report;
use crate::{failure::Failure, place::Place};

/// A count of what there is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stats {
    /// Whether it is told as one JSON object.
    pub(crate) json: bool,
}

impl Stats {
    pub(super) async fn run(&self, place: &Place, report: &dyn Report) -> Result<(), Failure> {
        let totals = place.directory.metadata().totals().await;
        let totals = totals.map_err(Error::from)?;
        let free = place
            .directory
            .blobs()
            .space()
            .map_err(Error::from)?
            .available;
        let told = told(&totals, database_bytes(place.directory.path()), free);
        match self.json {
            true => report.line(&Value::Object(told).to_string()),
            false => {
                for (name, value) in &told {
                    report.line(&format!("{}: {value}", name.replace('_', " ")));
                }
            }
        }
        Ok(())
    }
}

fn told(totals: &Totals, database_bytes: u64, free_bytes: u64) -> serde_json::Map<String, Value> {
    let told = json!({
        "namespaces": totals.namespaces,
        "repositories": totals.repositories,
        "tags": totals.tags,
        "manifests": totals.manifests,
        "blobs": totals.blobs,
        "logical_bytes": totals.blob_bytes + totals.manifest_bytes,
        "contents": totals.contents,
        "content_bytes": totals.content_bytes,
        "uploads_open": totals.uploads,
        "rows_condemned": totals.condemned,
        "files_to_delete": totals.doomed,
        "quarantined": totals.quarantined,
        "database_bytes": database_bytes,
        "free_bytes": free_bytes,
    });
    match told {
        Value::Object(told) => told,
        _ => serde_json::Map::new(),
    }
}

/// The database and its log.
fn database_bytes(directory: &Path) -> u64 {
    let files = ["metadata.sqlite", "metadata.sqlite-wal"];
    let sizes = files.map(|file| fs::metadata(directory.join(file)).map_or(0, |found| found.len()));
    sizes.iter().sum()
}
