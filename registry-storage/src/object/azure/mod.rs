//! A container of Azure's, whose uploads are given what they lack.
//!
//! Blocks have ids of their own, so no writer replaces another's, and a commit names those that it means. But
//! an upload has no id and no end: a writer that was overtaken could commit its blocks over an object that is
//! there, and one that was given up could go on. So
//!
//! - a commit is conditional: where there is an object already it is refused (`once.rs`),
//! - an upload is an empty blob as well, of the upload's id. Who sends a block looks whether it is there:
//!   one small request for each part (`uploads.rs`),
//! - giving up writes an empty object and removes it, which throws the blocks away.
//!
//! Leases were the alternative: a blob must be there to be leased, so readers would see an empty object.

mod once;
mod uploads;

use std::sync::Arc;

use object_store::{
    azure::{AzureAccessKey, AzureConfigKey, MicrosoftAzureBuilder},
    path::Path,
};
use registry_core::{Random, backend::StoreError};

use self::{once::Once, uploads::Uploads};
use super::{ObjectBlobs, ObjectSettings, error::unavailable};

impl ObjectBlobs {
    /// The blobs of a container of Azure's. [`new`](Self::new) over a client of one keeps objects of one
    /// part alone; this keeps large ones as well, for which it puts itself between the client and HTTP.
    ///
    /// # Errors
    /// Where the client cannot be built, or the prefix is no path, or a storage class is set: what Azure calls
    /// tiers cannot be given to an upload of parts.
    pub fn azure(
        builder: MicrosoftAzureBuilder,
        settings: ObjectSettings,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        if settings.storage_class.is_some() {
            return Err(unavailable("Azure takes no storage class here"));
        }
        let cannot = |error: object_store::Error| unavailable(error.to_string());
        let key = builder.get_config_value(&AzureConfigKey::AccessKey);
        let key = key.map(|key| AzureAccessKey::try_new(&key));
        let account = builder.get_config_value(&AzureConfigKey::AccountName);
        let once = Once {
            account: account.unwrap_or_default(),
            key: key
                .transpose()
                .map_err(|error| unavailable(error.to_string()))?,
        };
        let client = builder.with_http_connector(once).build().map_err(cannot)?;
        let client = Arc::new(client);
        let uploads = Uploads {
            client: Arc::clone(&client),
            random: Arc::clone(&random),
            // One that is no path is refused below.
            prefix: Path::parse(&settings.prefix).unwrap_or_default(),
        };
        Self::new(client, Arc::new(uploads), settings, random)
    }
}
