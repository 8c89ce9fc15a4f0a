//! Tags that move forward: each has one writer, who counts, and many readers, who must never see less than anybody
//! has seen before.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use serde_json::Value;

use super::{calm::Calm, work::unanswered};
use crate::clients::{
    client::{Client, Result, wrong},
    content::{Blob, Manifest, sha256},
    http::Request,
    ledger::Ledger,
    moment::Moment,
    random::Random,
};

/// Where the tags are.
const REPOSITORY: &str = "faults/tags";

/// Who waits for nothing else.
const PAUSE: Duration = Duration::from_millis(20);

/// Tags, and the most that anybody knows to be there of each.
#[derive(Debug)]
pub struct Tags {
    least: Vec<AtomicU64>,
    reads: AtomicU64,
}

impl Tags {
    /// So many.
    #[must_use]
    pub fn new(tags: usize) -> Self {
        Self {
            least: (0..tags).map(|_| AtomicU64::new(0)).collect(),
            reads: AtomicU64::new(0),
        }
    }

    /// How often they were moved, and how often read.
    #[must_use]
    pub fn counted(&self) -> (u64, u64) {
        let moves = self.least.iter().map(|least| least.load(Ordering::SeqCst));
        (moves.sum(), self.reads.load(Ordering::SeqCst))
    }

    /// Moves one of them on until everybody stops.
    ///
    /// # Errors
    /// What was wrong. Then everybody stops.
    pub fn write(&self, tag: usize, hosts: &[String], random: Random, calm: &Calm) -> Result<()> {
        let mut client = client(hosts, random);
        let mut version = 0;
        stopping(calm, || {
            version += 1;
            let asked = Moment::now();
            match unanswered(self.advance(tag, version, &mut client))? {
                Some(what) => {
                    calm.excuse(asked, &what)?;
                    calm.settle();
                }
                None => thread::sleep(PAUSE),
            }
            Ok(())
        })
    }

    /// Reads any of them until everybody stops.
    ///
    /// # Errors
    /// What was wrong. Then everybody stops.
    pub fn read(&self, hosts: &[String], mut random: Random, calm: &Calm) -> Result<()> {
        let mut client = client(hosts, random.branch(0));
        stopping(calm, || {
            let tag = random.below(self.least.len() as u64);
            let asked = Moment::now();
            let looked = self.look(usize::try_from(tag).unwrap_or(0), &mut client);
            if let Some(what) = unanswered(looked)? {
                calm.excuse(asked, &what)?;
            }
            thread::sleep(PAUSE);
            Ok(())
        })
    }

    /// Looks once at each.
    ///
    /// # Errors
    /// What was wrong, or not answered.
    pub fn check(&self, host: &str) -> Result<()> {
        let mut client = client(&[host.to_owned()], Random::new(0));
        (0..self.least.len()).try_for_each(|tag| self.look(tag, &mut client))
    }

    fn advance(&self, tag: usize, version: u64, client: &mut Client) -> Result<()> {
        let config = Blob::of(0);
        client.push_blob(&config)?;
        let manifest = Manifest::image(&[config], None, version);
        let path = client.path(&format!("manifests/t{tag}"));
        let mut request = Request::with("PUT", &path, &manifest.bytes);
        request.content_type = Some(manifest.media_type);
        let answer = client.ask(request)?;
        if answer.status != 201 {
            return Err(wrong(format!("{path}: {}", answer.status)));
        }
        self.least[tag].fetch_max(version, Ordering::SeqCst);
        Ok(())
    }

    fn look(&self, tag: usize, client: &mut Client) -> Result<()> {
        let path = client.path(&format!("manifests/t{tag}"));
        let least = self.least[tag].load(Ordering::SeqCst);
        let answer = client.ask(Request::new("GET", &path))?;
        let version = match answer.status {
            200 if answer.header("docker-content-digest") == Some(&sha256(&answer.body)) => {
                version(&answer.body).ok_or_else(|| wrong(format!("{path}: no version")))?
            }
            404 => 0,
            status => return Err(wrong(format!("{path}: {status}, or other bytes"))),
        };
        self.reads.fetch_add(1, Ordering::SeqCst);
        if version < least {
            let words = format!("{path}: it is back at {version}, and was seen at {least}");
            return Err(wrong(words));
        }
        self.least[tag].fetch_max(version, Ordering::SeqCst);
        Ok(())
    }
}

fn client(hosts: &[String], random: Random) -> Client {
    let mut client = Client::new(Ledger::new(REPOSITORY.to_owned()), super::replica::GRACE);
    client.connect(hosts, random);
    client
}

fn version(manifest: &[u8]) -> Option<u64> {
    let manifest: Value = serde_json::from_slice(manifest).ok()?;
    manifest["annotations"]["salt"].as_str()?.parse().ok()
}

fn stopping(calm: &Calm, mut step: impl FnMut() -> Result<()>) -> Result<()> {
    while !calm.is_over() {
        if let Err(wrong) = step() {
            calm.stop();
            return Err(wrong);
        }
    }
    Ok(())
}
