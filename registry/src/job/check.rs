//! `registry check`: everything that is wrong, without changing anything.

use registry_core::{
    Error, Progress, ScrubOptions,
    backend::{BlobContent, BlobStore, Collection, Inspection, KeptContent, ObjectKey, ObjectKind},
};

use registry_storage::directory::{Directory, RebuildFinding};

use super::Report;
use crate::{failure::Failure, place::Place};

/// A look at everything, where no server has it.
#[derive(Debug)]
pub(crate) struct Check {
    /// Whether every file is read.
    pub(crate) deep: bool,
    /// What was wrong with the journal before the directory was opened, which begins it anew.
    pub(crate) journal: Vec<RebuildFinding>,
}

const PAGE: usize = 500;

impl Check {
    pub(crate) async fn run(&self, place: &Place, report: &dyn Report) -> Result<(), Failure> {
        let mut findings = Findings { report, count: 0 };
        for finding in &self.journal {
            findings.tell(&finding.to_string());
        }
        let count = self.look(place, place.directory()?, findings).await?;
        match count {
            0 => {
                report.line("all is well");
                Ok(())
            }
            count => Err(Failure::found(format!("found wrong: {count}, see above"))),
        }
    }

    async fn look(
        &self,
        place: &Place,
        directory: &Directory,
        mut findings: Findings<'_>,
    ) -> Result<u64, Error> {
        for line in directory.metadata().integrity().await? {
            findings.tell(&line);
        }
        files_are_there(directory, &mut findings).await?;
        files_are_known(directory, &mut findings).await?;
        if self.deep {
            everything_reads(place, &mut findings).await?;
        } else {
            references_hold(directory, &mut findings).await?;
        }
        Ok(findings.count)
    }
}

/// What was found, a line each.
struct Findings<'a> {
    report: &'a dyn Report,
    count: u64,
}

impl Findings<'_> {
    fn tell(&mut self, line: &str) {
        self.report.line(line);
        self.count += 1;
    }
}

/// Every file that the database names is there and has the right length.
async fn files_are_there(directory: &Directory, findings: &mut Findings<'_>) -> Result<(), Error> {
    let metadata = directory.metadata();
    let mut after = None;
    loop {
        let page = metadata.contents(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.digest.clone());
        for content in &page {
            if let BlobContent::Object(key) = &content.content {
                file_is_there(directory, content, key, findings).await?;
            }
        }
    }
}

async fn file_is_there(
    directory: &Directory,
    content: &KeptContent,
    key: &ObjectKey,
    findings: &mut Findings<'_>,
) -> Result<(), Error> {
    let (digest, size) = (&content.digest, content.size);
    if content.quarantined {
        findings.tell(&format!(
            "blob {digest} is out of sight until it is pushed again: {key}"
        ));
        return Ok(());
    }
    match directory.blobs().stat(key).await? {
        Some(found) if found == size => {}
        Some(found) => findings.tell(&format!(
            "blob {digest} has {size} bytes, but {key} has {found}"
        )),
        None => findings.tell(&format!("blob {digest} is gone: there is no {key}")),
    }
    Ok(())
}

/// Every file is known to the database. Uploads under way are.
async fn files_are_known(directory: &Directory, findings: &mut Findings<'_>) -> Result<(), Error> {
    for (kind, what) in [
        (ObjectKind::Committed, "file"),
        (ObjectKind::Unfinished, "upload"),
    ] {
        let mut after = None;
        loop {
            let keys = directory.blobs().list(kind, after.as_ref(), PAGE).await?;
            let Some(last) = keys.last() else {
                break;
            };
            after = Some(last.clone());
            for unknown in directory.metadata().unknown(&keys).await? {
                findings.tell(&format!("{what} that nothing names: {}", unknown.key));
            }
        }
    }
    Ok(())
}

/// What manifests require is there.
async fn references_hold(directory: &Directory, findings: &mut Findings<'_>) -> Result<(), Error> {
    let metadata = directory.metadata();
    let mut after = None;
    loop {
        let at = after.as_ref().map(|(name, digest)| (name, digest));
        let page = metadata.manifests(at, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some((last.repository.clone(), last.digest.clone()));
        for manifest in &page {
            let (repository, digest) = (&manifest.repository, &manifest.digest);
            for missing in &manifest.missing {
                findings.tell(&format!("manifest {repository}@{digest} lacks {missing}"));
            }
        }
    }
}

/// All bytes are those of their digests, and what manifests require is there.
async fn everything_reads(place: &Place, findings: &mut Findings<'_>) -> Result<(), Error> {
    let options = ScrubOptions {
        resume: false,
        quarantine: false,
        give_up_absent: false,
        gives_way: false,
    };
    let mut scrubber = place.registry.scrubber(options);
    loop {
        let progress = scrubber.step().await?;
        for finding in scrubber.take_findings() {
            findings.tell(&finding.to_string());
        }
        if progress == Progress::Done {
            return Ok(());
        }
    }
}
