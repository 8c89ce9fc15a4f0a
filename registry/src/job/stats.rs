//! `registry stats`: how much there is.

use std::fs;

use registry_core::{Error, backend::Totals};
use registry_storage::directory::Directory;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Report;
use crate::{
    failure::Failure,
    place::{Kept, Place},
};

/// A count of what there is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stats {
    /// Whether it is told as one JSON object.
    pub(crate) json: bool,
}

impl Stats {
    pub(super) async fn run(&self, place: &Place, report: &dyn Report) -> Result<(), Failure> {
        let totals = place.kept.metadata().totals().await;
        let mut told = told(&totals.map_err(Error::from)?);
        if let Kept::Directory(directory) = &place.kept {
            let free = directory.blobs().space().map_err(Error::from)?.available;
            told.insert(
                "database_bytes".to_owned(),
                database_bytes(directory).into(),
            );
            told.insert("free_bytes".to_owned(), free.into());
        }
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

fn told(totals: &Totals) -> serde_json::Map<String, Value> {
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
    });
    match told {
        Value::Object(told) => told,
        _ => serde_json::Map::new(),
    }
}

/// The database and its log.
fn database_bytes(directory: &Directory) -> u64 {
    let files = ["metadata.sqlite", "metadata.sqlite-wal"];
    let sizes =
        files.map(|file| fs::metadata(directory.path().join(file)).map_or(0, |found| found.len()));
    sizes.iter().sum()
}
