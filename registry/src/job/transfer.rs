//! `registry import` and `registry export`: images from and to elsewhere.

use std::{fmt, num::NonZeroU8, pin::pin, sync::Arc, time::Duration};

use registry_client::Client;
use registry_core::{AllowAll, Caller, RepositoryName, Secret, Trust};
use registry_server::TokioSpawner;
use registry_transfer::{
    ArchiveTarget, DistributionSource, DistributionTarget, Event, LayoutSource, LayoutTarget,
    LocalRegistry, Location, RemoteRegistry, Selection, Source, Summary, Target, Transfer,
};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, interval_at};

use super::{Progress, Report};
use crate::{
    failure::Failure,
    place::{Kept, Place},
};

/// How often it is said how far it is.
const TICK: Duration = Duration::from_millis(200);

/// Images that are to come here.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Import {
    /// Where from, and which.
    pub(crate) moving: Moving,
    /// The repository of images that name none.
    pub(crate) unnamed: Option<RepositoryName>,
    /// Whether the bytes of files that are linked are taken for what their names say.
    pub(crate) trust: bool,
}

/// Images that are to go from here.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Export {
    /// Where to, and which.
    pub(crate) moving: Moving,
}

/// The other place, and what is moved.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Moving {
    /// The other place. A path in it is absolute.
    pub(crate) location: Location,
    /// Which images.
    pub(crate) selection: Selection,
    /// How many blobs and manifests at once.
    pub(crate) jobs: NonZeroU8,
    /// Who signs in there.
    pub(crate) account: Option<Account>,
    /// Whose certificates are believed there.
    pub(crate) certificates: Certificates,
}

/// A PEM text. A key may have got into it, so it is not written to a log either.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Pem(pub(crate) String);

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pem(…)")
    }
}

/// Whose certificates are believed of another registry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Certificates {
    /// Those of authorities that the system trusts.
    Usual,
    /// Those of authorities in a PEM text as well.
    Also(Pem),
    /// Anybody's.
    Any,
}

/// Who signs in at another registry.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    /// The name.
    pub(crate) name: String,
    /// The password.
    pub(crate) password: Password,
}

/// A password on its way to the process that needs it. It is not written to a log.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Password(pub(crate) String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Import {
    pub(super) async fn run(&self, place: &Place, report: &dyn Report) -> Result<(), Failure> {
        let source = self.source(report).await?;
        let trust = match self.trust {
            true => Trust::Digest,
            false => Trust::Nothing,
        };
        let target = Arc::new(here(place, trust).await?);
        self.moving
            .run(source, target, self.moving.jobs, report)
            .await
    }

    async fn source(&self, report: &dyn Report) -> Result<Arc<dyn Source>, Failure> {
        let unnamed = self.unnamed.as_ref();
        Ok(match &self.moving.location {
            Location::Layout(path) => Arc::new(LayoutSource::open(path, unnamed).await?),
            Location::Archive(path) => Arc::new(LayoutSource::open_archive(path, unnamed).await?),
            Location::Distribution(path) => Arc::new(DistributionSource::open(path).await?),
            Location::Registry(address) => Arc::new(self.moving.remote(address, report).await?),
        })
    }
}

impl Export {
    pub(super) async fn run(&self, place: &Place, report: &dyn Report) -> Result<(), Failure> {
        let target = self.target(report).await?;
        let source = Arc::new(here(place, Trust::Nothing).await?);
        let jobs = match self.moving.location {
            // It is written at one place anyhow, and is the same each time where it is written in order.
            Location::Archive(_) => NonZeroU8::MIN,
            _ => self.moving.jobs,
        };
        self.moving.run(source, target, jobs, report).await
    }

    async fn target(&self, report: &dyn Report) -> Result<Arc<dyn Target>, Failure> {
        Ok(match &self.moving.location {
            Location::Layout(path) => Arc::new(LayoutTarget::open(path).await?),
            Location::Archive(path) => Arc::new(ArchiveTarget::open(path).await?),
            Location::Registry(address) => Arc::new(self.moving.remote(address, report).await?),
            Location::Distribution(path) => Arc::new(DistributionTarget::open(path).await?),
        })
    }
}

