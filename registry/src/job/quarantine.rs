//! `registry quarantine`: what is kept aside because its bytes are wrong.

use registry_core::Error;
use serde::{Deserialize, Serialize};

use super::Report;
use crate::{failure::Failure, place::Place};

/// A list of what is kept aside.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Quarantine {}

const PAGE: usize = 500;

impl Quarantine {
    pub(super) async fn run(&self, place: &Place, report: &dyn Report) -> Result<(), Failure> {
        let metadata = place.kept.metadata();
        let mut after = None;
        loop {
            let page = metadata.quarantined(after.as_ref(), PAGE).await;
            let page = page.map_err(Error::from)?;
            for aside in &page {
                let healed = if aside.replaced {
                    "healed"
                } else {
                    "not healed"
                };
                let (hours, size) = (aside.age.as_secs() / 3600, aside.size);
                let (digest, object) = (&aside.digest, &aside.object);
                report.line(&format!(
                    "{digest} {size} bytes, {healed}, for {hours} h: {object}"
                ));
            }
            match page.last() {
                Some(last) => after = Some(last.object.clone()),
                None => return Ok(()),
            }
        }
    }
}