/// The registry itself. Who runs a command has the files anyhow, so the policy of the server that it runs
/// in is not asked.
async fn here(place: &Place, trust: Trust) -> Result<LocalRegistry, Failure> {
    let parts = place.kept.builder().policy(AllowAll);
    let parts = parts.spawner(TokioSpawner::current());
    let parts = parts.settings(place.registry.settings().clone());
    let registry = LocalRegistry::new(parts.build().await?, Caller::anonymous());
    Ok(match &place.kept {
        Kept::Directory(directory) => registry.files(Arc::new(directory.blobs().clone()), trust),
        Kept::Shared(_) => registry,
    })
}

impl Moving {
    async fn remote(&self, address: &str, report: &dyn Report) -> Result<RemoteRegistry, Failure> {
        let mut client = Client::builder(address);
        client = match &self.certificates {
            Certificates::Usual => client,
            Certificates::Also(pem) => client.root_pem(pem.0.as_bytes()),
            Certificates::Any => {
                report.line(&format!(
                    "warning: --insecure: nobody knows that this is {address}; whoever is in between can \
                     read and change what is moved"
                ));
                client.any_certificate()
            }
        };
        if let Some(Account { name, password }) = &self.account {
            client = client.credentials(name, Secret::new(password.0.clone()));
        }
        let client = client.build();
        let client = client.map_err(|error| Failure::new(error.to_string()))?;
        // A registry may show strangers a part of itself without asking who they are; here it asks.
        if self.account.is_some() {
            let signed_in = client.ping().await;
            signed_in.map_err(|error| Failure::new(error.to_string()))?;
        }
        Ok(RemoteRegistry::new(client))
    }

    async fn run(
        &self,
        source: Arc<dyn Source>,
        target: Arc<dyn Target>,
        jobs: NonZeroU8,
        report: &dyn Report,
    ) -> Result<(), Failure> {
        let transfer = Transfer::of(source, target)
            .selection(self.selection.clone())
            .jobs(jobs.into());
        let tell = |event: Event| match event {
            Event::Present(_) => {}
            event => report.line(&event.to_string()),
        };
        let mut running = pin!(transfer.run(&tell));
        let summary = tokio::select! {
            done = &mut running => done?,
            never = say_how_far(&transfer, report) => match never {},
        };
        lines(&summary).iter().for_each(|line| report.line(line));
        match summary.failed {
            0 => Ok(()),
            failed => Err(Failure::found(format!(
                "not all of it was moved: {failed} failed, as listed above; the rest is there, \
                 and the same command goes on with what is missing"
            ))),
        }
    }
}

async fn say_how_far(transfer: &Transfer, report: &dyn Report) -> std::convert::Infallible {
    let mut ticks = interval_at(Instant::now() + TICK, TICK);
    loop {
        ticks.tick().await;
        report.progress(&progress(&transfer.summary()));
    }
}

fn progress(summary: &Summary) -> Progress {
    let Summary {
        images_copied,
        images_present,
        blobs_copied,
        blobs_linked,
        failed,
        ..
    } = *summary;
    let (blobs, bytes) = (blobs_copied + blobs_linked, size(summary.bytes));
    Progress {
        done: images_copied + images_present + failed,
        of: summary.images_found,
        text: format!("images; {blobs} blobs, {bytes} copied; {failed} failed"),
    }
}

fn lines(summary: &Summary) -> [String; 4] {
    [
        format!(
            "images: {} copied, {} already there",
            summary.images_copied, summary.images_present
        ),
        format!(
            "blobs: {} copied, {} linked, {} already there",
            summary.blobs_copied, summary.blobs_linked, summary.blobs_present
        ),
        format!("bytes copied: {}", summary.bytes),
        format!("failed: {}", summary.failed),
    ]
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut tenths = bytes.saturating_mul(10);
    let mut unit = "B";
    for larger in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = larger;
    }
    match unit {
        "B" => format!("{bytes} B"),
        unit => format!("{}.{} {unit}", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_travels_and_is_not_printed() {
        let account = Account {
            name: "ann".to_owned(),
            password: Password("hunter2".to_owned()),
        };
        assert!(!format!("{account:?}").contains("hunter2"));
        let also = Certificates::Also(Pem("hunter2".to_owned()));
        assert!(!format!("{also:?}").contains("hunter2"));
        let sent = serde_json::to_string(&account).unwrap();
        let arrived: Account = serde_json::from_str(&sent).unwrap();
        assert_eq!(arrived.password.0, "hunter2");
    }

    #[test]
    fn sizes_are_read_by_people() {
        let read = [0, 1023, 1024, 1536, 3 << 20, 5 << 40].map(size);
        assert_eq!(
            read,
            ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "3.0 MiB", "5.0 TiB"]
        );
    }
}
